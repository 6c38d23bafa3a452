// Fragments of a datagram, of any slot and length, so that tests can say "the second, twice, then
// the first".
#pragma once

#include <algorithm>

#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {

inline constexpr std::size_t kEthernetBytes = sizeof(EthernetHeader);

// A datagram of `spec` whose pieces can be cut out. Requires: no VLAN tags.
class Datagram {
public:
    explicit Datagram(const FrameSpec& spec, std::uint32_t identification = 7)
        : frame_(build_frame(spec)),
          v4_(spec.source.is_v4()),
          protocol_(spec.protocol),
          identification_(identification) {}

    // Bytes behind the IP header.
    [[nodiscard]] std::size_t bytes() const { return frame_.size() - data_offset(); }

    // `bytes` of them from `offset` on; the last one when they reach the end, unless `last` says
    // otherwise.
    [[nodiscard]] std::vector<Byte> piece(std::size_t offset, std::size_t bytes) const {
        return piece(offset, bytes, offset + bytes >= this->bytes());
    }
    [[nodiscard]] std::vector<Byte> piece(std::size_t offset, std::size_t bytes, bool last) const {
        std::vector<Byte> frame(frame_.begin(),
                                frame_.begin() + static_cast<std::ptrdiff_t>(data_offset()));
        if (!v4_) add_header(frame, offset, last);
        for (std::size_t i = 0; i < bytes; ++i)
            frame.push_back(offset + i < this->bytes() ? frame_[data_offset() + offset + i]
                                                       : Byte{0});
        v4_ ? finish_v4(frame, offset, bytes, last) : finish_v6(frame, bytes);
        return frame;
    }
    // All of it in pieces of `bytes`, in order.
    [[nodiscard]] std::vector<std::vector<Byte>> pieces(std::size_t bytes) const {
        std::vector<std::vector<Byte>> all;
        for (std::size_t at = 0; at < this->bytes(); at += bytes)
            all.push_back(piece(at, std::min(bytes, this->bytes() - at)));
        return all;
    }

private:
    [[nodiscard]] std::size_t data_offset() const {
        return kEthernetBytes + (v4_ ? sizeof(Ipv4Header) : sizeof(Ipv6Header));
    }

    void add_header(std::vector<Byte>& frame, std::size_t offset, bool last) const {
        const Ipv6FragmentHeader header{protocol_, 0,
                                        be16{static_cast<std::uint16_t>(offset | (last ? 0U : 1U))},
                                        be32{identification_}};
        frame.resize(frame.size() + sizeof header);
        store_header(frame.data() + data_offset(), header);
    }
    void finish_v4(std::vector<Byte>& frame, std::size_t offset, std::size_t bytes,
                   bool last) const {
        auto ip = load_header<Ipv4Header>(frame.data() + kEthernetBytes);
        ip.total_length = be16{static_cast<std::uint16_t>(sizeof ip + bytes)};
        ip.identification = be16{static_cast<std::uint16_t>(identification_)};
        ip.fragment =
            be16{static_cast<std::uint16_t>(offset / 8 | (last ? 0U : kIpv4MoreFragments))};
        ip.checksum = be16{0};
        store_header(frame.data() + kEthernetBytes, ip);
        ip.checksum = be16{checksum_of(frame.data() + kEthernetBytes, sizeof ip)};
        store_header(frame.data() + kEthernetBytes, ip);
    }
    void finish_v6(std::vector<Byte>& frame, std::size_t bytes) const {
        auto ip = load_header<Ipv6Header>(frame.data() + kEthernetBytes);
        ip.next_header = kProtocolFragment;
        ip.payload_length = be16{static_cast<std::uint16_t>(sizeof(Ipv6FragmentHeader) + bytes)};
        store_header(frame.data() + kEthernetBytes, ip);
    }

    std::vector<Byte> frame_;
    bool v4_;
    std::uint8_t protocol_;
    std::uint32_t identification_;
};

// A UDP datagram with `payload` bytes in it.
[[nodiscard]] inline FrameSpec large_udp(std::size_t payload, std::uint32_t client = kClient,
                                         std::uint16_t port = 40000) {
    FrameSpec spec = udp(53, client, port);
    spec.payload.assign(payload, 0x5a);
    return spec;
}

}  // namespace nlb::test
