// Tables travel as the struct itself behind a header: both ends are the same build, which the
// header's size and version prove. A checksum catches damage; validation catches everything else,
// because every core indexes with these fields.
#include "core/ipc/tables_codec.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/byte_stream.hpp"
#include "core/base/fnv.hpp"
#include "core/base/limits.hpp"
#include "core/tables/soundness.hpp"

namespace nlb {
namespace {

constexpr std::uint32_t kTablesMagic = 0x4e4c4254;  // "NLBT"
constexpr std::uint32_t kFileMagic = 0x4e4c4246;    // "NLBF"
constexpr std::uint32_t kVersion = 4;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kTextBytesMax = 4096;
constexpr std::size_t kLcoresMax = 256;

std::uint64_t digest_of(std::span<const Byte> bytes) {
    Fnv1a digest;
    digest.add(bytes);
    return digest.digest();
}

std::vector<Byte> with_header(std::uint32_t magic, std::span<const Byte> payload) {
    std::vector<Byte> bytes(kHeaderBytes + payload.size());
    store_big_endian(bytes.data(), magic);
    store_big_endian(bytes.data() + 4, kVersion);
    store_big_endian(bytes.data() + 8, static_cast<std::uint32_t>(payload.size()));
    store_big_endian(bytes.data() + 12, digest_of(payload));
    std::copy(payload.begin(), payload.end(), bytes.begin() + kHeaderBytes);
    return bytes;
}

// `what` names the bytes in the sentence.
Result<std::span<const Byte>> behind_header(std::uint32_t magic, std::span<const Byte> bytes,
                                            const std::string& what) {
    ByteReader reader(bytes);
    const std::uint32_t found_magic = reader.u32();
    const std::uint32_t version = reader.u32();
    const std::uint32_t size = reader.u32();
    const std::uint64_t digest = reader.u64();
    if (!reader.ok() || found_magic != magic)
        return Error{what + ": not tables; write them with `nlb tables`"};
    if (version != kVersion)
        return Error{what + ": version " + std::to_string(version) + ", this build reads " +
                     std::to_string(kVersion) +
                     "; write them again with the `nlb tables` of this build"};
    const auto payload = bytes.subspan(kHeaderBytes);
    if (payload.size() != size)
        return Error{what + ": " + std::to_string(payload.size()) + " bytes where " +
                     std::to_string(size) + " were written; copy them again"};
    if (digest_of(payload) != digest)
        return Error{what + ": damaged, the checksum differs; write them again"};
    return payload;
}

Result<Tables> decode_payload(std::span<const Byte> payload, const std::string& what) {
    if (payload.size() != sizeof(Tables))
        return Error{
            what +
            ": laid out by another build; write them again with the `nlb tables` of this build"};
    Tables tables;
    std::memcpy(&tables, payload.data(), sizeof tables);
    const char* const fault = first_fault(tables);
    if (fault != nullptr)
        return Error{what + ": they hold " + fault + "; write them again with `nlb tables`"};
    return tables;
}

std::span<const Byte> bytes_of(const Tables& tables) {
    return {reinterpret_cast<const Byte*>(&tables), sizeof tables};
}

void write_text(ByteWriter& writer, const std::string& text) {
    writer.u16(static_cast<std::uint16_t>(text.size()));
    writer.run({reinterpret_cast<const Byte*>(text.data()), text.size()});
}

// ByteReader gives no runs, so text is read byte by byte; it is short.
std::string read_text(ByteReader& reader) {
    const std::size_t bytes = std::min<std::size_t>(reader.u16(), kTextBytesMax);
    std::string text;
    for (std::size_t i = 0; i < bytes && reader.ok(); ++i)
        text.push_back(static_cast<char>(reader.u8()));
    return text;
}

static_assert(kClustersMax * (sizeof(Tables) + 4096) < kTablesFileBytesMax);

}  // namespace

std::vector<Byte> encode_tables(const Tables& tables) {
    assert_sound(tables);
    return with_header(kTablesMagic, bytes_of(tables));
}

Result<Tables> decode_tables(std::span<const Byte> bytes) {
    const auto payload = behind_header(kTablesMagic, bytes, "tables");
    if (!payload) return payload.error();
    return decode_payload(payload.value(), "tables");
}

std::vector<Byte> encode_tables_file(const std::vector<FixedTables>& clusters) {
    NLB_ASSERT(clusters.size() <= kClustersMax);
    ByteWriter writer;
    writer.u32(static_cast<std::uint32_t>(clusters.size()));
    for (const FixedTables& cluster : clusters) {
        NLB_ASSERT(cluster.lcores.size() <= kLcoresMax);
        for (const std::string* text : {&cluster.cluster_name, &cluster.outside, &cluster.inside}) {
            NLB_ASSERT(text->size() <= kTextBytesMax);
            write_text(writer, *text);
        }
        writer.u16(static_cast<std::uint16_t>(cluster.lcores.size()));
        for (const std::uint16_t lcore : cluster.lcores) writer.u16(lcore);
        writer.u32(cluster.connections_max);
        writer.run(bytes_of(cluster.tables));
    }
    return with_header(kFileMagic, writer.bytes());
}

Result<std::vector<FixedTables>> decode_tables_file(std::span<const Byte> bytes,
                                                    const std::string& name) {
    if (bytes.size() > kTablesFileBytesMax)
        return Error{name + ": larger than any tables; write them with `nlb tables`"};
    const auto found = behind_header(kFileMagic, bytes, name);
    if (!found) return found.error();
    const std::span<const Byte> payload = found.value();
    ByteReader reader(payload);
    const std::uint32_t count = reader.u32();
    if (count == 0 || count > kClustersMax)
        return Error{name + ": no cluster or more than " + std::to_string(kClustersMax) +
                     "; write them again with `nlb tables`"};
    std::vector<FixedTables> clusters;
    for (std::uint32_t i = 0; i < count; ++i) {
        FixedTables cluster;
        cluster.cluster_name = read_text(reader);
        cluster.outside = read_text(reader);
        cluster.inside = read_text(reader);
        const std::size_t lcores = std::min<std::size_t>(reader.u16(), kLcoresMax);
        for (std::size_t k = 0; k < lcores; ++k) cluster.lcores.push_back(reader.u16());
        cluster.connections_max = reader.u32();
        const std::size_t at = payload.size() - reader.left();
        reader.skip(sizeof(Tables));
        if (!reader.ok())
            return Error{name +
                         ": it ends too early, or was laid out by another build; write it again "
                         "with `nlb tables`"};
        const auto tables = decode_payload(payload.subspan(at, sizeof(Tables)), name);
        if (!tables) return tables.error();
        cluster.tables = tables.value();
        clusters.push_back(std::move(cluster));
    }
    if (reader.left() != 0)
        return Error{name + ": bytes follow the last cluster; write it again with `nlb tables`"};
    return clusters;
}

}  // namespace nlb
