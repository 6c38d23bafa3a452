// What a recording is made of: first what an agent was when the segment began, then each thing that
// entered it, with what came out. Values only; agent_recorder.hpp writes them, record_reader.hpp
// reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_settings.hpp"
#include "controlplane/agent/host_state.hpp"
#include "controlplane/health/check.hpp"
#include "core/ipc/messages.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

inline constexpr std::uint32_t kFlightVersion = 1;

// A segment's beginning.
struct SegmentHead {
    std::uint32_t format = kFlightVersion;
    std::string version;       // of the program
    std::uint64_t layout = 0;  // snapshot_layout()
    std::string host;
    std::string cluster;
    std::uint32_t boot = 0;    // of the control plane's life
    std::uint32_t number = 0;  // of this segment in that life, from 0
    bool after_gap = false;    // what came before it in this life was not all kept
    Instant now = kLongAgo;    // by the host's clock
    std::int64_t wall_ns = 0;  // the same moment in UTC, since 1970
    std::uint16_t sending_key = 0;
    std::vector<Byte> settings;  // agent_snapshot.hpp
    std::vector<Byte> state;
};

enum class RecordKind : std::uint8_t {
    tick,
    lost,
    hello,
    frame,
    message,
    checks_taken,
    check,
    host_command,
    rule_command,
    unknown_rule,
    local,
    begin_alone,
    hold,
    drop_staged,
    keys,
    neighbours,
    depart,
    wall,  // enters nothing: what the time of day was
};
inline constexpr std::uint8_t kRecordKinds = 18;
// A word for people.
[[nodiscard]] std::string_view name_of(RecordKind kind);

struct RecordedEvent {
    std::uint16_t id = 0;
    std::vector<std::pair<std::string, std::string>> fields;
    bool operator==(const RecordedEvent&) const = default;
};

// Which members count follows from the kind.
struct Record {
    RecordKind kind = RecordKind::tick;
    Instant now;
    ipc::MessageType type{};
    std::uint16_t cluster = 0;
    std::vector<Byte> payload;  // of a message
    FrameFault verdict = FrameFault::none;
    bool same_layout = false;
    std::uint64_t token = 0;
    CheckResult result;
    HostCommand command{};
    std::vector<RuleId> rules;
    RuleState wanted{};
    std::string text;
    std::vector<Byte> settings;
    std::uint16_t key = 0;
    std::uint16_t next_key = 0;
    std::vector<IpAddress> neighbours;
    std::int64_t wall_ns = 0;

    // What came of it: a digest of all messages to the dataplane, and the events.
    std::uint32_t outputs = 0;
    std::vector<RecordedEvent> events;
};

}  // namespace nlb::controlplane
