#include "cli/windows/interpret_rules.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/json.hpp"
#include "cli/windows/parameter_table.hpp"
#include "cli/windows/words.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::uint64_t kTimeoutMinutesMax = 240;

class RuleInterpreter {
public:
    RuleInterpreter(const RuleReading& reading, Findings& findings)
        : reading_(reading), findings_(findings) {
        for (const Statement& statement : reading.said) {
            const Parameter* parameter = find_rule_parameter(statement.name);
            if (parameter != nullptr)
                known_.emplace(parameter->name, &statement);
            else
                findings_.note(statement.place,
                               fmt::format("{} says nothing that is known here of a port rule: it "
                                           "is left out",
                                           printable(statement.name)));
        }
    }

    // Nothing: a mistake was told.
    std::optional<ImportedRule> run() {
        ImportedRule rule;
        rule.place = reading_.place;
        take_vip(rule);
        rule.cover.ports.first = number("StartPort", 0, 65535).value_or(0);
        rule.cover.ports.last = number("EndPort", 0, 65535).value_or(65535);
        if (rule.cover.ports.first > rule.cover.ports.last)
            complain(reading_.place, fmt::format("expected ports from low to high, got {}-{}",
                                                 rule.cover.ports.first, rule.cover.ports.last));
        rule.cover.protocols =
            word("Protocol", &protocols_of, config::Protocols::both, "TCP, UDP or Both");
        mode_ = word("Mode", &rule_mode_of, RuleMode::multiple, "Multiple, Single or Disabled");
        rule.mode = config::to_string(mode_);
        if (mode_ == RuleMode::single)
            rule.priority = number<std::uint8_t>("Priority", 1, kHostsMax);
        if (mode_ == RuleMode::multiple) {
            take_affinity(rule);
            take_weight(rule);
        }
        if (failed_) return std::nullopt;
        return rule;
    }

private:
    [[nodiscard]] const Statement* said(std::string_view name) const {
        const auto found = known_.find(name);
        return found == known_.end() || found->second->value.empty() ? nullptr : found->second;
    }

    void complain(const Place& place, const std::string& sentence) {
        failed_ = true;
        findings_.mistakes.add(place, "port rule: " + sentence);
    }

    void complain(const Statement& at, const std::string& expected) {
        complain(at.place, fmt::format("{}: expected {}, got {}", printable(at.name), expected,
                                       config::in_quotes(at.value)));
    }

    template <class Integer = std::uint16_t>
    std::optional<Integer> number(std::string_view name, std::uint64_t least, std::uint64_t most) {
        const Statement* at = said(name);
        std::uint64_t value = 0;
        if (at == nullptr) return std::nullopt;
        if (config::read_decimal(at->value, value) && value >= least && value <= most)
            return static_cast<Integer>(value);
        complain(*at, fmt::format("a whole number in {}-{}", least, most));
        return std::nullopt;
    }

    template <class Choice>
    Choice word(std::string_view name, std::optional<Choice> (*read)(std::string_view),
                Choice otherwise, const std::string& expected) {
        const Statement* at = said(name);
        if (at == nullptr) return otherwise;
        const auto value = read(at->value);
        if (!value) complain(*at, expected);
        return value.value_or(otherwise);
    }

    void take_vip(ImportedRule& rule) {
        const Statement* at = said("VirtualIPAddress");
        if (at == nullptr || means_all(at->value)) return;
        const auto address = config::parse_ip(at->value);
        if (!address) return complain(*at, "All or an address");
        rule.cover.vip = address.value();
    }

    // Minutes, but of unattend.xml; 0 is none.
    std::optional<Duration> timeout() {
        const auto minutes = number("Timeout", 0, kTimeoutMinutesMax);
        const auto seconds = number("TimeoutSeconds", 0, kTimeoutMinutesMax * 60);
        Duration time = std::chrono::seconds{seconds.value_or(0)};
        if (minutes) time = std::chrono::minutes{*minutes};
        if (time == Duration::zero()) return std::nullopt;
        return std::clamp(time, config::kAffinityTimeoutMin, config::kAffinityTimeoutMax);
    }

    void take_affinity(ImportedRule& rule) {
        const Affinity affinity =
            word("Affinity", &affinity_of, Affinity::single, "None, Single or Network");
        const auto time = timeout();
        rule.affinity = config::to_string(affinity);
        if (time && affinity != Affinity::none)
            rule.affinity =
                fmt::format("{{kind: {}, timeout: {}}}", rule.affinity, config::to_string(*time));
    }

    void take_weight(ImportedRule& rule) {
        const Statement* equal = said("EqualLoad");
        if (equal != nullptr) {
            const auto flag = flag_of(equal->value);
            if (!flag) return complain(*equal, "true or false");
            if (*flag) return;
        }
        const Statement* at = said("LoadWeight");
        if (at == nullptr || means_equal(at->value)) return;
        rule.weight = number<std::uint8_t>("LoadWeight", 0, config::kWeightMax);
    }

    const RuleReading& reading_;
    Findings& findings_;
    std::map<std::string_view, const Statement*> known_;
    RuleMode mode_ = RuleMode::multiple;
    bool failed_ = false;
};

// "192-0-2-81"
std::string dashed(const IpAddress& address) {
    std::string text = config::to_string(address);
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '.' || c == ':'; }, '-');
    return text;
}

}  // namespace

void Findings::note(const Place& place, const std::string& sentence) {
    const std::string whole = to_string(place) + ": " + sentence;
    if (notes.size() < kNotesMax && std::find(notes.begin(), notes.end(), whole) == notes.end())
        notes.push_back(whole);
}

bool operator==(const RuleCover& one, const RuleCover& other) {
    return one.vip == other.vip && one.ports.first == other.ports.first &&
           one.ports.last == other.ports.last && one.protocols == other.protocols;
}

std::string name_of(const RuleCover& cover) {
    const bool all_ports = cover.ports.first == 0 && cover.ports.last == 65535;
    const bool both = cover.protocols == config::Protocols::both;
    std::string name = both ? "port" : config::to_string(cover.protocols);
    if (all_ports)
        name = both ? "any" : name + "-any";
    else
        name += "-" + config::to_string(cover.ports);
    return cover.vip ? name + "-on-" + dashed(*cover.vip) : name;
}

std::vector<ImportedRule> interpret_rules(const Reading& reading, Findings& findings) {
    std::vector<ImportedRule> rules;
    for (const RuleReading& one : reading.rules) {
        auto rule = RuleInterpreter(one, findings).run();
        if (!rule) continue;
        const bool known = std::any_of(rules.begin(), rules.end(), [&](const ImportedRule& other) {
            return other.cover == rule->cover;
        });
        if (!known) rules.push_back(std::move(*rule));
    }
    return rules;
}

}  // namespace nlb::cli::windows
