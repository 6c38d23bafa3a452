// Ethernet only: what stands behind the header is core/wire's. VLAN tags are looked through, as a
// switch may have left them on.
#include "controlplane/agent/frame_envelope.hpp"

#include <algorithm>

#include "config/table_builder.hpp"
#include "core/base/endian.hpp"
#include "core/packet/frame_room.hpp"

namespace nlb::controlplane {
namespace {

constexpr std::uint16_t kVlan = 0x8100;
constexpr std::uint16_t kServiceVlan = 0x88a8;
constexpr std::size_t kSourceAt = 6;
constexpr std::size_t kEthertypeAt = 12;
constexpr std::uint16_t kVlanIdMask = 0x0fff;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::size_t kVlanTagsMax = 2;
// A host whose port carries less is refused (config, dataplane/control).
static_assert(kClusterFrameBytesMax <= kMtuMin);

}  // namespace

std::uint32_t cluster_number(const config::Cluster& cluster) {
    return load_big_endian<std::uint32_t>(
        cluster_mac(LinkMode::unicast, cluster.address.address).bytes.data() + 2);
}

MacAddress heartbeat_destination(const config::Cluster& cluster) {
    if (cluster.mode == LinkMode::unicast) return MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    return config::cluster_mac_of(cluster);
}

std::vector<Byte> wrap_frame(const MacAddress& destination, std::span<const Byte> body) {
    std::vector<Byte> frame(kEthernetHeaderBytes + body.size(), Byte{0});
    std::copy(destination.bytes.begin(), destination.bytes.end(), frame.begin());
    std::copy(body.begin(), body.end(), frame.begin() + kEthernetHeaderBytes);
    store_big_endian(frame.data() + kEthertypeAt, kHeartbeatEthertype);
    return frame;
}

std::optional<Envelope> unwrap_frame(std::span<const Byte> frame) {
    Envelope envelope;
    std::size_t at = kEthertypeAt;
    for (std::size_t tags = 0; tags <= kVlanTagsMax; ++tags, at += kVlanTagBytes) {
        if (frame.size() < at + 2) return std::nullopt;
        const auto ethertype = load_big_endian<std::uint16_t>(frame.data() + at);
        if (ethertype == kHeartbeatEthertype) {
            std::copy_n(frame.begin() + kSourceAt, envelope.source.bytes.size(),
                        envelope.source.bytes.begin());
            envelope.body = frame.subspan(at + 2);
            return envelope;
        }
        if (ethertype != kVlan && ethertype != kServiceVlan) return std::nullopt;
        if (frame.size() < at + kVlanTagBytes) return std::nullopt;
        const std::uint16_t id =
            load_big_endian<std::uint16_t>(frame.data() + at + 2) & kVlanIdMask;
        if (envelope.vlan == 0) envelope.vlan = id;
    }
    return std::nullopt;
}

}  // namespace nlb::controlplane
