// What a replay of one or several hosts tells, as values: who owned what from when to when, which
// map an epoch had, what happened. Times are those of each host's own clock; clocks.hpp brings them
// together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::controlplane {

// One life of a control plane of one cluster; its place in History::lives names it.
struct Life {
    std::string host;
    std::string cluster;
    std::string recorded_in;  // the folder
    HostId id = kNoHost;
    std::uint32_t boot = 0;
    Instant first = kForever;
    Instant last = kLongAgo;
    std::int64_t wall_minus_clock = 0;
    std::uint64_t steps = 0;
    std::vector<std::string> rules;  // by RuleId, the default one last
};

enum class EntryKind : std::uint8_t { event, owns, lease, command, recording, difference };

struct Entry {
    std::size_t life = 0;
    Instant at;
    EntryKind kind = EntryKind::event;
    std::string name;
    std::string text;
    std::uint8_t level = 0;  // 0 ordinary, 1 a warning, 2 an error
};

// Cores of the host certainly served these buckets from the first to the second moment.
struct Span {
    std::size_t life = 0;
    Instant from;
    Instant until;
    std::uint64_t config_digest = 0;  // of the configuration that numbers the rules
    RuleMasks own{};
};

struct EpochMap {
    std::size_t life = 0;
    Instant at;
    Epoch epoch;
    std::uint64_t config_digest = 0;
    std::uint64_t digest = 0;  // of all of the map
    RuleMasks meant{};         // buckets that somebody is meant to own
};

using FrameName = std::pair<Incarnation, std::uint64_t>;  // and its sequence
struct Passage {
    std::size_t life = 0;
    FrameName frame;
    Instant at;
};

struct Difference {
    std::size_t life = 0;
    Instant at;
    std::uint64_t step = 0;  // of the life, from 1; 0: between two
    std::string what;
};

struct History {
    std::vector<Life> lives;
    std::vector<Entry> entries;
    std::vector<Span> spans;
    std::vector<EpochMap> maps;
    std::vector<Passage> sent;   // some of the frames: enough to compare clocks
    std::vector<Passage> heard;  // of the same ones
    std::vector<Difference> differences;
    std::uint64_t gaps = 0;  // places where a recording is not whole
};

}  // namespace nlb::controlplane
