// R13, of two hosts with one id: the first frames of a boot only ask whether the id is free, and of
// two living ones the one that came later falls silent until the other is gone. It knows no peer
// with another id.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/recent.hpp"
#include "core/base/types.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/outbox.hpp"
#include "core/cluster/peer.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sent_frames.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

class DuplicateId {
public:
    DuplicateId(const Self& self, const Timing& timing, const Listening& listening,
                const SentFrames& sent, Outbox& outbox)
        : self_(self), timing_(timing), listening_(listening), sent_(sent), outbox_(outbox) {}

    void start();
    // A new boot acknowledges nobody before it has knocked, so that a living host of its id can
    // object.
    void knock() { knock_until_ = listening_->time() + timing_->knock_for; }
    // A frame under my id. It is told what was heard of it; only a living host can tell me the
    // same.
    void note(const FrameHeader& header, const std::vector<PeerReport>* reports);
    // True: the other one fell silent, so this host knocks and listens anew.
    [[nodiscard]] bool outlived_other();
    // After a frame of mine.
    void has_spoken() {
        if (last_words_left_ != 0) --last_words_left_;
    }

    [[nodiscard]] bool knocks() const { return listening_->time() < knock_until_; }
    // The other one is alive and was there first; this host says nothing.
    [[nodiscard]] bool yields() const { return yields_; }
    [[nodiscard]] bool is_silenced() const { return yields_ && last_words_left_ == 0; }
    // The other boot that is heard under my id.
    [[nodiscard]] const std::optional<Candidate>& other() const { return other_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.other_, self.yields_, self.last_words_left_, self.knock_until_, self.sequences_);
    }

private:
    static constexpr std::size_t kSequencesMax = 32;

    Sibling<const Self> self_;
    Sibling<const Timing> timing_;
    Sibling<const Listening> listening_;
    Sibling<const SentFrames> sent_;
    Sibling<Outbox> outbox_;
    std::optional<Candidate> other_;
    bool yields_ = false;
    std::uint8_t last_words_left_ = 0;
    Duration knock_until_{};                                          // in listening time
    RecentMap<Incarnation, std::uint64_t, kSequencesMax> sequences_;  // the highest of each boot
};

}  // namespace nlb
