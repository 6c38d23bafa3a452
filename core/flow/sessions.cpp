// The table of docs/packet-path.md for flows without a SYN of their own, and what an IKE header
// tells.
#include "core/flow/sessions.hpp"

namespace nlb {
namespace {

// RFC 7296 3.1; IKEv1's header is laid out alike (RFC 2408 3.1).
struct IkeHeader {
    std::array<Byte, 8> initiator;
    std::array<Byte, 8> responder;
    std::uint8_t next_payload;
    std::uint8_t version;
    std::uint8_t exchange;
    std::uint8_t flags;
    be32 message;
    be32 length;
};
static_assert(sizeof(IkeHeader) == 28);
constexpr std::array<Byte, 8> kNobody{};
constexpr std::uint8_t kFlagInitiator = 0x08;  // version 2
constexpr std::uint8_t kFlagResponse = 0x20;   // version 2
constexpr std::uint8_t kExchangeMain = 2;      // version 1
constexpr std::uint8_t kExchangeAggressive = 4;
constexpr std::uint8_t kExchangeInit = 34;  // version 2
// zero before IKE on port 4500; ESP begins with its number there, which is not zero
constexpr std::size_t kMarkerBytes = 4;

struct IkeMessage {
    bool readable = false;
    IkeHeader header{};
};

IkeMessage read_ike(std::uint16_t vip_port, const Byte* payload, std::size_t bytes) {
    const std::size_t before = vip_port == kIkeNatPort ? kMarkerBytes : 0;
    if (bytes < before + sizeof(IkeHeader)) return {};
    if (before != 0 && load_big_endian<std::uint32_t>(payload) != 0) return {};
    return {true, load_header<IkeHeader>(payload + before)};
}

bool is_esp_in_udp(std::uint16_t vip_port, const Byte* payload, std::size_t bytes) {
    return vip_port == kIkeNatPort && bytes > kMarkerBytes &&
           load_big_endian<std::uint32_t>(payload) != 0;
}

bool insists_on_owner(const PacketInfo& info, const Tables& tables) {
    return info.session_role == SessionRole::begins && tables.ipsec_replaces != 0;
}

// A descriptor that nobody has answered for yet lives on while its client speaks, like all others.
TrackDecision decide_beginning(bool owned, Reason rejected, Descriptor* found,
                               std::uint32_t now_s) {
    if (!owned) {
        if (found == nullptr) return {rejected, DescriptorChange::none};
        return {Reason::moved_flow, DescriptorChange::erase};
    }
    if (found == nullptr) return {Reason::new_flow, DescriptorChange::insert};
    found->seen_s = now_s;
    return {Reason::owner, DescriptorChange::none};
}

}  // namespace

bool is_ike_initiation(std::uint16_t vip_port, const Byte* payload, std::size_t bytes) {
    const IkeMessage message = read_ike(vip_port, payload, bytes);
    if (!message.readable || message.header.initiator == kNobody ||
        message.header.responder != kNobody)
        return false;
    switch (message.header.version >> 4) {
        case 1:
            return message.header.exchange == kExchangeMain ||
                   message.header.exchange == kExchangeAggressive;
        case 2:
            return message.header.exchange == kExchangeInit &&
                   (message.header.flags & (kFlagInitiator | kFlagResponse)) == kFlagInitiator;
        default:
            return false;
    }
}

bool is_past_initiation(std::uint16_t vip_port, const Byte* payload, std::size_t bytes) {
    if (is_esp_in_udp(vip_port, payload, bytes)) return true;
    const IkeMessage message = read_ike(vip_port, payload, bytes);
    const std::uint8_t exchange = message.header.exchange;
    return message.readable && exchange != kExchangeInit && exchange != kExchangeMain &&
           exchange != kExchangeAggressive;
}

TrackDecision decide_session(const PacketInfo& info, const Tables& tables, Descriptor* found,
                             std::uint32_t now_s) {
    const BucketMask bit = BucketMask{1} << info.bucket;
    const bool owned = (tables.own[info.rule] & bit) != 0;
    const bool elsewhere = (tables.dirty_elsewhere[info.rule] & bit) != 0;
    const bool about_the_session = (info.traits & kTraitIcmpError) != 0;
    const Reason rejected = rejection(tables, info.rule, info.bucket);
    if (!about_the_session && insists_on_owner(info, tables))
        return decide_beginning(owned, rejected, found, now_s);
    if (found != nullptr) {
        if (!about_the_session) found->seen_s = now_s;
        return {owned ? Reason::owner : Reason::descriptor, DescriptorChange::none};
    }
    if (!owned) return {rejected, DescriptorChange::none};
    if (elsewhere) return {Reason::tracked_elsewhere, DescriptorChange::none};
    if (about_the_session) return {Reason::owner, DescriptorChange::none};
    return {Reason::new_flow, DescriptorChange::insert};
}

}  // namespace nlb
