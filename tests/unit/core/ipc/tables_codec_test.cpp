// The codec of tables, which no damaged bytes may pass.
#include "core/ipc/tables_codec.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

bool same(const Tables& a, const Tables& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

FixedTables fixed(const std::string& name) {
    FixedTables cluster;
    cluster.cluster_name = name;
    cluster.outside = "net_null0";
    cluster.inside = "net_tap0,iface=nlb0";
    cluster.lcores = {2, 3};
    cluster.connections_max = 1000;
    cluster.tables = make_tables(2);
    return cluster;
}

constexpr std::size_t kHeaderBytes = 20;

// Makes the header right again for bytes that were changed behind it, by a second implementation of
// the checksum.
void seal(std::vector<Byte>& bytes) {
    store_big_endian(bytes.data() + 8, static_cast<std::uint32_t>(bytes.size() - kHeaderBytes));
    std::uint64_t digest = 0xcbf29ce484222325ULL;
    for (std::size_t at = kHeaderBytes; at < bytes.size(); ++at)
        digest = (digest ^ bytes[at]) * 0x100000001b3ULL;
    store_big_endian(bytes.data() + 12, digest);
}

// What the decoder says of tables with one thing wrong, behind a right header.
std::string fault_of(const std::function<void(Tables&)>& spoil) {
    Tables tables = make_tables(1);
    std::vector<Byte> bytes = encode_tables(tables);
    spoil(tables);
    std::memcpy(bytes.data() + kHeaderBytes, &tables, sizeof tables);
    seal(bytes);
    const auto decoded = decode_tables(bytes);
    return decoded ? "" : decoded.error().message;
}

TEST(TablesCodec, GivesBackWhatItTook) {
    const Tables tables = make_tables(3, LinkMode::igmp);
    const auto decoded = decode_tables(encode_tables(tables));
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(same(decoded.value(), tables));
}
TEST(TablesCodec, GivesBackAFile) {
    const std::vector<FixedTables> clusters{fixed("web"), fixed("mail")};
    const auto decoded = decode_tables_file(encode_tables_file(clusters), "t");
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded.value().size(), 2U);
    EXPECT_EQ(decoded.value()[1].cluster_name, "mail");
    EXPECT_EQ(decoded.value()[1].outside, "net_null0");
    EXPECT_EQ(decoded.value()[1].inside, "net_tap0,iface=nlb0");
    EXPECT_EQ(decoded.value()[1].lcores, (std::vector<std::uint16_t>{2, 3}));
    EXPECT_EQ(decoded.value()[1].connections_max, 1000U);
    EXPECT_TRUE(same(decoded.value()[1].tables, clusters[1].tables));
}
TEST(TablesCodec, EveryFlippedBitIsNoticed) {
    const std::vector<Byte> good = encode_tables(make_tables(1));
    Prng random(3);
    for (std::size_t i = 0; i < 4000; ++i) {
        std::vector<Byte> bad = good;
        const std::size_t bit = i < 160 ? i : random.below(good.size() * 8);
        bad[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
        ASSERT_FALSE(decode_tables(bad)) << bit;
    }
}
TEST(TablesCodec, EveryShorterOrLongerRunIsNoticed) {
    std::vector<Byte> longer = encode_tables(make_tables(1));
    const std::size_t whole = longer.size();
    longer.push_back(0);
    EXPECT_FALSE(decode_tables(longer));
    for (std::size_t length = 0; length < whole; length += length < 64 ? 1 : 37)
        ASSERT_FALSE(decode_tables({longer.data(), length})) << length;
}
TEST(TablesCodec, RandomBytesAreNoTables) {
    Prng random(5);
    for (int i = 0; i < 2000; ++i) {
        std::vector<Byte> bytes(random.below(300));
        for (Byte& byte : bytes) byte = static_cast<Byte>(random.next());
        EXPECT_FALSE(decode_tables(bytes));
        EXPECT_FALSE(decode_tables_file(bytes, "t"));
    }
}
TEST(TablesCodec, RandomFilesBehindARightHeaderNeitherCrashNorPass) {
    // A file of one cluster whose payload is rewritten.
    std::vector<Byte> file = encode_tables_file({fixed("web")});
    Prng random(6);
    for (int i = 0; i < 2000; ++i) {
        std::vector<Byte> bad(
            file.begin(),
            file.begin() + static_cast<std::ptrdiff_t>(20 + random.below(file.size() - 20)));
        for (int k = 0; k < 8 && bad.size() > 20; ++k)
            bad[20 + random.below(bad.size() - 20)] = static_cast<Byte>(random.next());
        seal(bad);
        EXPECT_FALSE(decode_tables_file(bad, "t"));
    }
}
TEST(TablesCodec, AnErrorNamesTheFileAndTheRemedy) {
    const auto decoded = decode_tables_file(std::vector<Byte>(100), "/etc/nlb/web.tables");
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().message,
              "/etc/nlb/web.tables: not tables; write them with `nlb tables`");
}
TEST(TablesCodec, NothingThatACoreWouldIndexWithIsOutOfRange) {
    EXPECT_EQ(fault_of([](Tables&) {}), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rule_count = 33; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.address_count = 257; }), "");
    EXPECT_NE(
        fault_of([](Tables& t) { t.vip_count = static_cast<std::uint16_t>(t.address_count + 1); }),
        "");
    EXPECT_NE(fault_of([](Tables& t) { t.vip_count = 1; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rules[2].vip = t.vip_count; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rules[0].first_port = 81; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rules[0].protocols = 0; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rules[0].protocols = 4; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rules[0].mode = static_cast<RuleMode>(3); }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.rules[0].affinity = static_cast<Affinity>(3); }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.addresses[5].kind = static_cast<AddressKind>(4); }), "");
    EXPECT_NE(fault_of([](Tables& t) { std::swap(t.addresses[3], t.addresses[4]); }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.own[0] |= std::uint64_t{1} << 60; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.own[20] = 1; }), "");
    EXPECT_NE(
        fault_of([](Tables& t) { t.dirty_elsewhere[kDefaultRule] |= std::uint64_t{1} << 63; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.owner[3][59] = 33; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.self = 33; }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.mode = static_cast<LinkMode>(3); }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.icmp = static_cast<IcmpMode>(2); }), "");
    EXPECT_NE(fault_of([](Tables& t) { t.tcp_idle_s = 0; }), "");
}

TEST(TablesCodec, TablesThatNoCoreMayBeGivenAreNotWritten) {
    Tables tables = make_tables(1);
    tables.own[kHttp] |= BucketMask{1} << kBuckets;
    EXPECT_DEATH(static_cast<void>(encode_tables(tables)), "assertion failed");
}

}  // namespace
}  // namespace nlb::test
