// When the route to a cluster's addresses is announced and when it is withdrawn, for whoever asks a
// cluster's state again and again. It is withdrawn at once and announced with a delay, so that a
// host that comes and goes does not move the clients of the whole network each time. It speaks to
// nobody. Thread: one.
#pragma once

#include <optional>

#include "core/base/types.hpp"

namespace nlb::cli {

class Announcement {
public:
    // `settle`: how long the host must have served without a break. `patience`: for how long a
    // control plane may say nothing before that counts as serving nobody; it may be restarted.
    Announcement(Duration settle, Duration patience) : settle_(settle), patience_(patience) {}

    // The host's answer; nothing: there was none.
    void see(std::optional<bool> serves, Instant now);

    // What the routing daemon should be told now: true, announce; false, withdraw.
    [[nodiscard]] std::optional<bool> wish(Instant now) const;
    void told(bool announced) { told_ = announced; }
    // The daemon was restarted, or may have been: nobody knows what it announces.
    void forget() { told_.reset(); }

    [[nodiscard]] bool wanted(Instant now) const;

private:
    Duration settle_;
    Duration patience_;
    std::optional<Instant> serves_since_;
    std::optional<Instant> answered_at_;
    std::optional<bool> told_;
};

}  // namespace nlb::cli
