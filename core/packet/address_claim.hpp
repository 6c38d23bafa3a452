// Who says on the link that an address is his: ARP replies and announcements (RFC 826, RFC
// 5227 1.1) and neighbour advertisements (RFC 4861 4.4), read; and the announcement that a default
// host makes, built. It judges nobody. Thread: any; not for worker cores, as it allocates.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb {

struct AddressClaim {
    IpAddress address;
    MacAddress holder;  // as the body says; the frame's source where an advertisement names none
    MacAddress source;  // of the frame
};

// Nothing: the frame claims no address, or is malformed. At most two VLAN tags are looked through.
[[nodiscard]] std::optional<AddressClaim> read_address_claim(std::span<const Byte> frame);

// To everybody: an ARP announcement (RFC 5227 3) or an unsolicited advertisement (RFC 4861 7.2.6).
// A frame of at least 60 bytes without a source MAC, which the dataplane puts in.
[[nodiscard]] std::vector<Byte> build_address_announcement(const IpAddress& address,
                                                           const MacAddress& holder);

}  // namespace nlb
