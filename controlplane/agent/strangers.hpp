// Cluster frames that this host cannot take for its cluster's: what they are a sign of (R6), what
// people are told of them, and how often. It decides nothing about membership.
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "controlplane/agent/address_guard.hpp"
#include "controlplane/agent/events.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "core/cluster/sign.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// Nothing: the frame is another cluster's, garbled, or of a host that is no member.
[[nodiscard]] std::optional<Sign> sign_of_refused(const Envelope& envelope, FrameFault fault,
                                                  std::uint32_t cluster);
// Of a frame that was verified and bears another VLAN's tag.
[[nodiscard]] std::optional<Sign> sign_of_tagged(const Envelope& envelope,
                                                 const FrameHeader& header);
// Of a claim of a virtual address.
[[nodiscard]] Sign sign_of_claim(const VirtualClaim& claim);

// Who sent it, as fields of an event.
[[nodiscard]] Fields fields_of(const Sign& sign, const FrameVersions& versions);

class Strangers {
public:
    // Whether a line should be written: the first of its kind, host, key and MAC, then one a
    // minute.
    [[nodiscard]] bool should_tell(const Sign& sign, Instant now);
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.told_);
    }

private:
    static constexpr std::chrono::minutes kTellEvery{1};
    static constexpr std::size_t kKeptMax = 64;
    std::map<std::tuple<Sign::Kind, HostId, std::uint16_t, MacAddress>, Instant> told_;
};

}  // namespace nlb::controlplane
