// One simulated run; see the header.
#include "tests/sim/world.hpp"

#include <cstdio>

#include "controlplane/agent/cause_words.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/sim/fault_plan.hpp"

namespace nlb::sim {

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
      authenticator_(prng_.next()),
      network_(scheduler_, prng_, settings.timing, settings.hosts,
               [this](HostId to, const WireFrame& frame) { host(to).dataplane.receive(frame); }),
      attacker_(*this),
      invariants_(*this),
      workload_(*this),
      returning_(*this, workload_),
      notes_(kHostsMax + 1) {
    for (HostId id = 1; id <= settings_.hosts; ++id) {
        auto& added = *hosts_.emplace_back(std::make_unique<HostModel>(*this, id));
        const Duration offset{prng_.between(1, 1'000'000'000'000)};
        const std::int64_t speed = prng_.chance(500'000)
                                       ? (prng_.chance(500'000) ? 10'000 : -10'000)
                                       : prng_.between(-10'000, 10'000);
        added.clock = LocalClock{offset, speed};
        for (const RuleId rule : settings_.rules()) {
            const bool single = rule == kDefaultRule || (settings_.single_slots >> rule & 1U) != 0;
            const std::uint64_t weights[] = {1, 10, 30, 70, 100};
            added.desired[rule].offer =
                static_cast<std::uint8_t>(single ? 33U - id : weights[prng_.below(5)]);
        }
    }
    network_.conditions.slow_max = settings_.timing.period * 95 / 100;
}

void World::run() {
    plan_faults(*this);
    scheduler_.at(settings_.faults_until, [this] { sample(); });
    workload_.go_on();
    returning_.go_on();
    while (!invariants_.failed() && scheduler_.run_one(settings_.end)) {
    }
}

// After the last fault: when is everything owned once, and does it stay so?
void World::sample() {
    invariants_.check_coverage();
    scheduler_.after(settings_.timing.tick, [this] { sample(); });
}

MembershipParams World::params_of(HostId id) const {
    MembershipParams params;
    params.self = id;
    params.cluster = kCluster;
    params.slots = settings_.slots;
    params.single_slots = single_slots_of(host(id).file);
    params.configured = HostSet::first(settings_.hosts);
    params.sticky = settings_.sticky_ms != 0;
    params.majority = settings_.majority;
    params.timing = settings_.timing;
    params.config_digest = digest_of(host(id).file);
    return params;
}

RuleId World::rule_of(RuleId port, Variant variant) const {
    const auto rules = static_cast<RuleId>(settings_.slots - 1U);
    return port == kDefaultRule ? port : static_cast<RuleId>((port + variant) % rules);
}

std::uint64_t World::single_slots_of(Variant variant) const {
    std::uint64_t slots = 0;
    for (const RuleId port : settings_.rules())
        if (port != kDefaultRule && (settings_.single_slots >> port & 1U) != 0)
            slots |= std::uint64_t{1} << rule_of(port, variant);
    return slots;
}

RuleMasks World::by_port(const RuleMasks& by_rule, Variant variant) const {
    RuleMasks masks{};
    for (const RuleId port : settings_.rules()) masks[port] = by_rule[rule_of(port, variant)];
    return masks;
}

RuleMasks World::by_rule(const RuleMasks& by_port, Variant variant) const {
    RuleMasks masks{};
    for (const RuleId port : settings_.rules()) masks[rule_of(port, variant)] = by_port[port];
    return masks;
}

DesiredRules World::desired_rules_of(HostId id, Variant variant) const {
    DesiredRules desired{};
    for (const RuleId port : settings_.rules())
        desired[rule_of(port, variant)] = host(id).desired[port];
    return desired;
}

StagedConfig World::held_by(HostId id) const {
    StagedConfig held;
    const Variant variant = host(id).file;
    held.digest = digest_of(variant);
    held.slots = settings_.slots;
    held.single_slots = single_slots_of(variant);
    held.configured = HostSet::first(settings_.hosts);
    held.sticky = settings_.sticky_ms != 0;
    held.desired = desired_rules_of(id, variant);
    held.previous.fill(kNoPreviousRule);
    const Variant former = variant == 0 ? 1 : 0;
    for (const RuleId port : settings_.rules())
        held.previous[rule_of(port, variant)] = rule_of(port, former);
    return held;
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

void World::note_deaf_alone(HostId id) {
    const Membership* membership = host(id).control.membership();
    if (membership == nullptr || membership->is_deaf()) return;
    host(id).deaf_alone = membership->members().size() <= 1;  // a joiner has none
}

void World::read_file(HostId id, Variant variant) {
    host(id).file = variant;
    note(id, [variant] { return "RELOAD " + std::to_string(variant); });
    host(id).control.post(HoldItem{});
}

void World::transmit(const WireFrame& frame) {
    digest_.add(std::span{*frame.bytes}.subspan(12, kTagBytes));
    attacker_.observe(frame);
    network_.broadcast(frame);
}

void World::after_call(HostId id, const Actions& actions) {
    const Membership& membership = *host(id).control.membership();
    digest_.add(static_cast<std::uint64_t>(scheduler_.now().count()) << 5 | id);
    digest_.add(membership.epoch().counter << 8 | static_cast<std::uint64_t>(membership.state()));
    digest_.add(static_cast<std::uint64_t>(membership.valid_until().time_since_epoch().count()));
    for (const RuleId rule : {RuleId{0}, kDefaultRule}) digest_.add(membership.own()[rule]);
    if (membership.state() != MembershipState::member) ++host(id).interruptions;
    invariants_.after_call(id, actions);
}

void World::fail_owners(const char* invariant, const std::string& what, HostId a, HostId b) {
    const bool exempt = std::string_view{invariant} == "I4" ? network_.was_ever_exempt()
                                                            : invariants_.is_exempt(a, b);
    if (!settings_.majority && exempt) return;
    invariants_.fail(invariant,
                     what + "is accepted by hosts " + std::to_string(a) + "," + std::to_string(b));
}

void World::on_report(HostId id, const Report& report) {
    note(id, [&] {
        const auto& epoch = host(id).control.membership()->epoch();
        return std::string{controlplane::name_of(report.kind)} + " host " +
               std::to_string(report.host) + " (" + controlplane::words_of(report) + "), epoch " +
               std::to_string(epoch.counter) + "/" + std::to_string(epoch.coordinator);
    });
}

void World::write_note(HostId id, const std::string& text) {
    const std::string line =
        in_seconds(scheduler_.now()) + " host " + std::to_string(id) + ": " + text;
    if (trace_ == TraceMode::print) std::printf("%s\n", line.c_str());
    notes_[id].push_back(line);
    if (notes_[id].size() > kNotesKept) notes_[id].pop_front();
}

}  // namespace nlb::sim
