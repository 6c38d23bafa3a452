#include "cli/announce/announcement.hpp"

namespace nlb::cli {

void Announcement::see(std::optional<bool> serves, Instant now) {
    const bool patient = answered_at_ && now - *answered_at_ < patience_;
    if (serves) answered_at_ = now;
    if (!serves && patient) return;
    if (!serves.value_or(false))
        serves_since_.reset();
    else if (!serves_since_)
        serves_since_ = now;
}

bool Announcement::wanted(Instant now) const {
    return serves_since_ && now - *serves_since_ >= settle_;
}

std::optional<bool> Announcement::wish(Instant now) const {
    const bool want = wanted(now);
    if (told_ == want) return std::nullopt;
    return want;
}

}  // namespace nlb::cli
