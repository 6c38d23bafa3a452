// A heartbeat of Windows NLB out of an Ethernet frame, as Wireshark's field names document it.
// Integers are little-endian, addresses in network order. What convergence states and rule codes
// mean is not public: they are numbers here. Nothing is answered, no bucket is computed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::cli::windows {

inline constexpr std::uint16_t kHeartbeatEthertype = 0x886f;
inline constexpr std::uint32_t kMembershipSignature = 0xc0de01bf;
inline constexpr std::uint32_t kIdentitySignature = 0xc0de01c0;
inline constexpr std::uint32_t kReliableSignature = 0xc0de01de;

struct HeartbeatHeader {
    std::uint32_t signature = 0;
    std::uint32_t version = 0;  // major in bits 15-8, minor in 7-0
    std::uint32_t host_id = 0;  // 1..32 of an honest host
    IpAddress cluster;          // the primary address
    IpAddress host;             // a dedicated address
};

// Each array has a slot for each rule; the last that is used is the default rule's.
struct MembershipBody {
    std::uint16_t host_id = 0;
    std::uint16_t default_host_id = 0;
    std::uint16_t convergence_state = 0;
    std::uint16_t port_rules = 0;
    std::uint32_t host_code = 0;
    std::uint32_t packets_handled = 0;
    std::uint32_t teaming = 0;
    std::array<std::uint32_t, kRuleSlots> rule_codes{};
    std::array<std::uint64_t, kRuleSlots> current_map{};
    std::array<std::uint64_t, kRuleSlots> new_map{};
    std::array<std::uint64_t, kRuleSlots> idle_map{};
    std::array<std::uint64_t, kRuleSlots> ready_map{};
    std::array<std::uint32_t, kRuleSlots> load_weights{};
};

struct IdentityBody {
    std::string name;                  // UTF-8; empty: not told
    std::vector<IpAddress> addresses;  // what follows the first one is padding to Wireshark
};

struct WindowsHeartbeat {
    MacAddress destination;
    MacAddress source;
    HeartbeatHeader header;
    // Nothing: the reliable protocol, whose layout is not public.
    std::variant<std::monostate, MembershipBody, IdentityBody> body;
};

enum class FrameKind { other, damaged, heartbeat };

// `other`: another ethertype, or one of these with a signature that no document names. `damaged`:
// too short for what its signature promises. Up to two VLAN tags are looked through.
[[nodiscard]] FrameKind decode_heartbeat(std::span<const Byte> frame, WindowsHeartbeat& into);

}  // namespace nlb::cli::windows
