// Usual packets over IPv6: TCP or UDP right behind the fixed header, to a virtual address, with
// nothing wrong in it. Addresses that begin with eight bytes of zero (unspecified, loopback,
// IPv4-mapped) are no client's; the stages say why.
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/rule_outcome.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/transport_headers.hpp"
#include "core/tables/address_table.hpp"

namespace nlb {
namespace {

constexpr std::size_t kL3 = sizeof(EthernetHeader);
constexpr std::size_t kL4 = kL3 + sizeof(Ipv6Header);

struct Halves {
    std::uint64_t high;
    std::uint64_t low;
};
Halves halves_of(const Byte* address) {
    return {load_big_endian<std::uint64_t>(address), load_big_endian<std::uint64_t>(address + 8)};
}
bool is_unicast(const Halves& address) {
    return address.high != 0 && address.high >> 56 != 0xff;
}

// The index into Tables::addresses; vip_count when there is none.
std::uint32_t find_vip(const Byte* destination, const Tables& tables) {
    std::uint32_t i = 0;
    while (i < tables.vip_count &&
           std::memcmp(&tables.addresses[i].address, destination, sizeof(IpAddress)) != 0)
        ++i;
    return i;
}

bool is_whole(std::uint8_t protocol, const Byte* l4, std::size_t bytes) {
    return protocol == kProtocolTcp ? is_whole_tcp(l4, bytes)
                                    : protocol == kProtocolUdp && is_whole_udp(l4, bytes);
}

struct Fields {
    Halves client;
    std::uint32_t vip_index;
    std::uint16_t client_port;
    std::uint16_t vip_port;
    std::uint8_t protocol;
    std::uint8_t tcp_flags;
};

// MACs as mac_word() makes them of what usual packets are sent to, and never come from.
struct Macs {
    std::uint64_t cluster;
    std::uint64_t station;
};

bool parse_usual(const Frame& frame, const Macs& macs, const Tables& tables, Fields& fields) {
    if (frame.length < kL4 + sizeof(UdpHeader)) return false;
    if (mac_word_at(frame.data) != macs.cluster) return false;
    const Byte* const ip = frame.data + kL3;
    if (load_big_endian<std::uint16_t>(ip - 2) != kEthertypeIpv6 || ip[0] >> 4 != 6) return false;
    if (mac_word_at(frame.data + kSourceMacOffset) == macs.station) return false;
    const std::size_t bytes =
        load_big_endian<std::uint16_t>(ip + offsetof(Ipv6Header, payload_length));
    if (bytes > frame.length - kL4) return false;
    fields.protocol = ip[offsetof(Ipv6Header, next_header)];
    if (!is_whole(fields.protocol, frame.data + kL4, bytes)) return false;
    fields.client = halves_of(ip + offsetof(Ipv6Header, source));
    const Byte* const destination = ip + offsetof(Ipv6Header, destination);
    if (!is_unicast(fields.client) || !is_unicast(halves_of(destination))) return false;
    if (std::memcmp(destination, ip + offsetof(Ipv6Header, source), sizeof(IpAddress)) == 0)
        return false;
    fields.tcp_flags = fields.protocol == kProtocolTcp
                           ? frame.data[kL4 + offsetof(TcpHeader, flags)]
                           : std::uint8_t{0};
    fields.vip_index = find_vip(destination, tables);
    fields.client_port = load_big_endian<std::uint16_t>(frame.data + kL4);
    fields.vip_port = load_big_endian<std::uint16_t>(frame.data + kL4 + 2);
    return fields.vip_index != tables.vip_count;
}

void describe(PacketInfo& info, const Frame& frame, const Fields& fields) {
    const Byte* const ip = frame.data + kL3;
    std::memcpy(&info.client, ip + offsetof(Ipv6Header, source), sizeof info.client);
    std::memcpy(&info.vip, ip + offsetof(Ipv6Header, destination), sizeof info.vip);
    info.client_port = fields.client_port;
    info.vip_port = fields.vip_port;
    info.l3_offset = kL3;
    info.l4_offset = kL4;
    info.ip_version = 6;
    info.protocol = fields.protocol;
    info.tcp_flags = fields.tcp_flags;
    info.traits = 0;
    info.vip_index = static_cast<std::uint8_t>(fields.vip_index);
    info.session_role = SessionRole::none;
    info.fragment = {};
}

}  // namespace

std::uint64_t fast_path_v6(Burst& burst, const BurstContext& context, const FlowIndex& flow_index) {
    const Tables& tables = context.tables;
    const Macs macs{mac_word(tables.cluster_mac), mac_word(context.ports.station(tables))};
    const SaltedKey key(tables.hash_key);
    RuleMemory memory(tables);
    RuleOutcome outcome;
    ClientShare share(Affinity::single);
    RuleKey outcome_key = ~RuleKey{0};
    std::uint32_t outcomes = 0;
    std::uint64_t on_fast_path = 0;
    // A flow may begin in this burst that the flow index does not know: what comes behind it goes
    // to track.
    bool opening = false;
    Fields fields;
    for (const std::uint32_t i : off_fast_path(burst)) {
        if (!parse_usual(burst.frames[i], macs, tables, fields)) continue;
        const RuleKey asked = rule_key(
            static_cast<std::uint8_t>(fields.vip_index),
            fields.protocol == kProtocolTcp ? kProtocolTcpBit : kProtocolUdpBit, fields.vip_port);
        if (asked != outcome_key) {
            set_rule_outcome(outcome, outcome_key = asked, context, flow_index, memory);
            share = ClientShare(outcome.affinity);
            ++outcomes;
        }
        if (outcome.left_alone) continue;
        const std::uint32_t hash =
            mix_client(key, fields.client.high, fields.client.low & share.interface_mask,
                       fields.client_port * share.port_spread);
        const BucketId bucket = bucket_of(hash);
        burst.reasons[i] = outcome.by_bucket[bucket];
        burst.rules[i] = outcome.rule;
        if ((outcome.look_up.clean >> bucket & 1U) != 0) {
            if (opening || (fields.tcp_flags & kTcpBeginsOrEnds) != 0) {
                burst.reasons[i] = Reason::live;
                opening |= (fields.tcp_flags & kTcpSyn) != 0;
            } else if (passes_unwatched(
                           outcome.look_up, bucket, flow_index, fields.client.high,
                           fields.client.low,
                           WatchFilter::ports_of(fields.client_port, fields.vip_port))) {
                burst.reasons[i] = Reason::owner;
            }
        }
        if (burst.reasons[i] == Reason::live || burst.describe_all) {
            PacketInfo& info = burst.info[i];
            info.hash = hash;
            info.rule = outcome.rule;
            info.bucket = bucket;
            describe(info, burst.frames[i], fields);
        }
        on_fast_path |= std::uint64_t{1} << i;
    }
    if (outcomes == 1 && on_fast_path == all_slots(burst)) burst.one_rule = true;
    return on_fast_path;
}

}  // namespace nlb
