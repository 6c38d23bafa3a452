// LINKTYPE_LINUX_SLL: packet type u16, device type u16, address length u16, address 8, ethertype
// u16. LINKTYPE_LINUX_SLL2: ethertype u16, zero u16, interface u32, device type u16, packet type
// u8, address length u8, address 8.
#include "cli/cooked_frame.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"

namespace nlb::cli {
namespace {

constexpr unsigned kToEverybody = 1;  // PACKET_BROADCAST of linux/if_packet.h
constexpr std::size_t kMacBytes = 6;
constexpr std::size_t kEthertypeBytes = 2;

struct Layout {
    std::size_t bytes;
    std::size_t packet_type;  // its last byte
    std::size_t address_length;
    std::size_t address;
    std::size_t ethertype;
};
constexpr Layout kCooked{16, 1, 5, 6, 14};
constexpr Layout kCooked2{20, 10, 11, 12, 0};

const Layout& layout_of(std::uint32_t link_type) {
    return link_type == kLinkCooked ? kCooked : kCooked2;
}

}  // namespace

std::size_t cooked_header_bytes(std::uint32_t link_type) {
    const bool cooked = link_type == kLinkCooked || link_type == kLinkCooked2;
    return cooked ? layout_of(link_type).bytes : 0;
}

UncookedFrame uncooked(std::uint32_t link_type, std::span<const Byte> bytes) {
    const Layout& layout = layout_of(link_type);
    NLB_ASSERT(bytes.size() >= layout.bytes);
    UncookedFrame frame;
    frame.bytes.resize(2 * kMacBytes);
    if (bytes[layout.packet_type] == kToEverybody)
        std::fill_n(frame.bytes.begin(), kMacBytes, Byte{0xff});
    else
        frame.lacks_destination = true;
    const std::span<const Byte> sender = bytes.subspan(layout.address, kMacBytes);
    if (bytes[layout.address_length] == kMacBytes)
        std::copy(sender.begin(), sender.end(), frame.bytes.begin() + kMacBytes);
    const std::span<const Byte> ethertype = bytes.subspan(layout.ethertype, kEthertypeBytes);
    frame.bytes.insert(frame.bytes.end(), ethertype.begin(), ethertype.end());
    const std::span<const Byte> payload = bytes.subspan(layout.bytes);
    frame.bytes.insert(frame.bytes.end(), payload.begin(), payload.end());
    return frame;
}

}  // namespace nlb::cli
