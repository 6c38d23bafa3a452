// One address after the other is asked for: one that answers is enough.
#include "dataplane/inside/server_learner.hpp"

#include <algorithm>

namespace nlb::dataplane {

void ServerLearner::use(std::vector<IpAddress> addresses) {
    if (addresses == addresses_) return;
    addresses_ = std::move(addresses);
    next_ = addresses_.empty() ? 0 : addresses_.size() - 1;  // the first one is asked for next
}

std::optional<std::vector<Byte>> ServerLearner::question(Instant now) {
    if (now < due_ || addresses_.empty()) return std::nullopt;
    due_ = now + (mac_ ? kAskKnownEvery : kAskUnknownEvery);
    // Not every server answers for every address: one that answers is asked for again.
    if (!mac_ || is_silent(now)) next_ = (next_ + 1) % addresses_.size();
    return build_inside_question(addresses_[next_], port_);
}

bool ServerLearner::hear(const Frame& frame, Instant now) {
    const auto answer = read_inside_answer(frame, port_);
    if (!answer || answer->mac == port_) return false;
    const auto asked = std::find(addresses_.begin(), addresses_.end(), answer->address);
    if (asked == addresses_.end()) return false;
    const bool another = mac_ != answer->mac;
    if (another && mac_ && !is_silent(now)) return false;
    mac_ = answer->mac;
    heard_at_ = now;
    next_ = static_cast<std::size_t>(asked - addresses_.begin());
    return another;
}

}  // namespace nlb::dataplane
