// What the table of descriptors (docs/packet-path.md) can say about a packet whose flow or session
// was looked up. It looks nothing up and changes nothing.
#pragma once

#include "core/packet/reasons.hpp"

namespace nlb {

// `opened`: half-open no more. `seen`: stale or reset no more. `reset`: closing until the client
// speaks again. `reopened`: half-open again, after a reset.
enum class DescriptorChange : std::uint8_t {
    none,
    opened,
    seen,
    reset,
    reopened,
    insert,
    replace,
    erase
};
struct TrackDecision {
    Reason reason;
    DescriptorChange change;
};

}  // namespace nlb
