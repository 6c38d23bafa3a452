// The objects of one Membership, wired as Membership wires them, for tests of a single rule: a test
// sets the stage by hand and asks the one object that decides. Host 1 of three; 100 ms x 5.
#pragma once

#include <gtest/gtest.h>
#include <vector>

#include "core/cluster/coordinator.hpp"
#include "core/cluster/duplicate_id.hpp"
#include "core/cluster/evidence.hpp"
#include "core/cluster/grants.hpp"
#include "core/cluster/handover.hpp"
#include "core/cluster/heard_versions.hpp"
#include "core/cluster/lease.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/outbox.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/quorum.hpp"
#include "core/cluster/reload.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sender.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/starvation.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {

struct Parts : ::testing::Test {
    MembershipParams params = SmallCluster::params(1, 3, false);
    Self self{.id = 1, .incarnation = {101, 1}, .desired = SmallCluster::desired(1, 50)};
    Outbox outbox;
    Listening listening{params.timing};
    SentFrames sent;
    MapInForce map;
    Peers peers{self, params.timing, listening, sent, map, outbox};
    DuplicateId duplicate{self, params.timing, listening, sent, outbox};
    Evidence evidence{self, params.timing, listening, peers};
    Starvation starvation{self, params.timing, listening, map, peers};
    HeardVersions heard_versions{params.timing, listening};
    Quorum quorum{params, self, listening, peers, reload};
    Lease lease{params, listening, sent, map, peers, quorum};
    Grants grants{params, self, listening, sent, map, peers};
    Handover handover{params, self, listening, map, peers, quorum, grants, outbox};
    Reload reload{params, self, listening, map, peers, handover};
    Coordinator coordinator{params, self,   listening, map,      peers, duplicate,
                            lease,  quorum, evidence,  handover, reload};
    Sender sender{{params, self, listening, sent, map, peers, duplicate, evidence, lease, grants,
                   handover, reload, starvation, heard_versions},
                  outbox};
    Instant now{ms(1'000'000)};

    Parts() { listening.start(now); }

    // Time passes in ticks, with a dataplane that shows life.
    void pass(Duration time) {
        for (const Instant end = now + time; now < end;) {
            now = std::min(now + ms(10), end);
            listening.on_dataplane_alive(now, kLongAgo);
            static_cast<void>(listening.advance(now));
        }
    }

    static Incarnation life(HostId id) { return {100U + id, 1}; }
    [[nodiscard]] Heartbeat beat_of(HostId id, std::uint64_t sequence,
                                    MemberState state = MemberState::member) const {
        Heartbeat beat;
        beat.header.cluster = params.cluster;
        beat.header.id = id;
        beat.header.state = state;
        beat.header.slots = params.slots;
        beat.header.incarnation = life(id);
        beat.header.sequence = sequence;
        beat.header.epoch = map.epoch();
        beat.view = HostSet{0b111};
        beat.config_digest = params.config_digest;
        return beat;
    }
    // A report in which `beat` acknowledges the newest frame of this host.
    void acknowledge(Heartbeat& beat) const {
        beat.peers.push_back({self.id, 0, self.incarnation, sent.sequence()});
    }
    FrameFault hear(const Heartbeat& beat) {
        const FrameFault fault = peers.believe(beat.header, &beat.peers);
        if (fault != FrameFault::none) return fault;
        static_cast<void>(peers.note_arrival(beat.header.id, beat.header.sequence));
        peers.note_heartbeat(beat, params.config_digest);
        return fault;
    }
    // This host speaks, and each of `ids` answers with an acknowledgement.
    void exchange(std::initializer_list<HostId> ids, std::uint8_t flags = 0) {
        sent.next(now);
        sent.note_heartbeat(now, params.timing.period);
        for (const HostId id : ids) {
            Heartbeat beat = beat_of(id, ++sequence_[id]);
            beat.header.flags = flags;
            acknowledge(beat);
            hear(beat);
        }
    }
    // An epoch of these members that gives all buckets of rule 0 to `owner`; this host is a member
    // of it.
    void become_member(std::initializer_list<HostId> ids, HostId owner = 1,
                       std::uint32_t counter = 1) {
        map.set(map_of(ids, owner, counter), params.slots);
        for (const HostId id : ids)
            if (id != self.id) peers.note_member({id, life(id)});
        self.state = MembershipState::member;
    }
    [[nodiscard]] ClusterMap map_of(std::initializer_list<HostId> ids, HostId owner,
                                    std::uint32_t counter) const {
        ClusterMap next;
        next.epoch = {counter, 1, self.incarnation.boot};
        next.config_digest = params.config_digest;
        for (const HostId id : ids) next.members.push_back({id, life(id)});
        next.targets[0].fill(owner);
        return next;
    }
    template <class Kind>
    [[nodiscard]] std::vector<Kind> asked_for() const {
        std::vector<Kind> found;
        for (const Action& action : outbox.actions())
            if (const auto* const one = std::get_if<Kind>(&action)) found.push_back(*one);
        return found;
    }

private:
    std::map<HostId, std::uint64_t> sequence_;
};

}  // namespace nlb::test
