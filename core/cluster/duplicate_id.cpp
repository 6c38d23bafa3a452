#include "core/cluster/duplicate_id.hpp"

#include <algorithm>

namespace nlb {

void DuplicateId::start() {
    other_.reset();
    yields_ = false;
    knock_until_ = listening_->time();
}

void DuplicateId::note(const FrameHeader& header, const std::vector<PeerReport>* reports) {
    if (header.incarnation.boot == self_->incarnation.boot) return;
    std::uint64_t& highest = sequences_[header.incarnation];
    if (header.sequence <= highest) return;
    highest = header.sequence;
    if (!other_ || other_->incarnation != header.incarnation) {
        other_ = Candidate{};
        other_->incarnation = header.incarnation;
        other_->my_sequence = sent_->sequence();
    }
    other_->sequence = header.sequence;
    other_->last_rx = listening_->time();
    outbox_->speak_soon();
    if (reports == nullptr) return;
    const bool hears_me =
        std::any_of(reports->begin(), reports->end(), [this](const PeerReport& r) {
            return r.id == self_->id && r.heard == self_->incarnation &&
                   r.sequence >= sent_->first();
        });
    if (!hears_me || yields_) return;
    // Of two that begin at once the lower boot goes on.
    const bool it_was_first = may_begin(header.flags, header.state);
    const bool i_was_first = self_->is_member() || listening_->has_listened();
    const bool i_yield = it_was_first != i_was_first
                             ? it_was_first
                             : header.incarnation.boot < self_->incarnation.boot;
    outbox_->push(Report{.kind = Report::Kind::duplicate_id, .host = self_->id, .yields = i_yield});
    if (!i_yield || !self_->is_joiner()) return;
    yields_ = true;
    last_words_left_ = 2;  // the other one shall know
}

bool DuplicateId::outlived_other() {
    if (!other_ || listening_->since(other_->last_rx) <= timing_->bury_after) return false;
    other_.reset();
    if (!yields_) return false;
    yields_ = false;
    knock();
    outbox_->speak_soon();
    return true;
}

}  // namespace nlb
