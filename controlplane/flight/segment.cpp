// File: "NLBFLT01", then blocks { u32 compressed bytes, u32 bytes, u32 CRC-32 of them, the
// compressed bytes }; integers are little-endian. The first block is the head, records follow.
#include "controlplane/flight/segment.hpp"

#include <algorithm>
#include <string_view>
#include <zlib.h>

#include "controlplane/flight/differences.hpp"
#include "controlplane/flight/state_archive.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

constexpr std::string_view kName = "NLBFLT01";
constexpr std::size_t kBlockHeaderBytes = 12;
constexpr std::size_t kBlockBytesMax = 64 * 1024 * 1024;
constexpr int kLevel = 6;

std::uint32_t checksum(std::span<const Byte> bytes) {
    return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<unsigned>(bytes.size())));
}

// One stream over all blocks of a file.
class Inflater {
public:
    Inflater() { ready_ = inflateInit(&stream_) == Z_OK; }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    // Appends exactly `bytes` to `out`; false when the block holds something else.
    bool inflate_block(std::span<const Byte> block, std::size_t bytes, std::vector<Byte>& out) {
        const std::size_t before = out.size();
        out.resize(before + bytes);
        stream_.next_in = const_cast<Byte*>(block.data());
        stream_.avail_in = static_cast<unsigned>(block.size());
        stream_.next_out = out.data() + before;
        stream_.avail_out = static_cast<unsigned>(bytes);
        const int result = ready_ ? inflate(&stream_, Z_SYNC_FLUSH) : Z_STREAM_ERROR;
        return (result == Z_OK || result == Z_BUF_ERROR) && stream_.avail_out == 0;
    }

private:
    z_stream stream_{};
    bool ready_ = false;
};

Error damaged(const std::string& name, std::size_t at) {
    return Error{name + ": damaged at byte " + std::to_string(at) + "; collect the bundle again"};
}

}  // namespace

struct SegmentEncoder::Stream {
    z_stream zlib{};
};

SegmentEncoder::SegmentEncoder() : stream_(std::make_unique<Stream>()) {
    NLB_ASSERT(deflateInit(&stream_->zlib, kLevel) == Z_OK);
}

SegmentEncoder::~SegmentEncoder() {
    deflateEnd(&stream_->zlib);
}

std::vector<Byte> SegmentEncoder::begin(const SegmentHead& head) {
    StateWriter writer;
    writer(head);
    FlightWriter file;
    file.raw({reinterpret_cast<const Byte*>(kName.data()), kName.size()});
    file.raw(block(writer.take()));
    return file.take();
}

std::vector<Byte> SegmentEncoder::append(std::span<const Byte> records) {
    return records.empty() ? std::vector<Byte>{} : block(records);
}

std::vector<Byte> SegmentEncoder::block(std::span<const Byte> content) {
    NLB_ASSERT(content.size() <= kBlockBytesMax);
    z_stream& zlib = stream_->zlib;
    // More than deflate ever needs, with room for the flush.
    std::vector<Byte> compressed(deflateBound(&zlib, content.size()) + 64);
    zlib.next_in = const_cast<Byte*>(content.data());
    zlib.avail_in = static_cast<unsigned>(content.size());
    zlib.next_out = compressed.data();
    zlib.avail_out = static_cast<unsigned>(compressed.size());
    NLB_ASSERT(deflate(&zlib, Z_SYNC_FLUSH) == Z_OK && zlib.avail_in == 0 && zlib.avail_out != 0);
    compressed.resize(compressed.size() - zlib.avail_out);
    FlightWriter out;
    out.u32(static_cast<std::uint32_t>(compressed.size()));
    out.u32(static_cast<std::uint32_t>(content.size()));
    out.u32(checksum(content));
    out.raw(compressed);
    return out.take();
}

Result<Segment> read_segment(std::span<const Byte> file, const std::string& name) {
    if (file.size() < kName.size() ||
        !std::equal(kName.begin(), kName.end(), file.begin(), file.begin() + kName.size()))
        return Error{name + ": no recording of this program"};
    Segment segment;
    Inflater inflater;
    std::vector<Byte> head;
    std::size_t at = kName.size();
    for (std::size_t blocks = 0; at < file.size(); ++blocks) {
        FlightReader header(file.subspan(at));
        const std::size_t compressed = header.u32();
        const std::size_t bytes = header.u32();
        const std::uint32_t sum = header.u32();
        if (!header.ok() || compressed > file.size() - at - kBlockHeaderBytes) {
            segment.cut = true;
            break;
        }
        std::vector<Byte>& into = blocks == 0 ? head : segment.records;
        if (bytes > kBlockBytesMax || into.size() + bytes > kSegmentRecordsMax)
            return damaged(name, at);
        const std::size_t before = into.size();
        if (!inflater.inflate_block(file.subspan(at + kBlockHeaderBytes, compressed), bytes,
                                    into) ||
            checksum(std::span{into}.subspan(before)) != sum)
            return damaged(name, at);
        at += kBlockHeaderBytes + compressed;
    }
    StateReader reader(head, nullptr);
    reader(segment.head);
    if (head.empty()) return Error{name + ": cut off before its beginning was whole"};
    if (!reader.is_whole() || segment.head.format != kFlightVersion)
        return Error{name + ": recorded by another version of nlb; replay it with that one"};
    return segment;
}

}  // namespace nlb::controlplane
