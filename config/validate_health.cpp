// A health check against its rule: keys that its kind has no use for, what it lacks, and times that
// do not fit one another.
#include <algorithm>

#include "config/format.hpp"
#include "config/validate.hpp"

namespace nlb::config {
namespace {

bool is_request(CheckKind kind) {
    return kind == CheckKind::http || kind == CheckKind::https;
}
bool connects(CheckKind kind) {
    return kind == CheckKind::tcp || is_request(kind);
}

struct Use {
    std::string_view key;
    bool (*by)(CheckKind);
    std::string_view kinds;
};
constexpr Use kUses[] = {
    {"port", connects, "tcp, http or https"},
    {"address", connects, "tcp, http or https"},
    {"path", is_request, "http or https"},
    {"host", is_request, "http or https"},
    {"status", is_request, "http or https"},
    {"body", is_request, "http or https"},
    {"sni", [](CheckKind kind) { return kind == CheckKind::https; }, "https"},
    {"verify", [](CheckKind kind) { return kind == CheckKind::https; }, "https"},
    {"program", [](CheckKind kind) { return kind == CheckKind::exec; }, "exec"},
    {"unit", [](CheckKind kind) { return kind == CheckKind::unit; }, "unit"},
};

void validate_uses(const Health& health, const std::string& at, Diagnostics& diagnostics) {
    const std::string kind = to_string(health.check);
    for (const Use& use : kUses) {
        const std::string path = at + "." + std::string(use.key);
        if (diagnostics.holds(path) && !diagnostics.broken(path) && !use.by(health.check))
            diagnostics.mistake(path, "expected this key only for a check of " +
                                          std::string(use.kinds) + ", got it for check " + kind);
    }
    if (health.check == CheckKind::exec && !diagnostics.holds(at + ".program"))
        diagnostics.mistake(
            at + ".program",
            "expected a list of a file and its arguments for check exec, got nothing");
    if (health.check == CheckKind::unit && !diagnostics.holds(at + ".unit"))
        diagnostics.mistake(at + ".unit",
                            "expected a systemd unit's name for check unit, got nothing");
}

void validate_port(const PortRule& rule, const std::string& at, Diagnostics& diagnostics) {
    const Health& health = *rule.health;
    if (!connects(health.check) || diagnostics.holds(at + ".port")) return;
    if (rule.ports.first == 0)
        diagnostics.mistake(at + ".port",
                            "expected the port to check, because the rule covers ports " +
                                to_string(rule.ports) + ", got nothing");
    else if (rule.protocols == Protocols::udp)
        diagnostics.mistake(
            at + ".port",
            "expected the port to check, because the rule covers udp alone and check " +
                to_string(health.check) + " connects over tcp, got nothing");
}

void validate_times(const PortRule& rule, const std::string& at, Diagnostics& diagnostics) {
    const Health& health = *rule.health;
    if (health.timeout > health.interval && !diagnostics.broken(at + ".timeout") &&
        !diagnostics.broken(at + ".interval"))
        diagnostics.mistake(at + ".timeout", "expected at most the interval of " +
                                                 to_string(health.interval) +
                                                 ", because a check never overlaps itself, got " +
                                                 in_quotes(to_string(health.timeout)));
    if (rule.mode == RuleMode::single && health.slow_start > Duration::zero())
        diagnostics.mistake(
            at + ".slow_start",
            "expected no slow_start for a rule of mode single, whose host takes all "
            "or nothing, got one");
}

}  // namespace

void validate_health(const PortRule& rule, const std::string& path, Diagnostics& diagnostics) {
    if (!rule.health) return;
    const std::string at = path + ".health";
    if (diagnostics.broken(at + ".check") || diagnostics.broken(path + ".mode")) return;
    if (rule.mode == RuleMode::disabled)
        return diagnostics.mistake(at,
                                   "expected no health check for a rule of mode disabled, got one");
    validate_uses(*rule.health, at, diagnostics);
    if (!diagnostics.broken(path + ".ports") && !diagnostics.broken(path + ".protocol"))
        validate_port(rule, at, diagnostics);
    validate_times(rule, at, diagnostics);
}

}  // namespace nlb::config
