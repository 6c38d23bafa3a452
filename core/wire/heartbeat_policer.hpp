// Which cluster frames a core passes on to the control plane, and how many of them. The control
// plane checks a frame's tag in about a microsecond, and each frame costs two system calls on its
// way there: whoever can send frames into the segment could keep it from hearing its peers.
//
// A sealed frame (core/wire/heartbeat_seal.hpp) of the life that the control plane has verified,
// newer than what it has verified, passes once. The memory of what passed is a window of sequences
// above the verified one, as IPsec keeps it (RFC 4303 3.4.3): a frame that bears a seal by chance,
// one in 2^24, costs one sequence.
// A sealed frame of another life of a host shares a budget with the frames of that life alone. A
// host has kLivesPerHost such budgets at a time: it takes recordings of so many lives, played at
// once, to delay a new one, and they never touch the verified life or another host.
// All other frames share one small budget, so that a host with a wrong key is still named by
// reason. The policer learns nothing from a frame that nobody has verified, and refuses nothing for
// good.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "core/base/types.hpp"
#include "core/wire/heartbeat_seal.hpp"
#include "core/wire/verified_heartbeats.hpp"

namespace nlb {

class HeartbeatPolicer {
public:
    static constexpr Duration kWindow = std::chrono::milliseconds{10};
    // Frames without a seal: this many pass per window.
    static constexpr std::uint32_t kOthersPerWindow = 8;
    // Sealed frames of one life that is not the verified one, or beyond the window of sequences.
    static constexpr std::uint32_t kOfLifePerWindow = 4;
    // Lives of one host that have budgets of their own at a time.
    static constexpr std::size_t kLivesPerHost = 8;
    static constexpr std::uint64_t kSequencesKept = 64;
    // Datagrams for remote control: a look at one costs the control plane a decryption.
    static constexpr std::uint32_t kRemotePerWindow = 4;

    // `body` begins after the Ethernet header. Thread: one.
    [[nodiscard]] bool admits(std::span<const Byte> body, const SealKeys& keys,
                              const VerifiedHeartbeats& verified, Instant now);
    // For what the control plane wants to see but nobody seals (a switch's IGMP queries): a share
    // of the budget for frames without a seal.
    [[nodiscard]] bool admits_other(Instant now) { return others_.spend(now, kOthersPerWindow); }

    // For datagrams of remote control: a budget of their own, so that no flood of them takes what
    // heartbeats and claims of addresses share.
    [[nodiscard]] bool admits_remote(Instant now) { return remote_.spend(now, kRemotePerWindow); }

private:
    struct Budget {
        Instant window_ends = kLongAgo;
        std::uint32_t left = 0;
        [[nodiscard]] bool spend(Instant now, std::uint32_t per_window);
    };
    // Which sequences above the verified one have passed: bit i is of sequence `base` + 1 + i.
    struct Passed {
        Incarnation life;
        std::uint64_t base = 0;
        std::uint64_t bits = 0;
        [[nodiscard]] bool take(const VerifiedFrame& verified, std::uint64_t sequence);
    };
    std::array<Passed, kHostsMax> passed_{};
    // Lives of one host that have sent something in this window, in the order of their first frame.
    struct Lives {
        Instant window_ends = kLongAgo;
        std::uint32_t count = 0;
        std::array<Incarnation, kLivesPerHost> life{};
        std::array<std::uint32_t, kLivesPerHost> left{};
        [[nodiscard]] bool spend(const Incarnation& of, Instant now);
    };
    std::array<Lives, kHostsMax> lives_{};
    Budget others_;
    Budget remote_;
};

}  // namespace nlb
