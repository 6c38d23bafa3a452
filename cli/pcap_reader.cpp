// Both formats by hand: they are small, and a reader of its own can say which packet of which file
// is broken. Lengths in the file are looked at before anything is allocated for them.
#include "cli/pcap_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>

#include "cli/cooked_frame.hpp"
#include "core/base/endian.hpp"

namespace nlb::cli {
namespace {

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kInterfaceBlock = 1;
constexpr std::uint32_t kPacketBlock = 2;  // obsolete, still found
constexpr std::uint32_t kSimpleBlock = 3;
constexpr std::uint32_t kEnhancedBlock = 6;
constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionTimeResolution = 9;
constexpr std::uint32_t kLinkEthernet = 1;
constexpr std::uint32_t kBlockBytesMax = 16U << 20;
constexpr std::size_t kInterfacesMax = 1024;

std::uint64_t power(std::uint64_t base, unsigned exponent) {
    std::uint64_t value = 1;
    while (exponent-- > 0) value *= base;
    return value;
}

// 0: a resolution that no real file has.
std::uint64_t ticks_from(Byte resolution) {
    const unsigned exponent = resolution & 0x7fU;
    if ((resolution & 0x80U) != 0) return exponent < 64 ? power(2, exponent) : 0;
    return exponent < 20 ? power(10, exponent) : 0;
}

std::chrono::nanoseconds time_of(std::uint64_t ticks, std::uint64_t ticks_per_second) {
    const Uint128 ns = Uint128{ticks} * 1'000'000'000U / ticks_per_second;
    return std::chrono::nanoseconds{static_cast<std::int64_t>(ns & INT64_MAX)};
}

}  // namespace

PcapReader::PcapReader(std::string path)
    : path_(std::move(path)), file_(path_ == "-" ? "/dev/stdin" : path_, std::ios::binary) {}

Result<PcapReader> PcapReader::open(const std::string& path) {
    errno = 0;
    PcapReader reader(path);
    if (!reader.file_)
        return Error{fmt::format("{}: cannot open the capture: {}", path, std::strerror(errno))};
    if (auto status = reader.read_header(); !status) return status.error();
    return reader;
}

Result<std::optional<CapturedPacket>> PcapReader::next() {
    auto packet = next_generation_ ? next_block() : next_record();
    if (packet && packet.value()) ++packets_;
    return packet;
}

Status PcapReader::read_header() {
    Byte magic[4];
    if (!take(magic, sizeof magic))
        return Error{path_ + ": not a capture: it is shorter than the header of one"};
    std::uint32_t native = 0;
    std::memcpy(&native, magic, sizeof native);
    if (native == kSectionHeader) {
        next_generation_ = true;
        return read_section();
    }
    swapped_ = native != kMicroseconds && native != kNanoseconds;
    const std::uint32_t kind = u32(magic);
    if (kind != kMicroseconds && kind != kNanoseconds)
        return Error{path_ + ": not a capture: expected pcap or pcapng"};
    if (kind == kNanoseconds) ticks_per_second_ = 1'000'000'000;
    Byte rest[20];
    if (!take(rest, sizeof rest)) return Error{path_ + ": the capture ends within its header"};
    // the upper half says whether frames end with an FCS
    link_type_ = u32(rest + 16) & 0xffffU;
    return check_link_type(link_type_);
}

Status PcapReader::check_link_type(std::uint32_t link_type) const {
    if (link_type == kLinkEthernet || cooked_header_bytes(link_type) != 0) return Done{};
    return Error{
        fmt::format("{}: expected Ethernet frames (link type 1) or Linux cooked ones (113, 276), "
                    "got link type {}; capture on the Ethernet port",
                    path_, link_type)};
}

Result<std::optional<CapturedPacket>> PcapReader::frame_of(std::uint32_t link_type,
                                                           CapturedPacket packet) const {
    const std::size_t header = cooked_header_bytes(link_type);
    if (header == 0) return std::optional(std::move(packet));
    if (packet.bytes.size() < header)
        return broken(fmt::format("a cooked frame of {} bytes, whose header has {}",
                                  packet.bytes.size(), header));
    const auto cut =
        packet.wire_bytes - std::min<std::size_t>(packet.wire_bytes, packet.bytes.size());
    UncookedFrame frame = uncooked(link_type, packet.bytes);
    packet.bytes = std::move(frame.bytes);
    packet.lacks_destination = frame.lacks_destination;
    packet.wire_bytes = static_cast<std::uint32_t>(packet.bytes.size() + cut);
    return std::optional(std::move(packet));
}

Result<std::optional<CapturedPacket>> PcapReader::next_record() {
    Byte header[16];
    std::size_t got = 0;
    if (!take(header, sizeof header, &got)) {
        if (got == 0) return std::optional<CapturedPacket>{};
        return broken("the file ends within a record's header");
    }
    const std::uint32_t length = u32(header + 8);
    if (length > kCapturedBytesMax)
        return broken(
            fmt::format("{} bytes are said to follow; at most {} can", length, kCapturedBytesMax));
    CapturedPacket packet;
    packet.wire_bytes = u32(header + 12);
    packet.time = std::chrono::seconds{u32(header)} + time_of(u32(header + 4), ticks_per_second_);
    packet.bytes.resize(length);
    if (!take(packet.bytes.data(), length, &got))
        return broken(fmt::format("the file ends after {} of the packet's {} bytes", got, length));
    return frame_of(link_type_, std::move(packet));
}

// A section header's type was read; its byte order decides how everything up to the next one is
// read.
Status PcapReader::read_section() {
    Byte start[8];
    if (!take(start, sizeof start)) return broken("the file ends within a section header");
    std::uint32_t order = 0;
    std::memcpy(&order, start + 4, sizeof order);
    swapped_ = order != kByteOrder;
    if (u32(start + 4) != kByteOrder) return broken("a section header without a byte order");
    const std::uint32_t length = u32(start);
    if (length < 28 || length % 4 != 0 || length > kBlockBytesMax)
        return broken(fmt::format("a section header of {} bytes", length));
    std::vector<Byte> rest(length - 12);
    if (!take(rest.data(), rest.size())) return broken("the file ends within a section header");
    interfaces_.clear();
    return Done{};
}

Result<std::optional<CapturedPacket>> PcapReader::next_block() {
    for (;;) {
        Byte type_bytes[4];
        std::size_t got = 0;
        if (!take(type_bytes, sizeof type_bytes, &got)) {
            if (got == 0) return std::optional<CapturedPacket>{};
            return broken("the file ends within a block's header");
        }
        const std::uint32_t type = u32(type_bytes);
        if (type == kSectionHeader) {  // the same in both byte orders
            if (auto status = read_section(); !status) return status.error();
            continue;
        }
        Byte length_bytes[4];
        if (!take(length_bytes, sizeof length_bytes))
            return broken("the file ends within a block's header");
        const std::uint32_t length = u32(length_bytes);
        if (length < 12 || length % 4 != 0 || length > kBlockBytesMax)
            return broken(fmt::format("a block of {} bytes", length));
        std::vector<Byte> body(length - 12);
        Byte trailer[4];
        if (!take(body.data(), body.size()) || !take(trailer, sizeof trailer))
            return broken("the file ends within a block");
        if (type == kInterfaceBlock) {
            if (auto status = add_interface(body); !status) return status.error();
        } else if (type == kPacketBlock || type == kSimpleBlock || type == kEnhancedBlock) {
            return packet_in_block(type, body);
        }
    }
}

Status PcapReader::add_interface(const std::vector<Byte>& body) {
    if (body.size() < 8) return broken("an interface block that is too short");
    if (interfaces_.size() >= kInterfacesMax) return broken("more interfaces than any machine has");
    Interface added;
    added.link_type = u16(body.data());
    added.snap_bytes = u32(body.data() + 4);
    for (std::size_t at = 8; at + 4 <= body.size();) {
        const std::uint16_t code = u16(body.data() + at);
        const std::size_t length = u16(body.data() + at + 2);
        if (code == kOptionEnd || at + 4 + length > body.size()) break;
        if (code == kOptionTimeResolution && length == 1)
            added.ticks_per_second = ticks_from(body[at + 4]);
        at += 4 + (length + 3) / 4 * 4;
    }
    if (added.ticks_per_second == 0)
        return broken("an interface with an impossible time resolution");
    interfaces_.push_back(added);
    return Done{};
}

Result<std::optional<CapturedPacket>> PcapReader::packet_in_block(std::uint32_t type,
                                                                  const std::vector<Byte>& body) {
    const std::size_t header = type == kSimpleBlock ? 4 : 20;
    if (body.size() < header) return broken("a packet block that is too short");
    std::uint32_t interface = 0;
    if (type == kEnhancedBlock) interface = u32(body.data());
    if (type == kPacketBlock) interface = u16(body.data());
    if (interface >= interfaces_.size())
        return broken(
            fmt::format("it names interface {}, which the file has not described", interface));
    const Interface& from = interfaces_[interface];
    if (auto status = check_link_type(from.link_type); !status) return status.error();

    CapturedPacket packet;
    std::uint32_t length = 0;
    if (type == kSimpleBlock) {
        packet.wire_bytes = u32(body.data());
        length =
            std::min(packet.wire_bytes, from.snap_bytes == 0 ? packet.wire_bytes : from.snap_bytes);
    } else {
        packet.time = time_of(std::uint64_t{u32(body.data() + 4)} << 32 | u32(body.data() + 8),
                              from.ticks_per_second);
        length = u32(body.data() + 12);
        packet.wire_bytes = u32(body.data() + 16);
    }
    if (length > body.size() - header)
        return broken(fmt::format("{} bytes do not fit into their block", length));
    if (length > kCapturedBytesMax)
        return broken(fmt::format("{} bytes; at most {} can be", length, kCapturedBytesMax));
    const auto* first = body.data() + header;
    packet.bytes.assign(first, first + length);
    return frame_of(from.link_type, std::move(packet));
}

Error PcapReader::broken(const std::string& how) const {
    return Error{fmt::format("{}: packet {}: broken capture: {}", path_, packets_ + 1, how)};
}

bool PcapReader::take(Byte* into, std::size_t count, std::size_t* got) {
    file_.read(reinterpret_cast<char*>(into), static_cast<std::streamsize>(count));
    const auto read = static_cast<std::size_t>(file_.gcount());
    if (got != nullptr) *got = read;
    return read == count;
}

std::uint16_t PcapReader::u16(const Byte* at) const {
    std::uint16_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return swapped_ ? byte_swap(value) : value;
}

std::uint32_t PcapReader::u32(const Byte* at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return swapped_ ? byte_swap(value) : value;
}

}  // namespace nlb::cli
