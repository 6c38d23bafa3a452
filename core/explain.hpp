// One frame, one host, one decision: what `nlb explain` prints and what simulators offer packets
// to. It runs the stages of core/pipeline.hpp and adds nothing of its own. Thread: any; not for
// worker cores, as it allocates.
#pragma once

#include <span>
#include <vector>

#include "core/flow/flow.hpp"
#include "core/flow/simple_connections.hpp"
#include "core/packet/frame_room.hpp"
#include "core/pipeline.hpp"

namespace nlb {

struct Explanation {
    Reason reason;
    RuleId rule;      // kNoRule: none was asked
    BucketId bucket;  // 0 without a rule
    HostId owner;     // by the targets; kNoHost without a rule, or when nobody handles it
    PacketInfo info;  // what the parser and the classifier learnt
    // as it is after the decision: the answer, or what the inside device gets
    std::vector<Byte> frame;
};

// `connections` and `fragments` are the host's and change as its cores' would: a pcap explained
// with them sees its own flows. The copy that is decided on has room for an answer. Frames of more
// than `room` bytes are too large: cores have no buffers for them (core/packet/frame_room.hpp).
// Requires: context.tables are sound (core/tables/soundness.hpp); room < 65,408.
[[nodiscard]] Explanation explain(std::span<const Byte> frame, const BurstContext& context,
                                  SimpleConnections& connections, FragmentTable& fragments,
                                  std::uint16_t room = frame_room(kMtuMax));
// What became of frames that were explained as fragment_held, since the last call; each is known by
// the place that its explanation's info.fragment.slot told. Their frames are left empty: whoever
// asks has them.
[[nodiscard]] std::vector<Explanation> explain_released(const BurstContext& context,
                                                        FragmentTable& fragments);
// The same for a frame from inside.
[[nodiscard]] Explanation explain_egress(std::span<const Byte> frame, const BurstContext& context,
                                         SimpleConnections& connections);

}  // namespace nlb
