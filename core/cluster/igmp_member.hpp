// What a switch that snoops IGMP must hear of a cluster in igmp mode: this host's membership of the
// cluster's group, said unasked when it begins, in answer to queries, and taken back when it ends
// (RFC 1112, 2236, 3376). Sans I/O: (event, now) gives messages to send; their frames are built by
// core/packet/igmp_messages.hpp.
//
// Until a querier is heard nobody knows which version the switch reads: reports go out in versions
// 2 and 3, and again each minute. Reports of other hosts silence none of ours: a switch learns
// ports, not groups.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/igmp.hpp"
#include "core/base/prng.hpp"
#include "core/base/types.hpp"

namespace nlb {

class IgmpMember {
public:
    // a message that changes something is said so often
    static constexpr std::uint8_t kRobustness = 2;
    static constexpr Duration kRepeatWithin = std::chrono::seconds{1};
    // RFC 3376 8.12 with its defaults
    static constexpr Duration kQuerierMemory = std::chrono::seconds{260};
    static constexpr Duration kUnaskedEvery = std::chrono::seconds{60};
    using Messages = std::vector<IgmpMessage>;

    IgmpMember(std::uint32_t group, std::uint64_t seed) : igmp_(group), random_(seed) {}

    // The host takes part, or does so on a link that went down and up.
    [[nodiscard]] Messages on_join(Instant now);
    [[nodiscard]] Messages on_leave(Instant now);
    void on_query(Instant now, const IgmpQuery& query);
    [[nodiscard]] Messages on_tick(Instant now);
    // kForever: nothing is due.
    [[nodiscard]] Instant next_wake() const;
    [[nodiscard]] bool joined() const { return joined_; }
    // Somebody has asked lately.
    [[nodiscard]] bool querier_known(Instant now) const { return now < queried_until_; }
    [[nodiscard]] std::uint32_t group() const { return igmp_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.igmp_, self.random_, self.joined_, self.changes_left_, self.change_at_,
             self.respond_at_, self.unasked_at_, self.v1_until_, self.v2_until_,
             self.queried_until_);
    }

private:
    // Of the querier; the oldest that was heard lately counts (RFC 3376 7.2.1).
    [[nodiscard]] IgmpVersion version(Instant now) const;
    void add_change(Messages& messages, Instant now) const;
    void add_state(Messages& messages, Instant now) const;
    [[nodiscard]] Instant within(Instant now, Duration most);

    std::uint32_t igmp_;
    Prng random_;
    bool joined_ = false;
    std::uint8_t changes_left_ = 0;
    Instant change_at_ = kForever;   // the change of state is said again
    Instant respond_at_ = kForever;  // a query is answered
    Instant unasked_at_ = kForever;
    Instant v1_until_ = kLongAgo;
    Instant v2_until_ = kLongAgo;
    Instant queried_until_ = kLongAgo;
};

}  // namespace nlb
