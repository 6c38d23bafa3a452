// The recognise stage: from what is seen of usual packets (core/fastpath/fast_parse.hpp) to rule, bucket (core/fastpath/bucket_columns.hpp)
// and owner. Of a packet that it settles nobody needs more than reason and rule, which are columns of the burst; of those that go on to
// track PacketInfo is what the stages behind would make of it, bit by bit. The work is laid out for runs of packets that ask for the same
// rule, because bursts repeat themselves.
#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/rule_outcome.hpp"
#include "core/packet/stages.hpp"

namespace nlb {
namespace {

// Chosen at start-up, by what the processor has.
const auto kSee = has_avx2() ? see_avx2 : see_portable;
const auto kPlace = has_avx2() ? place_avx2 : place_portable;
const auto kSettle = has_avx2() ? settle_avx2 : settle_portable;

// Bit i: packet i asks for the same rule; what is there of frames that are not usual is waste.
std::uint64_t places_of(const Sight& sight, RuleKey key) {
    std::uint64_t same = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(key));
    for (std::size_t i = 0; i < kBurstMax; i += 4) {
        const __m128i some = _mm_load_si128(reinterpret_cast<const __m128i*>(&sight.key[i]));
        same |= static_cast<std::uint64_t>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(some, wanted)))) << i;
    }
#else
    for (std::size_t i = 0; i < kBurstMax; ++i) same |= std::uint64_t{sight.key[i] == key} << i;
#endif
    return same;
}

// Of TCP packets that begin or end a flow, those in buckets of ours: they go on to track. A bucket in which a flow may begin in this very
// burst is not quiet any more, because the ledger does not know that flow yet.
std::uint64_t find_turns(Course& course, std::uint64_t places, const Sight& sight, const Placement& placement, const Tables& tables) {
    std::uint64_t turns = 0;
    BucketMask opening = 0;
    for (const std::uint32_t i : Places(places)) {
        const BucketMask bit = BucketMask{1} << placement.bucket[i];
        if ((course.quiet & bit) == 0) continue;
        turns |= std::uint64_t{1} << i;
        if ((sight.tcp_flags[i] & kTcpSyn) != 0) opening |= bit;
    }
    if ((opening & ~course.live) != 0) {
        course.live |= opening;
        kColour(course.by_bucket, tables.owner[course.rule], course.quiet, course.live | course.watched);
    }
    return turns;
}

// In a bucket with watched flows only theirs go on to track.
std::uint64_t without_unwatched(const Course& course, std::uint64_t live, const Sight& sight, const Placement& placement,
                                const ConnectionLedger& ledger, Burst& burst) {
    constexpr std::uint64_t kMapped = 0xffff'0000'0000ULL;
    std::uint64_t watched = live;
    for (const std::uint32_t i : Places(live)) {
        const auto ports = ConnectionLedger::ports_of(static_cast<std::uint16_t>(sight.client_port[i]), port_of(sight.key[i]));
        if (!passes_unwatched(course, placement.bucket[i], ledger, 0, kMapped | sight.client[i], ports)) continue;
        burst.reasons[i] = Reason::owner;
        watched &= ~(std::uint64_t{1} << i);
    }
    return watched;
}

// The places whose packets go on to track.
std::uint64_t settle(Course& course, std::uint64_t places, const Sight& sight, const Placement& placement, const Tables& tables,
                     const ConnectionLedger& ledger, Burst& burst) {
    const std::uint64_t turns = course.quiet == 0 ? 0 : find_turns(course, places & sight.turns, sight, placement, tables);
    const std::uint64_t live = kSettle(course.by_bucket, course.rule, places, placement, burst);
    for (const std::uint32_t i : Places(turns)) burst.reasons[i] = Reason::live;
    return turns | (course.watched == 0 ? live : without_unwatched(course, live & ~turns, sight, placement, ledger, burst));
}

inline void describe(PacketInfo& info, const Sight& sight, const Placement& placement, std::uint32_t i, const Course& course,
                     const Tables& tables) {
    info.hash = placement.hash[i];
    info.rule = course.rule;
    info.bucket = placement.bucket[i];
    const RuleKey key = sight.key[i];
    const be32 client{sight.client[i]};
    info.client = mapped_from(reinterpret_cast<const Byte*>(&client));
    info.vip = tables.addresses[vip_index_of(key)].address;
    info.client_port = static_cast<std::uint16_t>(sight.client_port[i]);
    info.vip_port = port_of(key);
    info.l3_offset = sizeof(EthernetHeader);
    info.l4_offset = sizeof(EthernetHeader) + sizeof(Ipv4Header);
    info.ip_version = 4;
    info.protocol = protocol_bit_of(key) == kProtocolTcpBit ? kProtocolTcp : kProtocolUdp;
    info.tcp_flags = static_cast<std::uint8_t>(sight.tcp_flags[i]);
    info.traits = 0;
    info.vip_index = vip_index_of(key);
    info.session_role = SessionRole::none;
    info.fragment = {};
}

// Bursts are mostly of one IP version; which one is looked for first decides nothing else.
bool begins_with_v6(const Burst& burst) {
    const Frame& first = burst.frames[0];
    return burst.count != 0 && first.length >= sizeof(EthernetHeader) &&
           load_big_endian<std::uint16_t>(first.data + sizeof(EthernetHeader) - 2) == kEthertypeIpv6;
}

}  // namespace

void recognise(Burst& burst, const Snapshot& snapshot, const ConnectionLedger& ledger) {
    burst.recognised = 0;
    burst.one_rule = false;
    if (snapshot.tables.self == kNoHost) return;
    const bool v6_first = begins_with_v6(burst);
    if (v6_first && (burst.recognised = recognise_v6(burst, snapshot, ledger)) == all_places(burst)) return;
    Sight sight;
    const std::uint64_t usual = kSee(burst, Landmarks(snapshot), sight);
    const SaltedKey key(snapshot.tables.hash_key);
    RuleMemory memory(snapshot.tables);
    Placement placement;
    std::uint64_t placed = 0;
    Affinity placed_by = Affinity::single;
    Course course;
    for (std::uint64_t left = usual; left != 0;) {
        const RuleKey rule_key = sight.key[*Places(left).begin()];
        const std::uint64_t same = left & places_of(sight, rule_key);
        left &= ~same;
        set_course(course, rule_key, snapshot, ledger, memory);
        if (course.left_alone) continue;
        if ((same & ~placed) != 0 || placed_by != course.affinity) {
            placed = left | same;
            placed_by = course.affinity;
            kPlace(sight, placed, key, ClientShare(placed_by), placement);
        }
        const std::uint64_t live = settle(course, same, sight, placement, snapshot.tables, ledger, burst);
        for (const std::uint32_t i : Places(burst.describe_all ? same : live))
            describe(burst.info[i], sight, placement, i, course, snapshot.tables);
        burst.recognised |= same;
        burst.one_rule = same == all_places(burst);
    }
    if (!v6_first && burst.recognised != all_places(burst)) burst.recognised |= recognise_v6(burst, snapshot, ledger);
}

}  // namespace nlb
