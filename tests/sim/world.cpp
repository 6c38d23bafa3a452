// One simulated run; see the header.
#include "tests/sim/world.hpp"

#include <cstdio>

#include "core/packet/headers.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/sim/fault_plan.hpp"

namespace nlb::sim {

namespace {

constexpr std::uint32_t kAddress = 0xc0000250;  // 192.0.2.80
constexpr std::uint32_t kForeignAddress = 0xc000025a;

}  // namespace

std::string in_seconds(Duration time) {
    char text[32];
    const auto us = time.count() / 1000;
    std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(us / 1'000'000),
                  static_cast<long long>(us % 1'000'000));
    return text;
}

std::string describe(const RuleMasks& masks, const Settings& settings) {
    std::string text;
    for (const RuleId rule : settings.rules()) {
        char one[40];
        std::snprintf(one, sizeof one, "%s%u:%015llx", text.empty() ? "" : " ", rule,
                      static_cast<unsigned long long>(masks[rule]));
        text += one;
    }
    return text;
}

World::World(const Settings& settings, Prng prng, TraceMode trace)
    : settings_(settings),
      prng_(prng),
      trace_(trace),
      foreign_(settings_, Prng{prng_}, kForeignAddress),
      configurations_(settings_, prng_, kAddress),
      authenticator_(
          std::make_unique<const CheapAuthenticator>(configurations_.keys_of(0, KeyRing::right))),
      network_(scheduler_, prng_, settings.timing, settings.machines(),
               [this](HostId to, const WireFrame& frame) { host(to).dataplane.receive(frame); }),
      attacker_(*this),
      invariants_(*this),
      workload_(*this),
      returning_(*this, workload_),
      notes_(kHostsMax + 1) {
    for (HostId id = 1; id <= settings_.machines(); ++id) {
        auto& added = *hosts_.emplace_back(std::make_unique<HostModel>(*this, id));
        const Duration offset{prng_.between(1, 1'000'000'000'000)};
        const std::int64_t speed = prng_.chance(500'000)
                                       ? (prng_.chance(500'000) ? 10'000 : -10'000)
                                       : prng_.between(-10'000, 10'000);
        added.clock = LocalClock{offset, speed};
        for (const RuleId rule : settings_.rules()) {
            const bool single = rule == kDefaultRule || (settings_.single_slots >> rule & 1U) != 0;
            const std::uint64_t weights[] = {1, 10, 30, 70, 100};
            added.offers[rule] =
                static_cast<std::uint8_t>(single ? 33U - id : weights[prng_.below(5)]);
        }
    }
    network_.conditions.slow_max = settings_.timing.period * 95 / 100;
}

void World::run() {
    schedule(planned());
    scheduler_.at(settings_.faults_until, [this] { sample(); });
    if (!settings_.quiet) {
        workload_.go_on();
        returning_.go_on();
    }
    while (!invariants_.failed() && scheduler_.run_one(settings_.end)) {
    }
    for (const auto& host : hosts_) host->control.end_recording();
}

FaultEvents World::planned() {
    return settings_.script.empty() ? plan_faults(settings_, prng_) : settings_.script;
}

void World::schedule(const FaultEvents& events) {
    for (const FaultEvent& event : events) {
        if (event.time == Duration{0} && is_beginning(event.verb))
            perform(*this, event);
        else
            scheduler_.at(event.time, [this, event] { perform(*this, event); });
    }
    scheduler_.at(settings_.faults_until, [this] { repair(); });
}

void World::repair() {
    const Variant last = host(1).file == kVariants - 1 ? Variant{0} : host(1).file;
    for (auto id = static_cast<HostId>(settings_.hosts + 1); id <= settings_.machines(); ++id)
        crash_host(id);
    network_.mend_all();
    network_.conditions.loss = network_.conditions.repeat = network_.conditions.slow = 0;
    network_.conditions.stale = 0;
    for (HostId id = 1; id <= settings_.hosts; ++id) {
        HostModel& repaired = host(id);
        repaired.absent = false;
        repaired.lag = Duration{0};
        if (repaired.starved_since != Duration{}) starve(id, false);
        repaired.clock.slew(scheduler_.now(), 0);
        repaired.clock.sleep(scheduler_.now(), false);
        network_.set_tag(id, 0);
        network_.set_filter(id, false);
        network_.set_delay(id, Duration{0});
        if (repaired.ring != KeyRing::right) crash_host(id);
        repaired.ring = KeyRing::right;
        repaired.wanted = true;
        repaired.draining = false;
        repaired.dataplane.set_link(true);
        repaired.dataplane.set_deaf(repaired.deaf_for_good);
        repaired.dataplane.resume();
        repaired.control.set_lateness(Duration{0});
        repaired.control.disarm();
        repaired.control.resume();
        boot_host(id);
        read_file(id, last);
        repaired.control.command(HostAsked{controlplane::HostCommand::start});
        // a process that was off was never told
        for (const RuleId port : settings_.rules())
            if (port != kDefaultRule)
                repaired.control.command(RuleAsked{port, repaired.states[port]});
    }
    note(1, [] { return "ALL REPAIRED"; });
}

// After the last fault: when is everything owned once, and does it stay so?
void World::sample() {
    invariants_.check_coverage();
    scheduler_.after(settings_.timing.tick, [this] { sample(); });
}

std::vector<SimulatedKey> World::keys_of(HostId id, Variant variant) const {
    return configurations_.keys_of(variant, host(id).ring);
}

std::uint32_t World::draw_boot(HostId) {
    return static_cast<std::uint32_t>(1 + prng_.below(0xffff'fffe));
}

void World::boot_host(HostId id) {
    host(id).dataplane.boot();
    host(id).control.start();
}

void World::crash_host(HostId id) {
    note(id, [] { return "CRASH"; });
    host(id).control.kill();
    host(id).dataplane.die();
    invariants_.on_crash(id);
}

void World::suspend(HostId id, bool on, Clocks clocks) {
    HostModel& machine = host(id);
    note(id, [on] { return on ? "SUSPENDED" : "WAKES"; });
    const bool frozen = clocks == Clocks::stand;
    if (on) {
        machine.control.stop();
        machine.dataplane.stop();
        machine.clock.sleep(scheduler_.now(), true, frozen);
        if (frozen) ++machine.interruptions;
    } else {
        machine.clock.sleep(scheduler_.now(), false, frozen);
        if (frozen) machine.thawed_at = scheduler_.now();
        machine.dataplane.resume();
        machine.control.resume();
    }
}

void World::starve(HostId id, bool on) {
    host(id).starved_since = on ? scheduler_.now() : Duration{};
    host(id).starved_after_interruptions = ++host(id).interruptions;  // its flows are cut
    note(id, [on] { return on ? "hears no client any more" : "hears clients again"; });
}

void World::note_deaf_alone(HostId id) {
    const Membership* membership = host(id).control.membership();
    if (membership == nullptr || membership->is_deaf()) return;
    host(id).deaf_alone = membership->members().size() <= 1;  // a joiner has none
}

void World::read_file(HostId id, Variant variant) {
    host(id).file = variant;
    note(id, [variant] { return "RELOAD " + std::to_string(variant); });
    host(id).control.command(ReloadAsked{});
}

void World::transmit(const WireFrame& frame) {
    digest_.add(frame.body());
    if (frame.is_heartbeat()) {
        attacker_.observe(frame);
        return network_.broadcast(frame);
    }
    network_.pass(frame);
    // A question to the gateway, whose answer is a frame like any other.
    const auto arp = load_header<ArpPacket>(frame.body().data());
    if (IpAddress::v4(arp.target_ip.host()) != gateway()) return;
    scheduler_.after(Duration{prng_.between(100'000, 2'000'000)}, [this, id = frame.sender] {
        DataplaneModel& asked = host(id).dataplane;
        if (asked.receives()) asked.process().note_reception();
    });
}

void World::after_call(HostId id) {
    const Membership& membership = *host(id).control.membership();
    digest_.add(static_cast<std::uint64_t>(scheduler_.now().count()) << 5 | id);
    digest_.add(membership.epoch().counter << 8 | static_cast<std::uint64_t>(membership.state()));
    digest_.add(static_cast<std::uint64_t>(membership.valid_until().time_since_epoch().count()));
    for (const RuleId rule : {RuleId{0}, kDefaultRule}) digest_.add(membership.own()[rule]);
    if (membership.state() != MembershipState::member) ++host(id).interruptions;
    invariants_.after_call(id);
}

void World::fail_owners(const char* invariant, const std::string& what, HostId a, HostId b) {
    const bool flow = std::string_view{invariant} == "I4";
    const bool cut = flow && !settings_.majority && network_.was_ever_exempt();
    if (invariants_.is_exempt(a, b) || cut) return;
    invariants_.fail(invariant,
                     what + "is accepted by hosts " + std::to_string(a) + "," + std::to_string(b));
}

void World::write_note(HostId id, const std::string& text) {
    const std::string line =
        in_seconds(scheduler_.now()) + " host " + std::to_string(id) + ": " + text;
    if (trace_ == TraceMode::print) std::printf("%s\n", line.c_str());
    notes_[id].push_back(line);
    if (notes_[id].size() > kNotesKept) notes_[id].pop_front();
}

}  // namespace nlb::sim
