// Up to 32 hosts of the production membership in one process and in virtual time, whose frames
// arrive in an order drawn from a seed. Nothing is lost and nobody is fenced on purpose: it plays
// arrivals, not faults, which are the simulator's business (tests/sim).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/prng.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::model {

// What one call of a host's membership was given and what it answered. `before` is the map it held
// until then.
using Watch = std::function<void(HostId host, const ClusterMap& before, const Actions& actions)>;
// Around all work that a real control plane of this host would do for one event.
using Meter = std::function<void(HostId host, bool begins)>;

struct ClusterShape {
    std::uint8_t hosts = 32;
    std::uint8_t slots = 2;
    std::uint64_t single_slots = 0;
    Duration period = std::chrono::milliseconds{100};
    std::uint64_t seed = 1;
};

class ShuffledCluster {
public:
    ShuffledCluster(const ClusterShape& shape, const Authenticator& authenticator);

    void boot(HostId id);
    // In an order and at times of its own within the listening time, so that one map can have them
    // all.
    void boot_all_within(Duration time);
    void crash(HostId id);
    void leave(HostId id);
    void wish(HostId id, const DesiredRules& desired, bool draining);
    void run(Duration time);

    [[nodiscard]] bool is_up(HostId id) const { return hosts_[id].membership != nullptr; }
    [[nodiscard]] bool is_draining(HostId id) const { return hosts_[id].draining; }
    [[nodiscard]] bool is_leaving(HostId id) const { return hosts_[id].leaving; }
    [[nodiscard]] const Membership& membership(HostId id) const { return *hosts_[id].membership; }
    [[nodiscard]] const DesiredRules& desired(HostId id) const { return hosts_[id].desired; }
    [[nodiscard]] bool all_converged() const;
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] std::uint64_t frames() const { return frames_; }
    [[nodiscard]] Prng& prng() { return prng_; }

    Watch watch = [](HostId, const ClusterMap&, const Actions&) {};
    Meter meter = [](HostId, bool) {};

private:
    using Bytes = std::shared_ptr<const std::vector<Byte>>;
    struct Arriving {
        Instant at;
        Bytes bytes;
    };
    struct Install {
        Instant done_at;
        std::uint64_t token;
    };
    struct Host {
        std::unique_ptr<Membership> membership;
        DesiredRules desired{};
        bool draining = false;
        bool leaving = false;
        std::optional<Instant> boot_at;
        std::vector<Arriving> inbox;
        std::vector<Install> installs;
        Instant pulse_at = kLongAgo;
    };

    [[nodiscard]] MembershipParams params_of(HostId id) const;
    [[nodiscard]] std::vector<HostId> in_random_order();
    void turn(HostId id);
    void receive(HostId id);
    // Runs one event of a host and carries out what it desired for.
    void call(HostId id, const std::function<Actions(Membership&)>& event);

    ClusterShape shape_;
    const Authenticator& authenticator_;
    Prng prng_;
    Instant now_{std::chrono::hours{1}};
    std::vector<Host> hosts_;  // by id
    std::uint32_t boots_ = 0;
    std::uint64_t frames_ = 0;
};

}  // namespace nlb::model
