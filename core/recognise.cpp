// The recognise stage: from what is seen of usual packets (core/sight.hpp) to rule, bucket and owner. Of a packet that it rejects nobody
// needs more than that, so only hash, rule and bucket are written; of all others PacketInfo is what the stages behind would make of it, bit
// by bit. The work is laid out for runs of packets that ask for the same rule, because bursts repeat themselves.
#include "core/affinity_hash.hpp"
#include "core/course.hpp"
#include "core/sight.hpp"
#include "core/stages.hpp"

namespace nlb {
namespace {

const auto kSee = has_avx2() ? see_avx2 : see_portable;

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

// The bits of the places whose packets go on.
[[gnu::always_inline]] inline std::uint64_t follow(const Course& course, Places places, const Sight& sight, const SaltedKey& key,
                                                   Burst& burst) {
    std::uint64_t undecided = 0;
    for (const std::uint32_t i : places) {
        const std::uint32_t hash = client_hash_v4(key, course.share, sight.client[i], static_cast<std::uint16_t>(sight.client_port[i]));
        const BucketId bucket = bucket_of(hash);
        PacketInfo& info = burst.info[i];
        info.hash = hash;
        info.rule = course.rule;
        info.bucket = bucket;
        burst.reasons[i] = course.by_bucket[bucket];
        undecided |= (course.undecided >> bucket & 1U) << i;
    }
    return undecided;
}

// Hashing is two multiplications: BMI2's need no fixed registers.
__attribute__((target("bmi,bmi2"))) std::uint64_t follow_bmi2(const Course& course, Places places, const Sight& sight, const SaltedKey& key,
                                                              Burst& burst) {
    return follow(course, places, sight, key, burst);
}
std::uint64_t follow_portable(const Course& course, Places places, const Sight& sight, const SaltedKey& key, Burst& burst) {
    return follow(course, places, sight, key, burst);
}
const auto kFollow = __builtin_cpu_supports("bmi2") != 0 ? follow_bmi2 : follow_portable;

// All but hash, rule and bucket, which are there.
inline void describe(PacketInfo& info, const Sight& sight, std::uint32_t i, const Tables& tables) {
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

}  // namespace

void recognise(Burst& burst, const Snapshot& snapshot, const RuleMasks& held) {
    burst.recognised = 0;
    burst.one_rule = false;
    if (snapshot.tables.self == kNoHost) return;
    Sight sight;
    std::uint64_t left = kSee(burst, Landmarks(snapshot), sight);
    const SaltedKey key(snapshot.tables.hash_key);
    RuleMemory memory(snapshot.tables);
    Course course;
    while (left != 0) {
        const RuleKey rule_key = sight.key[*Places(left).begin()];
        const std::uint64_t same = left & places_of(sight, rule_key);
        left &= ~same;
        set_course(course, rule_key, snapshot, held, memory);
        if (course.left_alone) continue;
        const std::uint64_t undecided = kFollow(course, Places(same), sight, key, burst);
        for (const std::uint32_t i : Places(burst.describe_all ? same : undecided)) describe(burst.info[i], sight, i, snapshot.tables);
        burst.recognised |= same;
        burst.one_rule = same == all_places(burst);
    }
    if (burst.recognised != all_places(burst)) burst.recognised |= recognise_v6(burst, snapshot, held);
}

}  // namespace nlb
