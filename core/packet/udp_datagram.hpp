// A UDP datagram in its frame, read and answered: for what the control plane says to others over
// IP. Whole datagrams only; checksums are not looked at, whoever reads the payload verifies it.
// Thread: any; not for worker cores, as building allocates.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb {

struct UdpDatagram {
    MacAddress station;  // that sent the frame
    IpAddress source;
    IpAddress destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::span<const Byte> payload;  // points into the frame
};
// Nothing when the frame is anything else; at most two VLAN tags are looked through.
[[nodiscard]] std::optional<UdpDatagram> read_udp(std::span<const Byte> frame);

// The way back: from the address and port that were asked to the one that asked, through the
// station that sent the frame. The source MAC stays zero, as in every frame that the dataplane
// sends for the control plane.
[[nodiscard]] std::vector<Byte> build_udp_answer(const UdpDatagram& asked,
                                                 std::span<const Byte> payload);

}  // namespace nlb
