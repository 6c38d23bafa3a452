#include "controlplane/flight/withheld.hpp"

#include <algorithm>

#include "controlplane/agent/frame_envelope.hpp"
#include "core/base/endian.hpp"
#include "core/ipc/tables_codec.hpp"
#include "core/packet/address_claim.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/igmp_messages.hpp"

namespace nlb::controlplane {
namespace {

// Of the cluster frame's header, see core/wire/cluster_frames.hpp.
constexpr std::size_t kTypeAt = 5;
constexpr std::size_t kTagAt = 12;
constexpr std::size_t kHostAt = 32;
constexpr std::size_t kSealAt = 61;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kSealShown = kHeaderBytes - kSealAt;

void clear(std::span<Byte> bytes, std::size_t at, std::size_t count) {
    for (std::size_t i = at; i < std::min(bytes.size(), at + count); ++i) bytes[i] = 0;
}

void clear_proofs(std::span<Byte> body) {
    clear(body, kTagAt, kTagBytes);
    clear(body, kSealAt, kSealShown);
}

bool verified(FrameFault verdict) {
    return verdict == FrameFault::none || verdict == FrameFault::cluster ||
           verdict == FrameFault::field;
}

// Where the packet of an ARP, IPv4 or IPv6 frame ends, by its own word; padding follows. Others
// hold nothing that is read.
std::size_t packet_end(std::span<const Byte> frame) {
    std::size_t at = kEthernetHeaderBytes - 2;
    const auto word = [&](std::size_t place) -> std::size_t {
        return place + 2 <= frame.size() ? load_big_endian<std::uint16_t>(frame.data() + place) : 0;
    };
    while (word(at) == kEthertypeVlan || word(at) == kEthertypeServiceVlan) at += 4;
    const std::size_t packet = at + 2;
    switch (word(at)) {
        case kEthertypeArp:
            return packet + sizeof(ArpPacket);
        case kEthertypeIpv4:
            return packet + word(packet + 2);
        case kEthertypeIpv6:
            return packet + sizeof(Ipv6Header) + word(packet + 4);
        default:
            return kEthernetHeaderBytes;
    }
}

void add_frame(Fnv1a& digest, std::span<const Byte> frame) {
    const bool ours = frame.size() >= kEthernetHeaderBytes &&
                      load_big_endian<std::uint16_t>(frame.data() + kEthernetHeaderBytes - 2) ==
                          kHeartbeatEthertype;
    if (!ours) return digest.add(frame);
    std::vector<Byte> copy{frame.begin(), frame.end()};
    clear_proofs(std::span{copy}.subspan(kEthernetHeaderBytes));
    digest.add(copy);
}

void add_install(Fnv1a& digest, const ipc::MessageView& message) {
    digest.add(message.payload.first(sizeof(ipc::Install)));
    auto tables = decode_tables(message.rest_after<ipc::Install>());
    NLB_ASSERT(tables.ok());  // the agent has just made them
    tables.value().hash_key = {};
    tables.value().layout = 0;
    digest.add(std::span{reinterpret_cast<const Byte*>(&tables.value()), sizeof(Tables)});
}

}  // namespace

std::vector<Byte> without_secrets(std::span<const Byte> frame, FrameFault verdict) {
    std::vector<Byte> kept{frame.begin(), frame.end()};
    if (const auto envelope = unwrap_frame(frame)) {
        const std::span body{kept.data() + (envelope->body.data() - frame.data()),
                             envelope->body.size()};
        clear_proofs(body);
        if (!verified(verdict)) clear(body, kHeaderBytes, body.size());
        return kept;
    }
    const bool read = read_address_claim(frame) || read_igmp_query(frame);
    clear(kept, read ? packet_end(frame) : kEthernetHeaderBytes, kept.size());
    return kept;
}

std::uint32_t likeness_of(std::span<const Byte> frame) {
    const auto envelope = unwrap_frame(frame);
    if (!envelope || envelope->body.size() < kHeaderBytes) return 0;
    const HostId host = envelope->body[kHostAt] <= kHostsMax ? envelope->body[kHostAt] : kNoHost;
    const std::uint8_t type = envelope->body[kTypeAt] <= 4 ? envelope->body[kTypeAt] : Byte{0};
    return std::uint32_t{host} << 8 | type;
}

void add_output(Fnv1a& digest, std::span<const Byte> datagram) {
    const auto message = ipc::read_message(datagram);
    NLB_ASSERT(message.has_value());
    digest.add(static_cast<std::uint64_t>(message->type));
    switch (message->type) {
        case ipc::MessageType::seal_keys:
            return;
        case ipc::MessageType::install:
            return add_install(digest, *message);
        case ipc::MessageType::send:
            digest.add(message->payload.first(sizeof(ipc::Send)));
            return add_frame(digest, message->rest_after<ipc::Send>());
        default:
            return digest.add(message->payload);
    }
}

}  // namespace nlb::controlplane
