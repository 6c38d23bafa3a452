// Tables as bytes, alone and in a file, and then as what every core indexes with. Promises: what
// decodes is encoded again to the same bytes, and no frame of any kind reads or writes beyond
// tables that were let through.
//
// An input: a byte that says what the rest is: raw bytes, or the payload of tables or of a file,
// which gets a true header. Payloads are changes to good ones: { offset (two bytes), length, bytes
// }.
#include <memory>
#include <string>

#include "core/fastpath/tables_index.hpp"
#include "core/flow/simple_connections.hpp"
#include "core/ipc/tables_codec.hpp"
#include "core/pipeline.hpp"
#include "tests/fuzz/frame_mutator.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::fuzz {
namespace {

constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kChangesMax = 16;
enum class Kind : std::uint8_t { raw, raw_file, tables, file };

const std::vector<Byte>& good(Kind kind) {
    static const auto tables = encode_tables(test::make_tables(2));
    static const auto file = encode_tables_file(
        {{"web", "net_null0", "net_null1", {2, 3}, 1000, test::make_tables(1)},
         {"two", "net_null2", "net_null3", {}, 1, test::make_tables(3, LinkMode::igmp)}});
    return kind == Kind::tables ? tables : file;
}

// The header's size and checksum as they should be, so that validation has to find what is wrong.
void put_right(std::vector<Byte>& bytes) {
    std::uint64_t digest = 0xcbf29ce484222325ULL;
    for (std::size_t i = kHeaderBytes; i < bytes.size(); ++i)
        digest = (digest ^ bytes[i]) * 0x100000001b3ULL;
    store_big_endian(bytes.data() + 8, static_cast<std::uint32_t>(bytes.size() - kHeaderBytes));
    store_big_endian(bytes.data() + 12, digest);
}

std::vector<Byte> changed(const std::vector<Byte>& from, Choices& choices) {
    std::vector<Byte> bytes(from);
    for (std::size_t i = 0; i < kChangesMax && !choices.empty(); ++i) {
        const std::size_t offset = kHeaderBytes + choices.u16() % (bytes.size() - kHeaderBytes);
        const auto run = choices.take(choices.u8() % 32);
        std::copy_n(run.begin(), std::min(run.size(), bytes.size() - offset),
                    bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    put_right(bytes);
    return bytes;
}

const std::vector<std::vector<Byte>>& frames() {
    static const auto made = [] {
        Prng chance(1);
        std::vector<std::vector<Byte>> frames;
        while (frames.size() < kBurstMax) frames.push_back(random_frame(chance));
        return frames;
    }();
    return made;
}

// One burst of every kind of frame each way.
void serve(const Tables& tables) {
    const PortAddresses ports{test::kOutsideMac, test::kInsideMac};
    const auto index = std::make_unique<TablesIndex>(tables);
    const BurstContext context{
        tables, ports, Instant{std::chrono::hours{10}}, true, 0, 1, nullptr, {}, index.get()};
    SimpleConnections connections;
    FragmentTable fragments(1);
    Counters counters{};
    for (const bool ingress : {true, false}) {
        std::vector<std::vector<Byte>> buffers(frames());
        Burst burst;
        burst.count = kBurstMax;
        for (std::size_t i = 0; i < kBurstMax; ++i)
            burst.frames[i] = {buffers[i].data(), static_cast<std::uint16_t>(buffers[i].size()),
                               static_cast<std::uint16_t>(buffers[i].size())};
        if (ingress)
            settle_ingress(burst, context, connections, fragments, counters);
        else
            settle_egress(burst, context, connections, counters);
        for (std::size_t i = 0; i < kBurstMax; ++i)
            require(burst.reasons[i] != Reason::live, "every packet is settled");
    }
}

void check_tables(std::span<const Byte> bytes) {
    const auto tables = decode_tables(bytes);
    if (!tables) return require(!tables.error().message.empty(), "a refusal says why");
    require(std::ranges::equal(encode_tables(tables.value()), bytes),
            "tables that were read are written alike");
    serve(tables.value());
}

void check_file(std::span<const Byte> bytes) {
    const auto clusters = decode_tables_file(bytes, "file");
    if (!clusters) return require(!clusters.error().message.empty(), "a refusal says why");
    const auto again = decode_tables_file(encode_tables_file(clusters.value()), "file");
    require(again.ok() && again.value().size() == clusters.value().size(),
            "a file that was read is written and read again");
    for (const FixedTables& cluster : clusters.value()) serve(cluster.tables);
}

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb::fuzz;
    Choices choices({data, size});
    const auto kind = static_cast<Kind>(choices.u8() % 4);
    const auto bytes = kind >= Kind::tables
                           ? changed(good(kind), choices)
                           : std::vector<nlb::Byte>(choices.rest().begin(), choices.rest().end());
    if (kind == Kind::raw || kind == Kind::tables)
        check_tables(bytes);
    else
        check_file(bytes);
    return 0;
}

// A change to a field that somebody indexes or counts with, in a third of the cases.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    using nlb::Tables;
    nlb::Prng chance(seed);
    if (chance.chance(600'000) || size + 5 > max_size)
        return LLVMFuzzerMutate(data, size, max_size);
    constexpr std::size_t kOwner = offsetof(Tables, owner), kRules = offsetof(Tables, rules),
                          kAddresses = offsetof(Tables, addresses);
    const std::array<std::size_t, 10> fields{
        offsetof(Tables, address_count),
        offsetof(Tables, vip_count),
        offsetof(Tables, self),
        offsetof(Tables, rule_count),
        offsetof(Tables, mode),
        offsetof(Tables, own) + chance.below(sizeof(nlb::RuleMasks)),
        offsetof(Tables, dirty_elsewhere) + chance.below(sizeof(nlb::RuleMasks)),
        kOwner + chance.below(sizeof(nlb::OwnerMap)),
        kRules + chance.below(7 * sizeof(nlb::RuleEntry)),
        kAddresses + chance.below(13 * sizeof(nlb::AddressEntry))};
    const std::size_t offset = fields[chance.below(fields.size())];
    const std::array<nlb::Byte, 5> change{
        static_cast<nlb::Byte>(offset >> 8), static_cast<nlb::Byte>(offset), 2,
        static_cast<nlb::Byte>(chance.below(300)), static_cast<nlb::Byte>(chance.below(3))};
    std::vector<nlb::Byte> bytes(data, data + size);
    if (bytes.empty()) bytes.push_back(2);
    bytes.insert(bytes.end(), change.begin(), change.end());
    return hand_over(bytes, data, max_size);
}
