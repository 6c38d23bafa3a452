#include "tests/model/shuffled_cluster.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::model {
namespace {

constexpr std::uint32_t kCluster = 0xc0000250;
constexpr Duration kStep = std::chrono::milliseconds{1};
constexpr Duration kGrace = std::chrono::milliseconds{2};

}  // namespace

ShuffledCluster::ShuffledCluster(const ClusterShape& shape, const Authenticator& authenticator)
    : shape_(shape), authenticator_(authenticator), prng_(shape.seed), hosts_(shape.hosts + 1U) {
    for (HostId id = 1; id <= shape.hosts; ++id)
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
            const bool single = slot == kDefaultRule || (shape.single_slots >> slot & 1U) != 0;
            hosts_[id].desired[slot].offer = static_cast<std::uint8_t>(single ? 33 - id : 100);
        }
}

MembershipParams ShuffledCluster::params_of(HostId id) const {
    MembershipParams params;
    params.self = id;
    params.cluster = kCluster;
    params.slots = shape_.slots;
    params.single_slots = shape_.single_slots;
    params.configured = HostSet::first(shape_.hosts);
    params.timing = Timing::from(shape_.period, 5);
    params.config_digest = 42;
    return params;
}

void ShuffledCluster::boot(HostId id) {
    Host& host = hosts_[id];
    host.boot_at.reset();
    host.leaving = false;
    host.inbox.clear();
    host.installs.clear();
    host.membership = std::make_unique<Membership>(params_of(id), host.desired);
    const std::uint32_t boot_number = 1000 + ++boots_;
    call(id, [&](Membership& membership) {
        return membership.on_start(now_, boot_number, std::nullopt);
    });
    if (host.draining) wish(id, host.desired, true);
}

void ShuffledCluster::boot_all_within(Duration time) {
    for (HostId id = 1; id <= shape_.hosts; ++id)
        hosts_[id].boot_at = now_ + Duration{prng_.between(0, time.count())};
}

void ShuffledCluster::crash(HostId id) {
    hosts_[id].membership.reset();
    hosts_[id].inbox.clear();
}

void ShuffledCluster::leave(HostId id) {
    hosts_[id].leaving = true;
    call(id, [&](Membership& membership) { return membership.on_leave(now_); });
}

void ShuffledCluster::wish(HostId id, const DesiredRules& desired, bool draining) {
    hosts_[id].desired = desired;
    hosts_[id].draining = draining;
    if (is_up(id))
        call(id, [&](Membership& membership) {
            return membership.on_desired(now_, desired, draining);
        });
}

bool ShuffledCluster::all_converged() const {
    for (HostId id = 1; id <= shape_.hosts; ++id)
        if (is_up(id) && !membership(id).has_left() && !membership(id).converged()) return false;
    return true;
}

std::vector<HostId> ShuffledCluster::in_random_order() {
    std::vector<HostId> ids;
    for (HostId id = 1; id <= shape_.hosts; ++id)
        ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(prng_.below(id)), id);
    return ids;
}

void ShuffledCluster::run(Duration time) {
    for (const Instant end = now_ + time; now_ < end; now_ += kStep)
        for (const HostId id : in_random_order()) turn(id);
}

void ShuffledCluster::turn(HostId id) {
    Host& host = hosts_[id];
    if (host.boot_at && now_ >= *host.boot_at) boot(id);
    if (!host.membership) return;
    // as the shell does: asked every quarter of a period, answered at once
    if (now_ >= host.pulse_at) {
        host.pulse_at = now_ + shape_.period / 4;
        host.membership->on_dataplane_alive(now_, now_, 0);  // clients are always heard
    }
    receive(id);
    while (!host.installs.empty() && host.installs.front().done_at <= now_) {
        const std::uint64_t token = host.installs.front().token;
        host.installs.erase(host.installs.begin());
        call(id, [&](Membership& membership) { return membership.on_installed(now_, token, {}); });
    }
    if (now_ >= host.membership->next_wake())
        call(id, [&](Membership& membership) { return membership.on_tick(now_); });
}

// What has arrived by now, in an order of chance: late frames overtake earlier ones.
void ShuffledCluster::receive(HostId id) {
    Host& host = hosts_[id];
    const auto arrived = std::partition(host.inbox.begin(), host.inbox.end(),
                                        [&](const Arriving& frame) { return frame.at > now_; });
    std::vector<Arriving> frames(arrived, host.inbox.end());
    host.inbox.erase(arrived, host.inbox.end());
    while (!frames.empty()) {
        const auto chosen =
            frames.begin() + static_cast<std::ptrdiff_t>(prng_.below(frames.size()));
        const Bytes bytes = chosen->bytes;
        frames.erase(chosen);
        call(id, [&](Membership& membership) {
            const DecodedFrame decoded = decode_frame(*bytes, kCluster, authenticator_);
            NLB_ASSERT(decoded.fault == FrameFault::none);
            FrameFault fault;
            return membership.on_frame(now_, decoded.frame, &fault);
        });
    }
}

void ShuffledCluster::call(HostId id, const std::function<Actions(Membership&)>& event) {
    Host& host = hosts_[id];
    const ClusterMap before = host.membership->map();
    meter(id, true);
    const Actions actions = event(*host.membership);
    std::vector<Bytes> sent;
    for (const Action& action : actions) {
        if (const auto* wanted = std::get_if<SendFrame>(&action))
            sent.push_back(std::make_shared<const std::vector<Byte>>(
                encode_frame(wanted->frame, authenticator_)));
        else if (const auto* block = std::get_if<StoreCheckpoint>(&action))
            NLB_ASSERT(!encode_checkpoint(block->checkpoint).empty());
        else if (const auto* install = std::get_if<InstallTables>(&action))
            host.installs.push_back({now_ + kGrace, install->token});
    }
    meter(id, false);
    for (const Bytes& bytes : sent)
        for (HostId other = 1; other <= shape_.hosts; ++other) {
            if (other == id || !is_up(other)) continue;
            ++frames_;
            hosts_[other].inbox.push_back({now_ + kStep * prng_.between(1, 3), bytes});
        }
    watch(id, before, actions);
}

}  // namespace nlb::model
