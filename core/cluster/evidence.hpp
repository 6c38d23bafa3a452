// R6, signs that somebody serves although no member of this cluster is heard. Silence is no licence
// to own everything: a host that begins looks for such signs, and waits while it finds one, but
// never longer than its patience, however long a forger sends. It never concerns a member, and it
// decides nothing about lease, map or buckets. (RFC 5227 asks the same of an address.)
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/types.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sibling.hpp"
#include "core/cluster/sign.hpp"

namespace nlb {

class Evidence {
public:
    Evidence(const Self& self, const Timing& timing, const Listening& listening, const Peers& peers)
        : self_(self), timing_(timing), listening_(listening), peers_(peers) {}

    // Of a frame that was not verified. False: it is no sign here. A member's answer for a virtual
    // address is one only to a beginner that has heard nobody in T*P of listening: before that, the
    // members' heartbeats may still be on their way.
    bool note(const Sign& sign);
    // A beginner that hears nobody asks who answers for the virtual addresses: its silence may be a
    // filter's work.
    [[nodiscard]] bool asks_holders() const;
    // This host begins to join: it has its whole patience again.
    void begin();
    // The operator knows that nobody serves: this beginning waits for no sign.
    void waive() { waived_ = true; }
    // Once per event. True: stands_aside() has changed.
    [[nodiscard]] bool pass();

    // Why this host does not begin; nothing: no sign is left, or its patience is over.
    [[nodiscard]] std::optional<Sign> against_beginning() const;
    // The same once this host has listened for so long that it would have begun without the sign:
    // people are told of it. Hosts that start together are signs to one another before.
    [[nodiscard]] std::optional<Sign> delaying() const;
    // The newest sign that is not older than T*P, for people: a member is told of it, too.
    [[nodiscard]] std::optional<Sign> newest() const;
    // This host knows others and hears no member any more, while a sign that is no host's own
    // verified word keeps it from beginning: it will not begin, and says so, because the members
    // hear it and would wait for its acknowledgements (a host that has only the former key).
    [[nodiscard]] bool stands_aside() const { return aside_; }
    // How long this beginning has waited, in listening time.
    [[nodiscard]] Duration waited() const { return waited_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.noted_, self.looked_at_, self.waited_, self.waived_, self.aside_);
    }

private:
    struct Noted {
        Sign sign;
        Duration at{};  // in listening time
    };
    [[nodiscard]] bool is_spent() const;
    [[nodiscard]] bool is_without_members() const;
    [[nodiscard]] bool hears_anybody() const;
    [[nodiscard]] bool is_in_doubt(const Candidate& candidate) const;
    [[nodiscard]] std::optional<Sign> of_a_peer() const;
    [[nodiscard]] std::optional<Sign> noted(Duration age) const;

    Sibling<const Self> self_;
    Sibling<const Timing> timing_;
    Sibling<const Listening> listening_;
    Sibling<const Peers> peers_;
    std::array<std::optional<Noted>, kSignKinds> noted_;  // the newest of each kind
    Duration looked_at_{};
    Duration waited_{};
    bool waived_ = false;
    bool aside_ = false;
};

}  // namespace nlb
