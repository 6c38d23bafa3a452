// R15, clients that do not arrive: a host whose heartbeats pass may still hear no client, because a
// receive queue is dead or a switch took the cluster's MAC for another port's. Members tell one
// another whether they hear a stream of frames to the cluster's MAC; a host that hears none while
// enough of the others do offers nothing, so its buckets go where clients are heard. It never
// concerns the last host that serves, and it decides nothing about lease, map or membership.
#pragma once

#include <cstdint>

#include "core/base/types.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

class Starvation {
public:
    Starvation(const Self& self, const Timing& timing, const Listening& listening,
               const MapInForce& map, const Peers& peers)
        : self_(self), timing_(timing), listening_(listening), map_(map), peers_(peers) {}

    // Another dataplane counts from zero, and has heard nothing yet.
    void start();
    // By the dataplane's word: a number that grows with frames to the cluster's MAC. Requires:
    // called at least each half period while the dataplane runs.
    void on_client_frames(std::uint64_t count);
    // Once per event. Whether starves() is another than before.
    bool pass();

    // Frames came in all of the last T*P, without a gap of more than one and a half periods; said
    // to the others.
    [[nodiscard]] bool hears_stream() const;
    [[nodiscard]] bool starves() const { return starves_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.count_, self.last_at_, self.began_at_, self.silent_since_, self.heard_,
             self.starves_);
    }

private:
    [[nodiscard]] bool is_fed() const;
    [[nodiscard]] bool should_starve() const;

    Sibling<const Self> self_;
    Sibling<const Timing> timing_;
    Sibling<const Listening> listening_;
    Sibling<const MapInForce> map_;
    Sibling<const Peers> peers_;
    std::uint64_t count_ = 0;
    // In listening time:
    Duration last_at_{};
    Duration began_at_{};      // of the stream that last_at_ belongs to
    Duration silent_since_{};  // as a member: while its link was down it could hear nobody
    bool heard_ = false;
    bool starves_ = false;
};

}  // namespace nlb
