// A burst of one.
#include "core/explain.hpp"

#include <algorithm>
#include <memory>

#include "core/fastpath/tables_index.hpp"
#include "core/packet/inside_address.hpp"
#include "core/tables/soundness.hpp"

namespace nlb {
namespace {

constexpr std::size_t kFrameBytesMax = 65535;
constexpr std::size_t kRoomForAnswers = 128;

struct Run {
    std::vector<Byte> bytes;
    std::unique_ptr<Burst> burst = std::make_unique<Burst>();
    std::unique_ptr<Counters> counters = std::make_unique<Counters>();
};

Run prepare(std::span<const Byte> frame) {
    Run run;
    const std::size_t length = std::min(frame.size(), kFrameBytesMax);
    run.bytes.assign(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
    run.bytes.resize(std::min(length + kRoomForAnswers, kFrameBytesMax));
    run.burst->count = 1;
    run.burst->describe_all = true;
    run.burst->frames[0] = {run.bytes.data(), static_cast<std::uint16_t>(length),
                            static_cast<std::uint16_t>(run.bytes.size())};
    return run;
}

Explanation explanation_of(const Burst& burst, std::uint32_t slot, const BurstContext& context) {
    const PacketInfo& info = burst.info[slot];
    Explanation explanation{burst.reasons[slot], info.rule, info.bucket, kNoHost, info, {}};
    if (info.rule != kNoRule) explanation.owner = context.tables.owner[info.rule][info.bucket];
    return explanation;
}

Explanation finish(Run& run, const BurstContext& context) {
    Explanation explanation = explanation_of(*run.burst, 0, context);
    run.bytes.resize(run.burst->frames[0].length);
    explanation.frame = std::move(run.bytes);
    return explanation;
}

}  // namespace

Explanation explain(std::span<const Byte> frame, const BurstContext& context,
                    SimpleConnections& connections, FragmentTable& fragments, std::uint16_t room) {
    assert_sound(context.tables);
    if (context.index == nullptr) {
        IndexMemory indexes;
        BurstContext indexed = context;
        indexed.index = &indexes.of(context.tables);
        return explain(frame, indexed, connections, fragments, room);
    }
    if (frame.size() > room) {
        Explanation none{Reason::too_large, kNoRule, 0, kNoHost, {}, {}};
        none.info.rule = kNoRule;
        return none;
    }
    Run run = prepare(frame);
    settle_ingress(*run.burst, context, connections, fragments, *run.counters);
    const Reason reason = run.burst->reasons[0];
    if (goes_inside(reason))
        address_inside(*run.burst, 1, keeps_group(reason) ? 1 : 0, context.ports.inside);
    return finish(run, context);
}

std::vector<Explanation> explain_released(const BurstContext& context, FragmentTable& fragments) {
    std::vector<Explanation> explanations;
    const auto burst = std::make_unique<Burst>();
    const auto counters = std::make_unique<Counters>();
    std::array<std::uint16_t, kBurstMax> slots;
    while (settle_released(*burst, fragments, slots, *counters) != 0)
        for (std::uint32_t i = 0; i < burst->count; ++i)
            explanations.push_back(explanation_of(*burst, i, context));
    return explanations;
}

Explanation explain_egress(std::span<const Byte> frame, const BurstContext& context,
                           SimpleConnections& connections) {
    Run run = prepare(frame);
    settle_egress(*run.burst, context, connections, *run.counters);
    return finish(run, context);
}

}  // namespace nlb
