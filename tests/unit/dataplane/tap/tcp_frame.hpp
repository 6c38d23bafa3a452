// TCP frames as a kernel gives them to a device with offloads: large, and with the pseudo header's
// sum where the checksum belongs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/endian.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "dataplane/tap/offload_notes.hpp"

namespace nlb::dataplane {

struct TcpFrame {
    int version = 4;
    std::size_t payload = 5000;
    std::size_t tags = 0;
    std::uint8_t flags = 0x99;  // CWR, ACK, PSH, FIN
    std::size_t options = 12;   // of TCP

    [[nodiscard]] std::size_t l3() const { return 14 + 4 * tags; }
    [[nodiscard]] std::size_t l4() const { return l3() + (version == 4 ? 20 : 40); }
    [[nodiscard]] std::size_t head() const { return l4() + 20 + options; }

    [[nodiscard]] VirtioHeader header(std::uint16_t segment_bytes) const {
        VirtioHeader header;
        header.flags = kNeedsChecksum;
        header.checksum_start = static_cast<std::uint16_t>(l4());
        header.checksum_offset = 16;
        header.segment_bytes = segment_bytes;
        if (segment_bytes != 0) header.gso_type = version == 4 ? kGsoTcpV4 : kGsoTcpV6;
        return header;
    }

    [[nodiscard]] std::vector<Byte> bytes() const {
        std::vector<Byte> frame(head() + payload);
        for (std::size_t i = 0; i < tags; ++i) store_big_endian(&frame[12 + 4 * i], kEthertypeVlan);
        store_big_endian(&frame[l3() - 2], version == 4 ? kEthertypeIpv4 : kEthertypeIpv6);
        Byte* const ip = &frame[l3()];
        const auto l4_bytes = static_cast<std::uint16_t>(frame.size() - l4());
        if (version == 4) {
            ip[0] = 0x45;
            store_big_endian(ip + 2, static_cast<std::uint16_t>(20 + l4_bytes));
            store_big_endian(ip + 4, std::uint16_t{0xfffe});  // wraps
            ip[8] = 64;
            ip[9] = kProtocolTcp;
            store_big_endian(ip + 12, 0xc000'0250U);
            store_big_endian(ip + 16, 0xc633'6407U);
            store_big_endian(ip + 10, checksum_of(ip, 20));
        } else {
            ip[0] = 0x60;
            store_big_endian(ip + 4, l4_bytes);
            ip[6] = kProtocolTcp;
            for (std::size_t i = 8; i < 40; ++i) ip[i] = static_cast<Byte>(i);
        }
        Byte* const tcp = &frame[l4()];
        store_big_endian(tcp, std::uint16_t{80});
        store_big_endian(tcp + 4, 0xffff'f000U);  // wraps
        tcp[12] = static_cast<Byte>((20 + options) / 4 << 4);
        tcp[13] = flags;
        for (std::size_t i = head(); i < frame.size(); ++i)
            frame[i] = static_cast<Byte>(i * 7 + i / 251);
        store_big_endian(tcp + 16, static_cast<std::uint16_t>(~checksum_finish(pseudo(frame))));
        return frame;
    }

    [[nodiscard]] std::uint64_t pseudo(std::span<const Byte> frame) const {
        const Byte* const ip = &frame[l3()];
        const auto at = [&](std::size_t v4, std::size_t v6) {
            return version == 4 ? mapped_from(ip + v4) : load_header<IpAddress>(ip + v6);
        };
        return pseudo_header_sum(at(12, 8), at(16, 24), kProtocolTcp, frame.size() - l4());
    }
    // The TCP checksum of a frame with these headers.
    [[nodiscard]] bool checksum_holds(std::span<const Byte> frame) const {
        return checksum_finish(checksum_add(pseudo(frame), &frame[l4()], frame.size() - l4())) == 0;
    }
};

}  // namespace nlb::dataplane
