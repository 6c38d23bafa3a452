// R16: in which versions a host says its heartbeat besides the one that its epoch goes by. Whoever
// is heard and cannot read that one gets the same heartbeat in one that it can: so a newcomer of an
// older build proves its life, and is let in, before anybody else changes anything. A recording
// costs one more frame a period and nothing else. It does not decide what an epoch goes by:
// core/cluster/coordinator.hpp does.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/recent.hpp"
#include "core/base/types.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/sibling.hpp"
#include "core/cluster/timing.hpp"
#include "core/wire/frame_versions.hpp"

namespace nlb {

class HeardVersions {
public:
    HeardVersions(const Timing& timing, const Listening& listening)
        : timing_(timing), listening_(listening) {}

    // What the sender of a verified frame can speak, believed or not. True: nobody of its kind was
    // heard in the last T*P.
    bool note(const FrameVersions& spoken);
    // The newest version of `own` that each of those can read who were heard in the last T*P and
    // cannot read `written`; each once.
    [[nodiscard]] std::vector<std::uint8_t> besides(std::uint8_t written,
                                                    const FrameVersions& own) const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.heard_);
    }

private:
    static constexpr std::size_t kKindsMax = 8;  // of builds on one segment

    Sibling<const Timing> timing_;
    Sibling<const Listening> listening_;
    RecentMap<FrameVersions, Duration, kKindsMax> heard_;  // when, in listening time
};

}  // namespace nlb
