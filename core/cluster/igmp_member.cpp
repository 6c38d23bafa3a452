// Timers of a member of one group.
#include "core/cluster/igmp_member.hpp"

#include <algorithm>

namespace nlb {

IgmpVersion IgmpMember::version(Instant now) const {
    if (now < v1_until_) return IgmpVersion::v1;
    return now < v2_until_ ? IgmpVersion::v2 : IgmpVersion::v3;
}

void IgmpMember::add_change(Messages& messages, Instant now) const {
    const IgmpVersion spoken = version(now);
    if (spoken == IgmpVersion::v3)
        messages.push_back(joined_ ? IgmpMessage::join_v3 : IgmpMessage::leave_v3);
    if (spoken == IgmpVersion::v2 || !querier_known(now))
        messages.push_back(joined_ ? IgmpMessage::report_v2 : IgmpMessage::leave_v2);
    if (spoken == IgmpVersion::v1 && joined_) messages.push_back(IgmpMessage::report_v1);
}

void IgmpMember::add_state(Messages& messages, Instant now) const {
    const IgmpVersion spoken = version(now);
    if (spoken == IgmpVersion::v3) messages.push_back(IgmpMessage::report_v3);
    if (spoken == IgmpVersion::v2 || !querier_known(now))
        messages.push_back(IgmpMessage::report_v2);
    if (spoken == IgmpVersion::v1) messages.push_back(IgmpMessage::report_v1);
}

Instant IgmpMember::within(Instant now, Duration most) {
    return now + Duration{random_.between(1, std::max<std::int64_t>(most.count(), 1))};
}

IgmpMember::Messages IgmpMember::on_join(Instant now) {
    joined_ = true;
    respond_at_ = kForever;
    changes_left_ = kRobustness - 1;
    change_at_ = within(now, kRepeatWithin);
    unasked_at_ = now + kUnaskedEvery;
    Messages messages;
    add_change(messages, now);
    return messages;
}

IgmpMember::Messages IgmpMember::on_leave(Instant now) {
    if (!joined_) return {};
    joined_ = false;
    respond_at_ = unasked_at_ = kForever;
    changes_left_ = kRobustness - 1;
    change_at_ = within(now, kRepeatWithin);
    Messages messages;
    add_change(messages, now);
    return messages;
}

void IgmpMember::on_query(Instant now, const IgmpQuery& query) {
    queried_until_ = now + kQuerierMemory;
    if (query.version == IgmpVersion::v1) v1_until_ = queried_until_;
    if (query.version == IgmpVersion::v2) v2_until_ = queried_until_;
    if (!joined_ || (query.group != 0 && query.group != igmp_)) return;
    respond_at_ = std::min(respond_at_, within(now, query.response));
}

IgmpMember::Messages IgmpMember::on_tick(Instant now) {
    Messages messages;
    if (now >= change_at_) {
        change_at_ = kForever;
        if (changes_left_ > 0) add_change(messages, now);
        if (changes_left_ > 0 && --changes_left_ > 0) change_at_ = within(now, kRepeatWithin);
    }
    if (now >= respond_at_) {
        respond_at_ = kForever;
        add_state(messages, now);
    }
    if (now >= unasked_at_) {
        unasked_at_ = now + kUnaskedEvery;
        if (!querier_known(now)) add_state(messages, now);
    }
    return messages;
}

Instant IgmpMember::next_wake() const {
    return std::min({change_at_, respond_at_, unasked_at_});
}

}  // namespace nlb
