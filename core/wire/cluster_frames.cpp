#include "core/wire/cluster_frames.hpp"

namespace nlb {

std::array<std::uint8_t, kRuleSlots> effective_offers(
    const std::array<RuleReport, kRuleSlots>& rules) {
    std::array<std::uint8_t, kRuleSlots> offers{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        offers[slot] = effective_offer(rules[slot].offer, rules[slot].state);
    return offers;
}

const FrameHeader& header_of(const ClusterFrame& frame) {
    return std::visit([](const auto& body) -> const FrameHeader& { return body.header; }, frame);
}

}  // namespace nlb
