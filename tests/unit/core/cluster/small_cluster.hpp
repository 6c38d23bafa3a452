// A few hosts in one process with perfect links, for unit tests of the membership. It carries out
// actions in order, encodes and decodes every frame, and installs maps after a fixed time. Faults
// beyond "cut this link" belong in tests/sim.
#pragma once

#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/cluster/membership.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::test {

// A tag that is only good enough to tell keys apart.
class PlainAuthenticator final : public Authenticator {
public:
    explicit PlainAuthenticator(std::uint64_t key = 7) : key_(key) {}
    std::uint16_t sending_key() const override { return static_cast<std::uint16_t>(key_); }
    bool holds(std::uint16_t key_id) const override { return key_id == sending_key(); }
    std::array<Byte, kTagBytes> tag(std::uint16_t, std::span<const Byte> bytes) const override {
        std::uint64_t sum = key_ * 0x9e3779b97f4a7c15ULL;
        for (const Byte byte : bytes) sum = (sum ^ byte) * 0x100000001b3ULL;
        std::array<Byte, kTagBytes> tag{};
        for (std::size_t i = 0; i < 8; ++i) tag[i] = static_cast<Byte>(sum >> (8 * i));
        return tag;
    }

private:
    std::uint64_t key_;
};

constexpr Duration ms(std::int64_t count) {
    return std::chrono::milliseconds{count};
}

struct SmallHost {
    std::unique_ptr<Membership> membership;
    std::optional<DataplaneMemory> memory;  // what the dataplane holds
    RuleMasks installed{};
    InstallTables tables;            // the newest
    std::vector<GiveGrants> grants;  // what the cores were given
    Instant valid_until = kLongAgo;
    std::deque<std::pair<Instant, std::uint64_t>> installs;  // end of the grace period, token
    RuleMasks dirty{};
    std::vector<Report> reports;
    int asked_witnesses = 0;
    bool running = true;  // the control plane's loop
    bool mute = false;    // the dataplane is stopped
    bool deaf = false;    // nothing comes in; `deaf_since` when the last frame did
    Instant deaf_since = kLongAgo;
    std::uint64_t client_frames = 0;  // to the cluster's MAC, as its dataplane counts them
    FrameVersions versions{kFrameVersion, kFrameVersion};
    std::uint64_t unread = 0;  // frames of a version that it does not speak
    std::uint64_t sent = 0;
};

class SmallCluster {
public:
    explicit SmallCluster(std::vector<std::uint8_t> weights, bool majority = false,
                          bool sticky = false) {
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const auto id = static_cast<HostId>(i + 1);
            SmallHost& host = hosts_[id];
            MembershipParams of_host = params(id, weights.size(), majority);
            of_host.sticky = sticky;
            host.membership = std::make_unique<Membership>(of_host, desired(id, weights[i]));
        }
        for (auto& [id, host] : hosts_)
            perform(id, host.membership->on_start(now_, 100U + id, std::nullopt));
    }

    static MembershipParams params(HostId id, std::size_t count, bool majority) {
        MembershipParams params;
        params.self = id;
        params.cluster = 0xc0000250;
        params.slots = 2;
        params.configured = HostSet::first(count);
        params.majority = majority;
        params.timing = Timing::from(ms(100), 5);
        params.config_digest = 42;
        return params;
    }
    static DesiredRules desired(HostId id, std::uint8_t weight) {
        DesiredRules desired{};
        desired[0].offer = weight;
        desired[kDefaultRule].offer = static_cast<std::uint8_t>(33 - id);
        return desired;
    }

    void run(Duration time) {
        for (const Instant end = now_ + time; now_ < end; now_ += ms(1)) {
            for (auto& [id, host] : hosts_) turn(id, host);
            check_one_owner();
        }
    }
    void cut(HostId from, HostId to) { cuts_.insert({from, to}); }
    void mend(HostId from, HostId to) { cuts_.erase({from, to}); }
    // Heartbeats are lost, other frames pass.
    void lose_heartbeats(HostId from, HostId to) { deaf_to_heartbeats_.insert({from, to}); }
    void heal() {
        cuts_.clear();
        deaf_to_heartbeats_.clear();
    }
    void deafen(HostId id) {
        hosts_[id].deaf = true;
        hosts_[id].deaf_since = now_;
    }
    // The host starts anew, after a crash, as a build that can speak these.
    void restart(HostId id, std::uint8_t weight, const FrameVersions& versions) {
        SmallHost& host = hosts_[id];
        MembershipParams of_host = params(id, hosts_.size(), false);
        of_host.versions = host.versions = versions;
        host.membership = std::make_unique<Membership>(of_host, desired(id, weight));
        host.installs.clear();
        host.reports.clear();
        host.running = true;
        perform(id, host.membership->on_start(now_, ++boots_, std::nullopt));
    }
    // The frame reaches one host.
    void deliver(HostId to, const std::vector<Byte>& bytes) {
        SmallHost& host = hosts_[to];
        const DecodedFrame decoded = decode_frame(bytes, 0xc0000250, authenticator_, host.versions);
        if (decoded.fault == FrameFault::version || decoded.fault == FrameFault::other_version) {
            ++host.unread;
            return;
        }
        ASSERT_EQ(decoded.fault, FrameFault::none);
        FrameFault fault;
        perform(to, host.membership->on_frame(now_, decoded.frame, &fault));
    }
    // Everything that this host sends from now on.
    void record(HostId id) { recorded_of_ = id; }
    [[nodiscard]] const std::vector<std::vector<Byte>>& recorded() const { return recorded_; }
    void crash(HostId id) {
        hosts_[id].running = false;
        hosts_[id].valid_until = kLongAgo;
        hosts_[id].installed = {};
    }
    void perform(HostId id, const Actions& actions) {
        for (const Action& action : actions)
            std::visit([&](const auto& wish) { carry_out(id, wish); }, action);
    }

    SmallHost& operator[](HostId id) { return hosts_[id]; }
    Instant now() const { return now_; }
    std::size_t owned(HostId id, RuleId rule = 0) const {
        const SmallHost& host = hosts_.at(id);
        return now_ < host.valid_until
                   ? static_cast<std::size_t>(__builtin_popcountll(host.installed[rule]))
                   : 0;
    }
    bool reported(HostId id, Report::Kind kind) const {
        for (const Report& report : hosts_.at(id).reports)
            if (report.kind == kind) return true;
        return false;
    }

private:
    void turn(HostId id, SmallHost& host) {
        if (!host.running) return;
        while (!host.installs.empty() && host.installs.front().first <= now_) {
            const auto token = host.installs.front().second;
            host.installs.pop_front();
            perform(id, host.membership->on_installed(now_, token, host.dirty));
        }
        if (!host.mute)
            host.membership->on_dataplane_alive(now_, host.deaf ? host.deaf_since : now_,
                                                host.client_frames);
        if (now_ >= host.membership->next_wake()) perform(id, host.membership->on_tick(now_));
    }
    void check_one_owner() {
        for (std::size_t slot : {std::size_t{0}, std::size_t{kDefaultRule}}) {
            BucketMask seen = 0;
            for (const auto& [id, host] : hosts_) {
                const BucketMask mask = now_ < host.valid_until ? host.installed[slot] : 0;
                ASSERT_EQ(seen & mask, 0U) << "two owners at " << now_.time_since_epoch() / ms(1)
                                           << " ms, host " << int{id};
                seen |= mask;
            }
        }
    }
    void carry_out(HostId id, const SendFrame& wish) {
        const auto bytes = encode_frame(wish.frame, authenticator_);
        ++hosts_[id].sent;
        if (id == recorded_of_) recorded_.push_back(bytes);
        for (auto& [other, host] : hosts_) {
            if (other == id || !host.running || host.mute || hosts_[id].mute || host.deaf ||
                cuts_.contains({id, other}))
                continue;
            if (std::holds_alternative<Heartbeat>(wish.frame) &&
                deaf_to_heartbeats_.contains({id, other}))
                continue;
            deliver(other, bytes);
        }
    }
    void carry_out(HostId id, const InstallTables& wish) {
        hosts_[id].installed = wish.own;
        hosts_[id].tables = wish;
        hosts_[id].installs.push_back({now_ + ms(2), wish.token});
    }
    void carry_out(HostId, const UseConfig&) {}
    void carry_out(HostId id, const AskWitnesses&) { ++hosts_[id].asked_witnesses; }
    void carry_out(HostId id, const GiveGrants& wish) { hosts_[id].grants.push_back(wish); }
    void carry_out(HostId id, const SetLease& wish) { hosts_[id].valid_until = wish.valid_until; }
    void carry_out(HostId id, const StoreCheckpoint& wish) {
        const auto decoded = decode_checkpoint(encode_checkpoint(wish.checkpoint));
        ASSERT_TRUE(decoded.has_value());
        hosts_[id].memory = DataplaneMemory{*decoded, kLongAgo, {}, {}};
    }
    void carry_out(HostId id, const Report& wish) { hosts_[id].reports.push_back(wish); }

    PlainAuthenticator authenticator_;
    std::uint32_t boots_ = 1000;
    HostId recorded_of_ = kNoHost;
    std::vector<std::vector<Byte>> recorded_;
    Instant now_{std::chrono::hours{1}};
    std::map<HostId, SmallHost> hosts_;
    std::set<std::pair<HostId, HostId>> cuts_;
    std::set<std::pair<HostId, HostId>> deaf_to_heartbeats_;
};

}  // namespace nlb::test
