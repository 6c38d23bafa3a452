// The table of descriptors (docs/packet-path.md) for flows without a SYN of their own.
#include "core/flow/sessions.hpp"

#include "core/packet/ownership.hpp"

namespace nlb {
namespace {

bool insists_on_owner(const PacketInfo& info, const Tables& tables) {
    return info.session_role == SessionRole::begins && tables.ipsec_replaces != 0;
}

// A descriptor that nobody has answered for yet lives on while its client speaks, like all others.
TrackDecision decide_beginning(bool owned, Reason rejected, Descriptor* found,
                               std::uint32_t now_s) {
    if (!owned) {
        if (found == nullptr) return {rejected, DescriptorChange::none};
        return {Reason::moved_flow, DescriptorChange::erase};
    }
    if (found == nullptr) return {Reason::new_flow, DescriptorChange::insert};
    found->seen_s = now_s;
    return {Reason::owner, DescriptorChange::none};
}

}  // namespace

TrackDecision decide_session(const PacketInfo& info, const Tables& tables, Descriptor* found,
                             std::uint32_t now_s) {
    const bool owned = owns(tables, info.rule, info.bucket);
    const bool elsewhere = is_dirty_elsewhere(tables, info.rule, info.bucket);
    const bool about_the_session = (info.traits & kTraitIcmpError) != 0;
    const Reason rejected = rejection(tables, info.rule, info.bucket);
    if (!about_the_session && insists_on_owner(info, tables))
        return decide_beginning(owned, rejected, found, now_s);
    if (found != nullptr && ends_flows(tables, info.rule, info.bucket))
        return {rejected, about_the_session ? DescriptorChange::none : DescriptorChange::erase};
    if (found != nullptr) {
        if (!about_the_session) found->seen_s = now_s;
        return {acceptance(tables, info.rule, info.bucket), DescriptorChange::none};
    }
    if (!owned) return {rejected, DescriptorChange::none};
    if (elsewhere) return {Reason::tracked_elsewhere, DescriptorChange::none};
    if (about_the_session) return {Reason::owner, DescriptorChange::none};
    return {Reason::new_flow, DescriptorChange::insert};
}

}  // namespace nlb
