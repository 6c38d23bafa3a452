// Protocols whose flows belong together although no port says so: an IPsec session (UDP 500 and
// 4500, ESP, AH) and the tunnel of a PPTP connection (GRE). What belongs to one, and what a
// message says of its beginning, is told from the packet alone; what is remembered of sessions is
// in core/flow/sessions.hpp. Only IKE's fixed header is read, no payload of it.
#pragma once

#include "core/base/types.hpp"
#include "core/packet/headers.hpp"
#include "core/tables/rule_lookup.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

inline constexpr std::uint16_t kIkePort = 500;
inline constexpr std::uint16_t kIkeNatPort = 4500;  // IKE and ESP in UDP (RFC 3948)
inline constexpr std::uint16_t kPptpPort = 1723;    // TCP (RFC 2637)

[[nodiscard]] constexpr bool is_ipsec_port(std::uint16_t port) {
    return port == kIkePort || port == kIkeNatPort;
}
// A TCP or UDP port of a virtual address that begins or carries sessions. Requires: the bit is that
// of TCP or of UDP.
[[nodiscard]] constexpr bool is_session_port(std::uint8_t protocol_bit, std::uint16_t vip_port) {
    return protocol_bit == kProtocolTcpBit ? vip_port == kPptpPort : is_ipsec_port(vip_port);
}
// `vip_port` is the port of the virtual address; it counts for UDP only.
[[nodiscard]] constexpr bool is_session_packet(std::uint8_t protocol, std::uint16_t vip_port) {
    return protocol == kProtocolGre || protocol == kProtocolEsp ||
           protocol == kProtocolAuthentication ||
           (protocol == kProtocolUdp && is_ipsec_port(vip_port));
}

// The UDP payload of an IPsec port, `bytes` long, is a message that asks for a new security
// association (RFC 7296 3.1, RFC 2408 3.1): the responder has no number yet, and it is the
// initiator who speaks. Requires: `bytes` readable bytes at `payload`.
[[nodiscard]] bool is_ike_initiation(std::uint16_t vip_port, const Byte* payload,
                                     std::size_t bytes);
// The payload is no message of the first exchange: a server says it only to somebody who has shown
// that he receives its answers. Requires: `bytes` readable bytes at `payload`.
[[nodiscard]] bool is_past_initiation(std::uint16_t vip_port, const Byte* payload,
                                      std::size_t bytes);

// All packets of a session go by the rule of the port that begins it, and with it have one bucket.
[[nodiscard]] inline RuleId find_session_rule(const Tables& tables, std::uint8_t vip_index,
                                              std::uint8_t protocol) {
    return protocol == kProtocolGre
               ? find_rule(tables, rule_key(vip_index, kProtocolTcpBit, kPptpPort))
               : find_rule(tables, rule_key(vip_index, kProtocolUdpBit, kIkePort));
}
// A session has no port of its own, so that affinity none counts its client alone.
[[nodiscard]] inline Affinity session_affinity_of(const Tables& tables, RuleId rule) {
    const Affinity affinity = affinity_of(tables, rule);
    return affinity == Affinity::none ? Affinity::single : affinity;
}

}  // namespace nlb
