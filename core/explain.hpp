// One frame, one host, one decision: what `nlb explain` prints and what simulators offer packets to. It runs settle_ingress and
// adds nothing of its own.
#pragma once

#include <span>
#include <vector>

#include "core/flow.hpp"
#include "core/pipeline.hpp"
#include "core/simple_connections.hpp"

namespace nlb {

struct Explanation {
    Reason reason;
    RuleId rule;              // kNoRule: none was asked
    BucketId bucket;          // of no meaning without a rule
    HostId owner;             // by the targets; kNoHost without a rule, or when nobody handles it
    PacketInfo info;          // what the parser and the classifier learnt
    std::vector<Byte> frame;  // as it is after the decision: the answer, or what the inside device gets
};

// `connections` is the host's and changes as its cores' would: a pcap explained with one table sees its own flows.
// The copy that is decided on has room for an answer. Frames beyond 65,535 bytes are cut.
[[nodiscard]] Explanation explain(std::span<const Byte> frame, const Snapshot& snapshot, SimpleConnections& connections);
// The same for a frame from inside.
[[nodiscard]] Explanation explain_egress(std::span<const Byte> frame, const Snapshot& snapshot, SimpleConnections& connections);

}  // namespace nlb
