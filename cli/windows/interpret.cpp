// From names and values to our keys. Each statement is looked up in the parameter table; those that
// are taken come together here, in pairs where Windows keeps one thing in several values.
#include <algorithm>
#include <fmt/format.h>

#include "cli/json.hpp"
#include "cli/windows/imported.hpp"
#include "cli/windows/interpret_addresses.hpp"
#include "cli/windows/interpret_rules.hpp"
#include "cli/windows/parameter_table.hpp"
#include "cli/windows/words.hpp"
#include "config/format.hpp"
#include "core/tables/tables.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::size_t kUnknownNamesMax = 20;

class Interpreter {
public:
    Interpreter(const Reading& reading, Findings& findings)
        : reading_(reading), findings_(findings) {
        for (const Statement& statement : reading.said) know(statement);
        host_.place = reading.place;
    }

    std::optional<ImportedHost> run() {
        if (!take_identity()) return std::nullopt;
        take_mode();
        take_mac();
        take_heartbeat();
        take_icmp();
        take_connections();
        take_ipsec();
        take_host();
        take_addresses();
        take_rules();
        tell_changes();
        tell_notes();
        return std::move(host_);
    }

private:
    void know(const Statement& statement) {
        const Parameter* parameter = find_parameter(statement.name);
        if (parameter != nullptr) {
            known_.emplace(parameter->name, &statement);
        } else if (findings_.notes.size() < kUnknownNamesMax) {
            note(statement.place, fmt::format("{} is no parameter of NLB that is known here: it "
                                              "is left out",
                                              printable(statement.name)));
        }
    }

    // Null also where the value is empty.
    [[nodiscard]] const Statement* said(std::string_view name) const {
        const auto found = known_.find(name);
        return found == known_.end() || found->second->value.empty() ? nullptr : found->second;
    }

    void note(const Place& place, const std::string& sentence) { findings_.note(place, sentence); }

    void mistake(const Statement& at, const std::string& expected) {
        findings_.mistakes.add(at.place, fmt::format("{}: expected {}, got {}", printable(at.name),
                                                     expected, config::in_quotes(at.value)));
    }

    void set(const std::string& key, std::string yaml, const Place& place) {
        host_.cluster_values[key] = {std::move(yaml), place};
    }

    std::optional<bool> flag(std::string_view name) {
        const Statement* at = said(name);
        if (at == nullptr) return std::nullopt;
        const auto value = flag_of(at->value);
        if (!value) mistake(*at, "ENABLED, DISABLED, 1 or 0");
        return value;
    }

    std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least,
                                        std::uint64_t most) {
        const Statement* at = said(name);
        if (at == nullptr) return std::nullopt;
        std::uint64_t value = 0;
        if (!config::read_decimal(at->value, value) || value < least || value > most) {
            mistake(*at, fmt::format("a whole number in {}-{}", least, most));
            return std::nullopt;
        }
        return value;
    }

    bool take_identity() {
        const Statement* at = said("ClusterIPAddress");
        if (at == nullptr || at->value == "0.0.0.0") {
            findings_.mistakes.add(at == nullptr ? reading_.place : at->place,
                                   "expected a ClusterIPAddress, got none: NLB is not configured "
                                   "there");
            return false;
        }
        const Statement* mask = said("ClusterNetworkMask");
        const auto prefix = prefix_of({at->value, mask == nullptr ? "" : mask->value, at->place},
                                      at->name, findings_);
        if (!prefix) return false;
        host_.cluster = prefix->address;
        set("address", config::to_string(*prefix), at->place);
        if (const Statement* name = said("ClusterName")) {
            const std::string usable = usable_name(name->value);
            if (usable != name->value)
                note(name->place, fmt::format("the cluster is called {} here: a name has up to 63 "
                                              "letters, digits, \"-\", \"_\" and \".\"",
                                              usable.empty() ? "TODO" : usable));
            if (!usable.empty()) set("name", usable, name->place);
        }
        return true;
    }

    void take_mode() {
        std::optional<LinkMode> mode;
        const Statement* at = said("ClusterMode");
        if (at != nullptr) {
            mode = link_mode_of(at->value);
            if (!mode) return mistake(*at, "UNICAST, MULTICAST or IGMPMULTICAST");
        } else if (const auto multicast = flag("MulticastSupportEnable")) {
            at = said("MulticastSupportEnable");
            const bool igmp = flag("IGMPSupport").value_or(false);
            if (igmp && !*multicast)
                note(at->place, "IGMPSupport without MulticastSupportEnable does nothing");
            mode = !*multicast ? LinkMode::unicast : igmp ? LinkMode::igmp : LinkMode::multicast;
        }
        if (!mode) return;
        if (*mode == LinkMode::igmp && !host_.cluster.is_v4()) {
            note(at->place, "IGMP needs an IPv4 primary address: the mode is multicast here");
            mode = LinkMode::multicast;
        }
        mode_ = *mode;
        set("mode", config::to_string(*mode), at->place);
    }

    void take_heartbeat() {
        if (const auto period = number("AliveMsgPeriod", 100, 10'000)) {
            const Duration time = std::chrono::milliseconds{*period};
            set("heartbeat.period", config::to_string(time), said("AliveMsgPeriod")->place);
            if (time > config::Heartbeat{}.period)
                note(said("AliveMsgPeriod")->place,
                     fmt::format("the period of {} is kept; with the default of {} a dead host is "
                                 "noticed sooner",
                                 config::to_string(time),
                                 config::to_string(config::Heartbeat{}.period)));
        }
        const auto tolerance = number("AliveMsgTolerance", 1, 100);
        if (!tolerance) return;
        const auto here =
            std::clamp<std::uint64_t>(*tolerance, config::kToleranceMin, config::kToleranceMax);
        const Place& place = said("AliveMsgTolerance")->place;
        if (here != *tolerance)
            note(place,
                 fmt::format("AliveMsgTolerance {} becomes {}: {} to {} are taken", *tolerance,
                             here, config::kToleranceMin, config::kToleranceMax));
        set("heartbeat.tolerance", std::to_string(here), place);
    }

    // Typed by hand where it is not what the address gives; IGMP's group always comes from it.
    void take_mac() {
        if (const auto masked = flag("MaskSourceMAC");
            masked && !*masked && mode_ == LinkMode::unicast)
            set("mask_source_mac", "false", said("MaskSourceMAC")->place);
        const Statement* typed = said("ClusterNetworkAddress");
        const bool derived = flag("IPToMACEnable").value_or(false);
        if (typed == nullptr || derived || mode_ == LinkMode::igmp) return;
        const auto mac = config::parse_mac(typed->value);
        if (mac && mac.value() == cluster_mac(mode_, host_.cluster)) return;
        if (!mac || mac.value().is_group() != (mode_ == LinkMode::multicast))
            note(typed->place,
                 fmt::format("ClusterNetworkAddress {} is no MAC for mode {}: the one "
                             "that comes from the address is taken",
                             printable(typed->value), config::to_string(mode_)));
        else
            set("mac", fmt::format("\"{}\"", config::to_string(mac.value())), typed->place);
    }

    void take_icmp() {
        if (const auto filtered = flag("FilterICMP"))
            set("icmp", *filtered ? "one" : "all", said("FilterICMP")->place);
    }

    void take_connections() {
        auto most = number("MaxConnectionDescriptors", 1, 1'048'576);
        const Statement* at = said("MaxConnectionDescriptors");
        const auto each = number("DescriptorsPerAlloc", 1, 1024);
        const auto allocations = number("MaxDescriptorAllocs", 1, 1024);
        if (!most && each && allocations) {
            most = *each * *allocations;
            at = said("MaxDescriptorAllocs");
        }
        if (most && *most > config::Connections{}.max)
            set("connections.max", std::to_string(*most), at->place);
        take_seconds("TCPConnectionTimeout", "connections.closing", config::Connections{}.closing);
    }

    // Written only where it differs from what is the rule here.
    void take_seconds(std::string_view name, const std::string& key, Duration usual) {
        const auto most = std::chrono::duration_cast<std::chrono::seconds>(config::kFlowTimeMax);
        const auto seconds = number(name, 0, UINT32_MAX);
        if (!seconds) return;
        const auto here =
            std::clamp<std::int64_t>(static_cast<std::int64_t>(*seconds), 1, most.count());
        const Duration time = std::chrono::seconds{here};
        if (here != static_cast<std::int64_t>(*seconds))
            note(said(name)->place, fmt::format("{} becomes {}", name, config::to_string(time)));
        if (time != usual) set(key, config::to_string(time), said(name)->place);
    }

    void take_ipsec() {
        take_seconds("IPSecConnectionTimeout", "ipsec.idle", config::Ipsec{}.idle);
        if (const auto drop = flag("DropStateIfNotBucketOwner"))
            set("ipsec.drop_state_if_not_bucket_owner", *drop ? "true" : "false",
                said("DropStateIfNotBucketOwner")->place);
    }

    void take_host() {
        if (const Statement* at = said("HostName")) {
            const std::string usable = usable_name(at->value);
            if (!usable.empty()) host_.name = Value{usable, at->place};
        }
        if (const auto id = number("HostPriority", 1, kHostsMax))
            host_.id = Value{std::to_string(*id), said("HostPriority")->place};
        take_initial_state();
    }

    void take_initial_state() {
        std::optional<config::InitialState> state;
        const Statement* at = said("ClusterModeOnStart");
        if (at != nullptr) {
            state = host_state_of(at->value);
            if (!state) return mistake(*at, "STARTED, STOPPED, SUSPENDED, 1 or 0");
        }
        const bool may_suspend = !state || *state == config::InitialState::stopped;
        if (may_suspend && flag("ClusterModeSuspendOnStart").value_or(false)) {
            state = config::InitialState::suspended;
            at = said("ClusterModeSuspendOnStart");
        }
        if (const Statement* kept = persisted()) {
            note(kept->place,
                 "initial_state last keeps every state over a restart; Windows kept "
                 "those that are named");
            state = config::InitialState::last;
            at = kept;
        }
        if (state) host_.initial_state = Value{config::to_string(*state), at->place};
    }

    // What says that states outlive a restart.
    const Statement* persisted() {
        if (flag("PersistSuspendOnReboot").value_or(false)) return said("PersistSuspendOnReboot");
        const Statement* states = said("PersistedStates");
        if (states == nullptr) return nullptr;
        return flag_of(states->value) == false ? nullptr : states;
    }

    void take_addresses() {
        std::vector<AddressStatement> dedicated = reading_.dedicated;
        for (const bool several : {false, true}) {
            const Statement* at = said(several ? "DedicatedIPAddresses" : "DedicatedIPAddress");
            const Statement* masks =
                said(several ? "DedicatedNetworkMasks" : "DedicatedNetworkMask");
            if (at == nullptr) continue;
            const auto mask_words =
                words_in(masks == nullptr ? std::string_view{} : std::string_view(masks->value));
            std::size_t i = 0;
            for (const std::string_view word : words_in(at->value)) {
                dedicated.push_back({std::string(word),
                                     std::string(i < mask_words.size() ? mask_words[i] : ""),
                                     at->place});
                ++i;
            }
        }
        add_prefixes(dedicated, "dedicated address", host_.addresses, findings_);
        add_prefixes(reading_.virtual_addresses, "virtual address", host_.virtual_addresses,
                     findings_);
        std::erase_if(host_.virtual_addresses, [this](const config::Prefix& one) {
            return one.address == host_.cluster || holds(host_.addresses, one.address);
        });
    }

    void take_rules() {
        host_.rules_said = reading_.rules_said;
        host_.rules = interpret_rules(reading_, findings_);
        if (reading_.rules_unreadable)
            note(*reading_.rules_unreadable,
                 "these port rules are binary, in a layout that is not public: give the output of "
                 "`nlb params` or `wlbs display` of this host too");
        if (host_.rules.size() > kRulesMax)
            findings_.mistakes.add(host_.rules[kRulesMax].place,
                                   fmt::format("expected at most {} port rules, got {}", kRulesMax,
                                               host_.rules.size()));
        for (const ImportedRule& rule : host_.rules) {
            if (!rule.cover.vip || *rule.cover.vip == host_.cluster) continue;
            const std::uint8_t whole = rule.cover.vip->is_v4() ? 32 : 128;
            if (!holds(host_.virtual_addresses, *rule.cover.vip))
                host_.virtual_addresses.push_back({*rule.cover.vip, whole});
        }
    }

    // What became of a parameter that is taken.
    [[nodiscard]] std::string outcome_of(const Parameter& parameter) const {
        const std::string key(parameter.becomes);
        const auto value = host_.cluster_values.find(key);
        if (value != host_.cluster_values.end())
            return fmt::format("{}: {}", key, value->second.yaml);
        if (key == "hosts[].id" && host_.id) return key + ": " + host_.id->yaml;
        if (key == "hosts[].name" && host_.name) return key + ": " + host_.name->yaml;
        if (key == "hosts[].initial_state" && host_.initial_state)
            return key + ": " + host_.initial_state->yaml;
        if (key == "connections.max")
            return fmt::format("{}: the default, {}, is more", key, config::Connections{}.max);
        return key.rfind("hosts[].addresses", 0) == 0 ? key : key + ": as the default";
    }

    void tell_changes() {
        for (const Statement& statement : reading_.said) {
            const Parameter* parameter = find_parameter(statement.name);
            if (parameter == nullptr || parameter->fate == Fate::silent || statement.value.empty())
                continue;
            const std::string here =
                parameter->fate == Fate::taken
                    ? outcome_of(*parameter)
                    : fmt::format("{}: {}",
                                  parameter->fate == Fate::answered ? "not needed" : "refused",
                                  parameter->becomes);
            // A password is nobody's to read in a table.
            const bool secret = parameter->name == "RemoteControlCode";
            findings_.changes.push_back({printable(statement.name),
                                         secret ? "(a password)" : printable(statement.value), here,
                                         statement.place});
        }
    }

    void tell_notes() {
        const auto differs = [this](std::string_view name, bool value) {
            return said(name) != nullptr && flag_of(said(name)->value) == value;
        };
        if (differs("MaskSourceMAC", false))
            note(said("MaskSourceMAC")->place,
                 "MaskSourceMAC 0 is for hubs: on a switch it ends the flooding that the cluster "
                 "lives on");
        if (differs("RemoteControlEnabled", true))
            note(said("RemoteControlEnabled")->place,
                 "remote control stays off; it needs a key here, not a password");
        if (differs("BDATeaming", true))
            note(said("BDATeaming")->place,
                 "the cluster is in a team (bidirectional affinity): that is not taken over");
        if (differs("ScaleSingleClient", true))
            note(said("ScaleSingleClient")->place,
                 "ScaleSingleClient: give the rules affinity none, where one client is to be "
                 "spread");
    }

    const Reading& reading_;
    Findings& findings_;
    std::map<std::string_view, const Statement*> known_;  // by the table's name
    LinkMode mode_ = LinkMode::unicast;
    ImportedHost host_;
};

}  // namespace

std::optional<ImportedHost> interpret(const Reading& reading, Findings& findings) {
    return Interpreter(reading, findings).run();
}

}  // namespace nlb::cli::windows
