// What the others state while this host takes no part: only what a host needs to foresee what its
// start would move. It believes any frame whose tag is right, decides nothing, and is forgotten
// when the host begins: from then on the membership listens.
#pragma once

#include <map>

#include "core/cluster/peer.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::controlplane {

class Overheard {
public:
    struct Host {
        Instant at;
        bool serves = false;  // a member that may own buckets
        std::uint64_t config_digest = 0;
        std::array<RuleReport, kRuleSlots> rules{};
    };
    void take(Instant now, const Heartbeat& beat) {
        const std::uint8_t flags = beat.header.flags;
        hosts_[beat.header.id] = {
            now, beat.header.state == MemberState::member && !takes_no_bucket(flags),
            beat.config_digest, beat.rules};
    }
    void forget() { hosts_.clear(); }
    [[nodiscard]] const std::map<HostId, Host>& hosts() const { return hosts_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.hosts_);
    }

private:
    std::map<HostId, Host> hosts_;  // ids are 1..32: the decoder refuses others
};

}  // namespace nlb::controlplane
