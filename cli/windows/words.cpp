#include "cli/windows/words.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "cli/windows/source_text.hpp"

namespace nlb::cli::windows {
namespace {

// A table's column may cut a word off, but not shorter than this.
constexpr std::size_t kLettersMin = 3;

template <class Choice>
struct Known {
    std::string_view word;  // folded(): accents are left out
    Choice value;
};

template <class Choice, std::size_t kCount>
std::optional<Choice> look_up(std::string_view text, const Known<Choice> (&words)[kCount]) {
    const std::string wanted = folded(text);
    for (const Known<Choice>& known : words)
        if (known.word == wanted) return known.value;
    if (wanted.size() < kLettersMin) return std::nullopt;
    for (const Known<Choice>& known : words)
        if (known.word.substr(0, wanted.size()) == wanted) return known.value;
    return std::nullopt;
}

constexpr Known<bool> kFlags[] = {
    {"enabled", true},   {"disabled", false},    {"yes", true},    {"no", false},
    {"true", true},      {"false", false},       {"1", true},      {"0", false},
    {"aktiviert", true}, {"deaktiviert", false}, {"ja", true},     {"nein", false},
    {"wahr", true},      {"falsch", false},      {"oui", true},    {"non", false},
    {"activ", true},     {"dsactiv", false},     {"active", true}, {"activee", true},
    {"none", false},     {"00000000", false},
};
constexpr Known<LinkMode> kLinkModes[] = {
    {"unicast", LinkMode::unicast},       {"multicast", LinkMode::multicast},
    {"igmpmulticast", LinkMode::igmp},    {"igmp", LinkMode::igmp},
    {"multicastigmp", LinkMode::igmp},    {"multidiffusion", LinkMode::multicast},
    {"monodiffusion", LinkMode::unicast},
};
using config::InitialState;
constexpr Known<InitialState> kStates[] = {
    {"started", InitialState::started},
    {"stopped", InitialState::stopped},
    {"suspended", InitialState::suspended},
    {"1", InitialState::started},
    {"0", InitialState::stopped},
    {"2", InitialState::suspended},
    {"true", InitialState::started},
    {"false", InitialState::stopped},
    {"enabled", InitialState::started},
    {"disabled", InitialState::stopped},
    {"gestartet", InitialState::started},
    {"beendet", InitialState::stopped},
    {"angehalten", InitialState::suspended},
    {"dmarr", InitialState::started},
    {"arrt", InitialState::stopped},
    {"suspendu", InitialState::suspended},
    {"interrompu", InitialState::suspended},
};
using config::Protocols;
constexpr Known<Protocols> kProtocols[] = {
    {"tcp", Protocols::tcp},    {"udp", Protocols::udp},      {"both", Protocols::both},
    {"1", Protocols::tcp},      {"2", Protocols::udp},        {"3", Protocols::both},
    {"beide", Protocols::both}, {"lesdeux", Protocols::both}, {"tcpudp", Protocols::both},
    {"deux", Protocols::both},
};
constexpr Known<RuleMode> kRuleModes[] = {
    {"multiple", RuleMode::multiple},
    {"multiplehost", RuleMode::multiple},
    {"single", RuleMode::single},
    {"singlehost", RuleMode::single},
    {"disabled", RuleMode::disabled},
    {"never", RuleMode::disabled},
    {"1", RuleMode::single},
    {"2", RuleMode::multiple},
    {"3", RuleMode::disabled},
    {"mehrfachhosts", RuleMode::multiple},
    {"mehrere", RuleMode::multiple},
    {"einzelhost", RuleMode::single},
    {"einzeln", RuleMode::single},
    {"einfach", RuleMode::single},
    {"deaktiviert", RuleMode::disabled},
    {"htesmultiples", RuleMode::multiple},
    {"plusieurs", RuleMode::multiple},
    {"hteunique", RuleMode::single},
    {"unique", RuleMode::single},
    {"dsactiv", RuleMode::disabled},
};
constexpr Known<Affinity> kAffinities[] = {
    {"none", Affinity::none},      {"single", Affinity::single},    {"network", Affinity::network},
    {"0", Affinity::none},         {"1", Affinity::single},         {"2", Affinity::network},
    {"classc", Affinity::network}, {"keine", Affinity::none},       {"einfach", Affinity::single},
    {"einzeln", Affinity::single}, {"netzwerk", Affinity::network}, {"klassec", Affinity::network},
    {"aucune", Affinity::none},    {"unique", Affinity::single},    {"simple", Affinity::single},
    {"rseau", Affinity::network},
};
constexpr Known<bool> kEqual[] = {
    {"eql", true}, {"equal", true}, {"gleich", true}, {"gal", true}, {"gale", true},
};

}  // namespace

std::optional<bool> flag_of(std::string_view text) {
    return look_up(text, kFlags);
}

std::optional<LinkMode> link_mode_of(std::string_view text) {
    return look_up(text, kLinkModes);
}

std::optional<InitialState> host_state_of(std::string_view text) {
    return look_up(text, kStates);
}

std::optional<Protocols> protocols_of(std::string_view text) {
    return look_up(text, kProtocols);
}

std::optional<RuleMode> rule_mode_of(std::string_view text) {
    return look_up(text, kRuleModes);
}

std::optional<Affinity> affinity_of(std::string_view text) {
    return look_up(text, kAffinities);
}

bool means_equal(std::string_view text) {
    return look_up(text, kEqual).has_value();
}

bool means_all(std::string_view text) {
    const std::string wanted = folded(text);
    for (const std::string_view word : {"all", "alle", "tous", "toutes", "tout"})
        if (wanted == word) return true;
    return trimmed(text) == "255.255.255.255" || trimmed(text) == "0.0.0.0";
}

}  // namespace nlb::cli::windows
