// Usual packets over IPv6: TCP or UDP right behind the fixed header, to a virtual address or one
// that is nobody's here, with nothing wrong in it. Addresses that begin with eight bytes of zero
// (unspecified, loopback, IPv4-mapped) are no client's; the stages say why. What depends on the
// destination alone is asked once for packets in a row that have the same one.
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/rule_outcome.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/transport_headers.hpp"

namespace nlb {
namespace {

// An address as it lies in a frame.
struct Raw {
    std::uint64_t high;
    std::uint64_t low;
    bool operator==(const Raw&) const = default;
};
Raw raw_at(const Byte* address) {
    return load_header<Raw>(address);
}
bool is_unicast(const Raw& address) {
    Byte first;
    std::memcpy(&first, &address.high, 1);
    return address.high != 0 && first != 0xff;
}
std::uint64_t number_of(const std::uint64_t& raw) {
    return load_big_endian<std::uint64_t>(reinterpret_cast<const Byte*>(&raw));
}

// What is known of a destination, until a packet to another one comes.
struct Destination {
    Raw address{};
    std::uint32_t protocol_port = 0;  // the port as it lies in a frame
    RuleKey key = 0;
    OutcomeId outcome = kOutcomeStages;  // no packet has the address above
};

// A foreign link-local address may be the inside stack's.
[[gnu::noinline]] void look_up(Destination& destination, const Byte* address,
                               std::uint32_t protocol_port, std::uint16_t port,
                               const TablesIndex& index) {
    const std::uint8_t bit =
        protocol_port >> 16 == kProtocolTcp ? kProtocolTcpBit : kProtocolUdpBit;
    destination.address = raw_at(address);
    destination.protocol_port = protocol_port;
    destination.key = index.address_key_v6(address) | rule_key(0, bit, port);
    destination.outcome = index.outcome_of(destination.key);
    const bool link_local = address[0] == 0xfe && (address[1] & 0xc0U) == 0x80;
    if (!is_unicast(destination.address) ||
        (link_local && address_index_of(destination.key) == kForeignAddress))
        destination.outcome |= kOutcomeStages;
}

// The packets of one burst, one after the other.
template <bool kTagged>
class PassOverV6 {
public:
    PassOverV6(Burst& burst, const BurstContext& context, const FlowIndex& flow_index)
        : burst_(burst),
          context_(context),
          flow_index_(flow_index),
          index_(*context.index),
          key_(context.tables.hash_key),
          cluster_(mac_word(context.tables.cluster_mac)),
          station_(mac_word(context.ports.station(context.tables))) {}

    std::uint64_t pass() {
        std::uint64_t on_fast_path = 0;
        for (const std::uint32_t i : off_fast_path(burst_))
            on_fast_path |= std::uint64_t{settle(i)} << i;
        if (outcomes_ == 1 && on_fast_path == all_slots(burst_))
            burst_.one_rule = outcome_.rule != kNoRule;
        return on_fast_path;
    }

private:
    static constexpr std::size_t kL3 = sizeof(EthernetHeader) + (kTagged ? kVlanTagBytes : 0);
    static constexpr std::size_t kL4 = kL3 + sizeof(Ipv6Header);

    [[gnu::always_inline]] bool has_usual_link(const Byte* frame) const {
        const auto type_version = load_big_endian<std::uint32_t>(frame + kL3 - sizeof(be16));
        if constexpr (kTagged) {
            constexpr std::uint32_t kNoPriority = 0xffff'0000U | kVlanIdMask;
            const auto tag = load_big_endian<std::uint32_t>(frame + kTagOffset) & kNoPriority;
            if (tag != (std::uint32_t{kEthertypeVlan} << 16 | context_.tables.vlan)) return false;
        }
        return mac_word_at(frame) == cluster_ &&
               mac_word_at(frame + kSourceMacOffset) != station_ &&
               type_version >> 12 == (std::uint32_t{kEthertypeIpv6} << 4 | 6);
    }

    // False: it is left to the stages.
    [[gnu::always_inline]] bool settle(std::uint32_t i) {
        const Frame& frame = burst_.frames[i];
        if (frame.length < kL4 + sizeof(UdpHeader) || !has_usual_link(frame.data)) return false;
        const Byte* const ip = frame.data + kL3;
        const Byte* const l4 = frame.data + kL4;
        const std::size_t bytes =
            load_big_endian<std::uint16_t>(ip + offsetof(Ipv6Header, payload_length));
        if (bytes > frame.length - kL4) return false;
        const std::uint8_t protocol = ip[offsetof(Ipv6Header, next_header)];
        std::uint8_t tcp_flags = 0;
        if (protocol == kProtocolTcp) {
            if (!is_whole_tcp(l4, bytes)) return false;
            tcp_flags = l4[offsetof(TcpHeader, flags)];
        } else if (protocol != kProtocolUdp || !is_whole_udp(l4, bytes)) {
            return false;
        }
        const Raw source = raw_at(ip + offsetof(Ipv6Header, source));
        const Byte* const address = ip + offsetof(Ipv6Header, destination);
        const Raw destination = raw_at(address);
        if (!is_unicast(source) || source == destination) return false;
        const auto port = load_header<std::uint16_t>(l4 + offsetof(TcpHeader, destination));
        const std::uint32_t protocol_port = std::uint32_t{protocol} << 16 | port;
        if (destination != to_.address || protocol_port != to_.protocol_port)
            look_up(to_, address, protocol_port,
                    load_big_endian<std::uint16_t>(l4 + offsetof(TcpHeader, destination)), index_);
        if ((to_.outcome & kOutcomeStages) != 0) return false;
        if (to_.outcome != outcome_id_) take_outcome();
        place(i, source, load_big_endian<std::uint16_t>(l4), tcp_flags);
        return true;
    }

    [[gnu::noinline]] void take_outcome() {
        outcome_id_ = to_.outcome;
        set_rule_outcome(outcome_, outcome_id_, context_, flow_index_);
        share_ = ClientShare(outcome_.affinity);
        ++outcomes_;
    }

    [[gnu::always_inline]] void place(std::uint32_t i, const Raw& source, std::uint16_t client_port,
                                      std::uint8_t tcp_flags) {
        burst_.rules[i] = outcome_.rule;
        if (outcome_.fixed != Reason::live) {
            burst_.reasons[i] = outcome_.fixed;
            if (burst_.describe_all) describe(i, 0, client_port, tcp_flags);
            return;
        }
        const std::uint64_t high = number_of(source.high);
        const std::uint64_t low = number_of(source.low);
        const std::uint32_t hash =
            mix_client(key_, high, low & share_.interface_mask, client_port * share_.port_spread);
        const BucketId bucket = bucket_of(hash);
        Reason reason = outcome_.by_bucket[bucket];
        if ((outcome_.look_up.clean >> bucket & 1U) != 0) {
            if (opening_ || (tcp_flags & kTcpBeginsOrEnds) != 0) {
                reason = Reason::live;
                opening_ |= (tcp_flags & kTcpSyn) != 0;
            } else if (passes_unwatched(outcome_.look_up, bucket, flow_index_, high, low,
                                        WatchFilter::ports_of(client_port, port_of(to_.key)))) {
                reason = Reason::owner;
            }
        }
        burst_.reasons[i] = reason;
        if (outcome_.sticky) burst_.sticky |= std::uint64_t{1} << i;
        if (reason == Reason::live || burst_.describe_all)
            describe(i, hash, client_port, tcp_flags);
    }

    // Without a bucket the hash is 0.
    void describe(std::uint32_t i, std::uint32_t hash, std::uint16_t client_port,
                  std::uint8_t tcp_flags) {
        PacketInfo& info = burst_.info[i];
        const Byte* const ip = burst_.frames[i].data + kL3;
        const std::uint16_t index = address_index_of(to_.key);
        info.hash = hash;
        info.rule = outcome_.rule;
        info.bucket = bucket_of(hash);
        std::memcpy(&info.client, ip + offsetof(Ipv6Header, source), sizeof info.client);
        std::memcpy(&info.vip, ip + offsetof(Ipv6Header, destination), sizeof info.vip);
        info.client_port = client_port;
        info.vip_port = port_of(to_.key);
        info.l3_offset = kL3;
        info.l4_offset = kL4;
        info.ip_version = 6;
        info.protocol = protocol_bit_of(to_.key) == kProtocolTcpBit ? kProtocolTcp : kProtocolUdp;
        info.tcp_flags = tcp_flags;
        info.traits = 0;
        info.vip_index =
            index == kForeignAddress ? std::uint8_t{0} : static_cast<std::uint8_t>(index);
        info.session_role = SessionRole::none;
        info.fragment = {};
    }

    Burst& burst_;
    const BurstContext& context_;
    const FlowIndex& flow_index_;
    const TablesIndex& index_;
    const SaltedKey key_;
    // MACs of what usual packets are sent to, and never come from
    const std::uint64_t cluster_;
    const std::uint64_t station_;
    Destination to_;
    OutcomeId outcome_id_ = kOutcomeStages;  // none yet
    std::uint32_t outcomes_ = 0;
    // A flow may begin in this burst that the flow index does not know: what comes behind it goes
    // to track.
    bool opening_ = false;
    ClientShare share_{Affinity::single};
    RuleOutcome outcome_;
};

}  // namespace

std::uint64_t fast_path_v6(Burst& burst, const BurstContext& context, const FlowIndex& flow_index) {
    return context.tables.vlan == 0 ? PassOverV6<false>(burst, context, flow_index).pass()
                                    : PassOverV6<true>(burst, context, flow_index).pass();
}

}  // namespace nlb
