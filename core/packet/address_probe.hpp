// A question that whoever holds an address on the link answers within milliseconds: an ARP probe
// (RFC 5227 2.1.1) or the neighbour solicitation of address detection (RFC 4862 5.4.2). It claims
// no address of its own, so no neighbour learns anything from it.
#pragma once

#include <vector>

#include "core/base/types.hpp"

namespace nlb {

// A frame of at least 60 bytes without a source MAC, which the dataplane puts in. The answer to an
// ARP probe goes to `sender`, that to a solicitation to all nodes.
[[nodiscard]] std::vector<Byte> build_address_probe(const IpAddress& target,
                                                    const MacAddress& sender);

}  // namespace nlb
