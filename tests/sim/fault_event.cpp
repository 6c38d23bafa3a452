// One function per verb; see the header.
#include "tests/sim/fault_event.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

using Numbers = std::array<std::int64_t, kEventNumbers>;

struct VerbInfo {
    std::string_view name;
    std::size_t numbers;
};
constexpr std::size_t words_in(std::string_view text) {
    if (text.empty()) return 0;
    return 1U + static_cast<std::size_t>(std::count(text.begin(), text.end(), ' '));
}
constexpr auto kVerbs = std::to_array<VerbInfo>({
#define NLB_X(member, numbers, help) {#member, words_in(numbers)},
    NLB_SIM_VERBS(NLB_X)
#undef NLB_X
});

// The messages of some call are cut in two: the rest comes later, or never.
void cut_call(World& world, HostId id, std::uint32_t steps, std::int64_t kind, Duration pause) {
    World* w = &world;
    w->host(id).control.arm(steps, [w, id, kind, pause] {
        HostModel& host = w->host(id);
        if (kind <= 1) host.control.stop();
        if (kind == 1) host.dataplane.stop();
        if (kind == 2) host.control.kill();
        if (kind == 3) w->crash_host(id);
        if (kind == 4) host.dataplane.die();
        w->scheduler().after(pause, [w, id] {
            w->host(id).dataplane.resume();
            w->host(id).control.resume();
            w->boot_host(id);
        });
    });
}

void perform_on_process(World& world, Verb verb, HostId id, const Numbers& n) {
    HostModel& host = world.host(id);
    if (verb == Verb::boot) world.boot_host(id);
    if (verb == Verb::crash) world.crash_host(id);
    if (verb == Verb::stop) host.control.stop();
    if (verb == Verb::resume) host.control.resume();
    if (verb == Verb::stopdp) host.dataplane.stop();
    if (verb == Verb::resumedp) host.dataplane.resume();
    if (verb == Verb::kill) host.control.kill();
    if (verb == Verb::start) host.control.start();
    if (verb == Verb::killdp) host.dataplane.die();
    if (verb == Verb::startdp) host.dataplane.boot();
    if (verb == Verb::cutcall)
        cut_call(world, id, static_cast<std::uint32_t>(n[1]), n[2], Duration{n[3]});
    if (verb == Verb::late) host.control.set_lateness(Duration{n[1]});
    if (verb == Verb::deaf) host.dataplane.set_deaf(n[1] != 0);
    if (verb == Verb::notealone) world.note_deaf_alone(id);
    if (verb == Verb::link) host.dataplane.set_link(n[1] != 0);
    if (verb == Verb::twin || verb == Verb::foreign) {
        host.acts_as = static_cast<HostId>(n[1]);
        host.foreign = verb == Verb::foreign;
        host.offers = world.host(host.acts_as).offers;
    }
    if (verb == Verb::keys) host.ring = static_cast<KeyRing>(n[1]);
    if (verb == Verb::build) host.next_build = n[1] != 0;
    if (verb == Verb::lag) host.lag = Duration{n[1]};
    if (verb == Verb::suspend) world.suspend(id, n[1] != 0, World::Clocks::go_on);
    if (verb == Verb::freeze) world.suspend(id, n[1] != 0, World::Clocks::stand);
    if (verb == Verb::delay) world.network().set_delay(id, Duration{n[1]});
    if (verb == Verb::slew) host.clock.slew(world.scheduler().now(), n[1] - n[2]);
    if (verb == Verb::starve) world.starve(id, n[1] != 0);
    if (verb == Verb::filter) world.network().set_filter(id, n[1] != 0);
    if (verb == Verb::tag) world.network().set_tag(id, static_cast<std::uint16_t>(n[1]));
    if (verb == Verb::absent) host.absent = true;
    if (verb == Verb::deaf_for_good) host.deaf_for_good = true;
}

void perform_for_operator(World& world, Verb verb, HostId id, const Numbers& n) {
    using controlplane::HostCommand;
    HostModel& host = world.host(id);
    const auto port = static_cast<RuleId>(n[1]);
    if (verb == Verb::leave || verb == Verb::rejoin) {
        host.wanted = verb == Verb::rejoin;
        host.draining = false;
        world.note(id, [&] { return host.wanted ? "START" : "STOP"; });
        host.control.command(HostAsked{host.wanted ? HostCommand::start : HostCommand::stop});
    } else if (verb == Verb::drain) {
        host.draining = n[1] != 0;
        world.note(id, [&] { return host.draining ? "DRAINSTOP" : "START"; });
        host.control.command(
            HostAsked{host.draining ? HostCommand::drainstop : HostCommand::start});
    } else if (verb == Verb::weight) {
        if ((world.settings().single_slots >> port & 1U) != 0) return;
        host.offers[port] = static_cast<std::uint8_t>(n[2]);
        world.note(id, [&] { return "WEIGHT " + std::to_string(n[2]); });
        host.control.command(ReloadAsked{});
    } else if (verb == Verb::rule) {
        host.states[port] = static_cast<RuleState>(n[2]);
        world.note(id, [&] { return "RULE STATE " + std::to_string(n[2]); });
        host.control.command(RuleAsked{port, host.states[port]});
    } else if (verb == Verb::health) {
        host.servers[port] = static_cast<Server>(n[2]);
        world.note(id, [&] {
            return "SERVER OF PORT " + std::to_string(port) + " IS " + std::to_string(n[2]);
        });
    } else if (verb == Verb::file) {
        world.read_file(id, static_cast<Variant>(n[1]));
    }
}

void perform_on_wire(World& world, Verb verb, const Numbers& n) {
    const auto from = static_cast<HostId>(n[0]);
    const auto to = static_cast<HostId>(n[1]);
    Conditions& conditions = world.network().conditions;
    const auto chance = [&n](std::size_t i) { return static_cast<std::uint64_t>(n[i]); };
    if (verb == Verb::record) world.attacker().record();
    if (verb == Verb::loss) conditions.loss = chance(0);
    if (verb == Verb::replay)
        world.attacker().replay(static_cast<std::uint32_t>(n[0]), Duration{n[1]});
    if (verb == Verb::strange)
        world.attacker().strange(static_cast<std::uint32_t>(n[0]), Duration{n[1]});
    if (verb == Verb::rerun)
        world.attacker().rerun(from, static_cast<std::uint32_t>(n[1]), Duration{n[2]}, 0);
    if (verb == Verb::stale) {
        conditions.stale = chance(0);
        conditions.stale_max = Duration{n[1]};
    }
    if (verb == Verb::forge)
        world.attacker().forge(static_cast<std::uint32_t>(n[0]), Duration{n[1]});
    if (verb == Verb::conditions) {
        conditions.loss = chance(0);
        conditions.repeat = chance(1);
        conditions.slow = chance(2);
    } else if (verb == Verb::cut) {
        world.network().cut(from, to);
        world.note(to, [from] { return "does not hear host " + std::to_string(from); });
    } else if (verb == Verb::mend) {
        world.network().mend(from, to);
        world.note(to, [from] { return "could hear host " + std::to_string(from) + " again"; });
    }
}

bool is_on_wire(Verb verb) {
    return verb == Verb::record || verb == Verb::loss || verb == Verb::replay ||
           verb == Verb::forge || verb == Verb::conditions || verb == Verb::cut ||
           verb == Verb::mend || verb == Verb::strange || verb == Verb::rerun ||
           verb == Verb::stale;
}

std::string_view next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

bool read_whole(std::string_view word, std::int64_t& value) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc{} && end == word.data() + word.size() && value >= 0;
}

// "SECONDS", or with up to nine digits behind a point.
std::optional<Duration> read_time(std::string_view word) {
    const auto dot = word.find('.');
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    if (!read_whole(word.substr(0, dot), seconds)) return std::nullopt;
    if (dot != std::string_view::npos) {
        const std::string_view digits = word.substr(dot + 1);
        if (digits.size() > 9 || digits.starts_with('-') || !read_whole(digits, nanoseconds))
            return std::nullopt;
        for (std::size_t i = digits.size(); i < 9; ++i) nanoseconds *= 10;
    }
    return Duration{seconds * 1'000'000'000 + nanoseconds};
}

}  // namespace

bool names_host(Verb verb) {
    return verb == Verb::cut || verb == Verb::mend || verb == Verb::rerun || !is_on_wire(verb);
}

HostSet befalls(const FaultEvent& event) {
    HostSet hosts;
    const Verb verb = event.verb;
    const auto& n = event.numbers;
    if (verb == Verb::loss || (verb == Verb::conditions && (n[0] != 0 || n[2] != 0)))
        return HostSet::first(kHostsMax);
    if (is_on_wire(verb) && verb != Verb::cut && verb != Verb::mend) return hosts;
    if (verb == Verb::boot || verb == Verb::weight || verb == Verb::rule || verb == Verb::file ||
        verb == Verb::health || verb == Verb::lag || verb == Verb::build)
        return hosts;
    hosts.insert(static_cast<HostId>(n[0]));
    if (verb == Verb::cut || verb == Verb::mend) hosts.insert(static_cast<HostId>(n[1]));
    return hosts;
}

void perform(World& world, const FaultEvent& event) {
    const HostSet befallen = befalls(event);
    for (HostId id = 1; id <= world.settings().machines(); ++id)
        if (befallen.contains(id)) world.invariants().on_befallen(id);
    if (is_on_wire(event.verb)) return perform_on_wire(world, event.verb, event.numbers);
    const auto id = static_cast<HostId>(event.numbers[0]);
    NLB_ASSERT(id >= 1 && id <= world.settings().machines());
    perform_on_process(world, event.verb, id, event.numbers);
    perform_for_operator(world, event.verb, id, event.numbers);
}

std::string text_of(const FaultEvent& event) {
    const VerbInfo& info = kVerbs[static_cast<std::size_t>(event.verb)];
    char time[40];
    std::snprintf(time, sizeof time, "%lld.%09lld ",
                  static_cast<long long>(event.time.count() / 1'000'000'000),
                  static_cast<long long>(event.time.count() % 1'000'000'000));
    std::string text = time + std::string(info.name);
    for (std::size_t i = 0; i < info.numbers; ++i) text += " " + std::to_string(event.numbers[i]);
    return text;
}

std::optional<FaultEvent> event_from(std::string_view line) {
    FaultEvent event;
    const auto time = read_time(next_word(line));
    if (!time) return std::nullopt;
    event.time = *time;
    const std::string_view name = next_word(line);
    const auto* const info = std::find_if(kVerbs.begin(), kVerbs.end(),
                                          [&](const VerbInfo& one) { return one.name == name; });
    if (info == kVerbs.end()) return std::nullopt;
    event.verb = static_cast<Verb>(info - kVerbs.begin());
    for (std::size_t i = 0; i < info->numbers; ++i)
        if (!read_whole(next_word(line), event.numbers[i])) return std::nullopt;
    return next_word(line).empty() ? std::optional(event) : std::nullopt;
}

}  // namespace nlb::sim
