// What an IKE header tells.
#include "core/packet/session_protocols.hpp"

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

}  // namespace nlb
