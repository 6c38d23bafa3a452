// The immutable context that worker cores read: who this host is, the port rules, and which buckets
// it owns. One value per epoch and install; a burst sees exactly one. Made by config/table_builder
// from the configuration and the membership's view, judged by core/tables/soundness.hpp, carried by
// core/ipc/tables_codec.hpp, published by the dataplane's main lcore (RCU). It decides nothing.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "core/base/types.hpp"

namespace nlb {

enum class LinkMode : std::uint8_t { unicast, multicast, igmp };
enum class IcmpMode : std::uint8_t { one, all };
enum class RuleMode : std::uint8_t { multiple, single, disabled };
enum class Affinity : std::uint8_t { none, single, network };

inline constexpr std::uint8_t kProtocolTcpBit = 1;
inline constexpr std::uint8_t kProtocolUdpBit = 2;

// VIPs and dedicated addresses of all hosts together.
inline constexpr std::size_t kAddressesMax = 256;
// RuleEntry::vip of a rule for every VIP; otherwise an index into Tables::addresses.
inline constexpr std::uint16_t kEveryVip = 0xffff;

// The longest RuleEntry::sticky_ms, a day: milliseconds are counted in 32 bits.
inline constexpr std::uint32_t kStickyMsMax = 86'400'000;

struct RuleEntry {
    std::uint16_t first_port;
    std::uint16_t last_port;
    std::uint16_t vip;
    std::uint8_t protocols;  // kProtocol*Bit
    RuleMode mode;
    Affinity affinity;
    std::array<Byte, 3> zero;
    // A client that returns in time finds its former host (core/clients/client_record.hpp); 0: it
    // goes wherever its bucket is.
    std::uint32_t sticky_ms;
};

enum class AddressKind : std::uint8_t { vip, dedicated_mine, dedicated_other, broadcast };

struct AddressEntry {
    IpAddress address;
    AddressKind kind;
    HostId host;                 // of a dedicated address
    std::uint8_t prefix_length;  // of its subnet; for the inside device, no packet is judged by it
    Byte zero;
};

// 256 bits derived from the cluster key (config/key_file); the affinity hash's only secret.
using HashKey = std::array<std::uint64_t, 4>;

struct Tables {
    std::uint64_t epoch;  // the counter of the epoch this was made in; for display
    // Names the rules, virtual addresses and hash key, by layout_of(): descriptors of another
    // layout are reindexed.
    std::uint64_t layout;
    // Names the epoch exactly: what a client's former host is granted holds in one era.
    std::uint64_t era;
    HashKey hash_key;
    // Buckets that this host may accept new flows for.
    RuleMasks own;
    // Buckets in which some other live host still has descriptors.
    RuleMasks dirty_elsewhere;
    // Bit r: rule r is disabled on this host, so its flows end where this host does not own the
    // bucket any more. Never the default rule's.
    std::uint64_t ended_rules;
    // Who owns by the epoch's targets: for the reason of a rejection, grants, explain and traces.
    OwnerMap owner;
    std::array<RuleEntry, kRulesMax> rules;             // in the order of the configuration
    std::array<AddressEntry, kAddressesMax> addresses;  // VIPs first
    std::uint32_t tcp_idle_s;
    std::uint32_t half_open_s;
    std::uint32_t closing_s;
    std::uint32_t ipsec_idle_s;
    std::uint16_t address_count;
    std::uint16_t vip_count;
    HostId self;
    std::uint8_t rule_count;
    LinkMode mode;
    IcmpMode icmp;
    MacAddress cluster_mac;
    // Unicast mode's source of every egress frame; zero in the other modes, where it is the NIC's
    // own.
    MacAddress masked_mac;
    // 1: a new initiation at the owner ends older state of that client elsewhere
    std::uint8_t ipsec_replaces;
    std::uint8_t settled;  // 1: every member goes by this era, none by an older one
    // Counts the eras that this dataplane has seen; it fills it in (core/clients/client_table.hpp).
    std::uint16_t generation;
    // The cluster's VLAN, 1..4094; 0: its frames are untagged.
    std::uint16_t vlan;
    // UDP to it, at a VIP or a dedicated address of this host, is for the control plane; 0: no port
    // is.
    std::uint16_t remote_port;
    // 1: frames from inside leave with the cluster MAC as their source (a hub, unicast mode)
    std::uint8_t bares_source_mac;
    std::array<Byte, 7> zero;
};
static_assert(std::is_trivially_copyable_v<Tables>);
static_assert(std::has_unique_object_representations_v<RuleEntry> &&
              std::has_unique_object_representations_v<AddressEntry>);
static_assert(std::has_unique_object_representations_v<Tables>);

// Whether clients are remembered for some rule.
[[nodiscard]] bool has_sticky_rules(const Tables& tables);

// A digest of everything that decides a flow's rule and bucket; never 0. Requires: the counts are
// within their bounds.
[[nodiscard]] std::uint64_t layout_of(const Tables& tables);

// The MACs of primary address w.x.y.z: cluster 02:bf:w:x:y:z, masked source of host h
// 02:hh:w:x:y:z, multicast 03:bf:w:x:y:z, igmp 01:00:5e:7f:y:z. An IPv6 primary counts as the XOR
// of its four 32-bit words. Requires of masked_mac: host is 1..32.
[[nodiscard]] MacAddress cluster_mac(LinkMode mode, const IpAddress& primary);
[[nodiscard]] MacAddress masked_mac(HostId host, const IpAddress& primary);

// MACs of the devices that a dataplane found; what the tables cannot know.
struct PortAddresses {
    MacAddress outside;
    MacAddress inside;
    // The source of what this host itself sends, and the answer for its dedicated addresses.
    [[nodiscard]] const MacAddress& station(const Tables& tables) const {
        return tables.mode == LinkMode::unicast ? tables.masked_mac : outside;
    }
    // The source of what the servers send.
    [[nodiscard]] const MacAddress& source(const Tables& tables) const {
        return tables.bares_source_mac != 0 ? tables.cluster_mac : station(tables);
    }
};

inline constexpr std::uint16_t kVlanMax = 4094;  // 4095 is reserved (IEEE 802.1Q)

[[nodiscard]] inline bool owns(const Tables& tables, RuleId rule, BucketId bucket) {
    return (tables.own[rule] >> bucket & 1U) != 0;
}
// Another host still has descriptors in the bucket: it is dirty there.
[[nodiscard]] inline bool is_dirty_elsewhere(const Tables& tables, RuleId rule, BucketId bucket) {
    return (tables.dirty_elsewhere[rule] >> bucket & 1U) != 0;
}

// This host's descriptors in the bucket count no more: it has disabled the rule and given the
// bucket away.
[[nodiscard]] inline bool ends_flows(const Tables& tables, RuleId rule, BucketId bucket) {
    return (tables.ended_rules >> rule & 1U) != 0 && !owns(tables, rule, bucket);
}

// The default host answers ARP, neighbour solicitations and pings for virtual addresses: the owner
// of the rule for the rest.
[[nodiscard]] inline bool is_default_host(const Tables& tables) {
    return tables.own[kDefaultRule] != 0;
}

}  // namespace nlb
