// What the table of descriptors (docs/packet-path.md) can say about a packet whose flow or session
// was looked up. It looks nothing up and changes nothing.
#pragma once

#include "core/packet/reasons.hpp"

namespace nlb {

// `opened`: half-open no more. `seen`: stale no more.
enum class DescriptorChange : std::uint8_t { none, opened, seen, insert, replace, erase };
struct TrackDecision {
    Reason reason;
    DescriptorChange change;
};

}  // namespace nlb
