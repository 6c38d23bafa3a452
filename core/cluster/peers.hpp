// Whom this host knows: who speaks and whether it is the living one (R1, R4), who is dead (R5), and
// who belongs to another lineage (R9). It decides about peers only; what follows for lease, map and
// buckets is decided by the objects that ask it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/mutation.hpp"
#include "core/base/recent.hpp"
#include "core/base/types.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/outbox.hpp"
#include "core/cluster/peer.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/sibling.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb {

class Peers {
public:
    using Table = std::map<HostId, Peer>;
    using Candidates = std::map<HostId, Candidate>;

    Peers(const Self& self, const Timing& timing, const Listening& listening,
          const SentFrames& sent, const MapInForce& map, Outbox& outbox)
        : self_(self),
          timing_(timing),
          listening_(listening),
          sent_(sent),
          map_(map),
          outbox_(outbox) {}

    // R1: whether the frame is the newest word of a living host. `reports`: of a heartbeat, nullptr
    // for other frames. Requires: header.id is another host's.
    [[nodiscard]] FrameFault believe(const FrameHeader& header,
                                     const std::vector<PeerReport>* reports);
    // A frame that is no heartbeat. Requires: believe() said none.
    void note_other_frame(HostId id, std::uint64_t sequence);
    // A heartbeat. Requires: believe() said none. True: after a silence that makes an answer worth
    // while.
    [[nodiscard]] bool note_arrival(HostId id, std::uint64_t sequence);
    // Requires: note_arrival(). `config_digest`: of the configuration that numbers this host's
    // rules. False: it says what its last one said, but for sequences.
    bool note_heartbeat(const Heartbeat& beat, std::uint64_t config_digest);
    // A map names this member.
    void note_member(const MemberEntry& member);
    // R5: buries who was silent for longer than T*P. True: somebody was.
    [[nodiscard]] bool bury_the_silent();
    // This host was deaf: what it heard before acknowledges nobody any more.
    void forget_hearing();
    // A new incarnation of this host: nobody is buried, nobody has acknowledged it.
    void begin_incarnation();
    // What a former control plane of this host wrote down (R10). Requires: the map is in force.
    void resume(const Checkpoint& checkpoint, Instant lease_base);
    // After a reload: what peers said counts by the rules that this host now has.
    void renumber(std::uint64_t config_digest);

    [[nodiscard]] const Table& all() const { return peers_; }
    [[nodiscard]] const Candidates& candidates() const { return candidates_; }
    // By id, the newest life that is not believed and that another one's candidacy keeps out.
    [[nodiscard]] const Candidates& passed_over() const { return passed_over_; }
    [[nodiscard]] const Peer* find(HostId id) const;
    // Requires: the host is known.
    [[nodiscard]] const Peer& at(HostId id) const;
    [[nodiscard]] bool is_buried(HostId id, const Incarnation& incarnation) const {
        return buried_.contains({id, incarnation});
    }
    // Nobody waits for it any more: it said so, or it was buried. One definition for all rules.
    [[nodiscard]] bool is_gone(HostId id, const Peer& peer) const {
        return has_withdrawn(peer.flags) || is_buried(id, peer.incarnation);
    }
    // Whether it is alive now: not a recording, and not late beyond what the protocol bears.
    [[nodiscard]] static bool is_proven(const Peer& peer) {
        return !peer.must_acknowledge_above || mutated(Mutation::unproven_counts);
    }
    [[nodiscard]] bool heard_within(const Peer& peer, Duration silence) const {
        return peer.heard && is_proven(peer) && listening_->since(peer.last_rx) <= silence;
    }
    // Heard within T*P and not gone.
    [[nodiscard]] bool is_live(HostId id) const;
    // Somebody whose silence could be my own deafness.
    [[nodiscard]] bool has_company() const;
    // Members of the map in force, without those whose later life is believed.
    [[nodiscard]] HostSet current_members() const;
    // All members state the epoch in force, and none serves by what an older one granted (R14).
    [[nodiscard]] bool all_state_epoch() const;
    // A member of my epoch whom I have not buried says that it has buried me: I was frozen, and
    // clocks that stood with me do not show it. kNoHost: nobody does.
    [[nodiscard]] HostId buried_by() const;
    // R9. A member of another lineage: we buried one another, or neither counts the other in.
    [[nodiscard]] bool is_of_another_lineage(HostId id, const Peer& peer) const;
    // Of another lineage that goes on when both meet: the one with the lower (lowest id of its
    // view, own id). kNoHost: none.
    [[nodiscard]] HostId lineage_to_yield_to() const;
    // The newest kBuriedMax, oldest first.
    [[nodiscard]] std::vector<MemberEntry> buried() const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.peers_, self.candidates_, self.passed_over_, self.buried_, self.superseded_,
             self.unproven_);
    }

private:
    [[nodiscard]] FrameFault consider_candidate(const FrameHeader& header,
                                                const std::vector<PeerReport>* reports);
    [[nodiscard]] bool may_take_place_of(const Candidate& known, bool hears_me) const;
    [[nodiscard]] bool former_life_is_over(HostId id) const;
    void supersede(HostId id, const Incarnation& older, const Incarnation& newer);
    // False: the same hosts are heard, and said to be alive or dead, as before.
    bool note_reports(Peer& peer, const std::vector<PeerReport>& reports);
    // The highest sequence of mine that the reports say was heard; 0 for none.
    [[nodiscard]] std::uint64_t heard_sequence(const std::vector<PeerReport>* reports) const;
    // The same, by a host that has not buried me.
    [[nodiscard]] std::uint64_t acknowledged_sequence(const std::vector<PeerReport>* reports) const;
    // It left so lately that an acknowledgement of it shows a host that is alive.
    [[nodiscard]] bool is_fresh(std::uint64_t sequence) const;

    static constexpr std::size_t kSupersededMax = 256;
    static constexpr std::size_t kUnprovenMax = 256;

    Sibling<const Self> self_;
    Sibling<const Timing> timing_;
    Sibling<const Listening> listening_;
    Sibling<const SentFrames> sent_;
    Sibling<const MapInForce> map_;
    Sibling<Outbox> outbox_;
    Table peers_;
    Candidates candidates_;
    Candidates passed_over_;
    RecentSet<std::pair<HostId, Incarnation>, kBuriedMax> buried_;
    // Boots that are over; kept over resets.
    RecentSet<std::pair<HostId, std::uint32_t>, kSupersededMax> superseded_;
    // The highest sequence of incarnations that were not believed so far.
    RecentMap<std::pair<HostId, Incarnation>, std::uint64_t, kUnprovenMax> unproven_;
};

}  // namespace nlb
