// Blocks are made as strings of native byte order, which the section header tells, and written
// whole.
#include "cli/pcapng_writer.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace nlb::cli {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kInterfaceBlock = 1;
constexpr std::uint32_t kEnhancedBlock = 6;
constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionComment = 1;
constexpr std::uint16_t kOptionName = 2;            // of an interface
constexpr std::uint16_t kOptionFlags = 2;           // of a packet
constexpr std::uint16_t kOptionApplication = 4;     // of a section
constexpr std::uint16_t kOptionTimeResolution = 9;  // of an interface
constexpr std::uint16_t kLinkEthernet = 1;
constexpr char kNanoseconds = 9;
constexpr std::size_t kOptionBytesMax = 4096;

template <class Number>
void add(std::string& block, Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    block.append(bytes, sizeof bytes);
}

void pad(std::string& block) {
    block.append((4 - block.size() % 4) % 4, '\0');
}

void add_option(std::string& block, std::uint16_t code, std::string_view value) {
    value = value.substr(0, kOptionBytesMax);
    add(block, code);
    add(block, static_cast<std::uint16_t>(value.size()));
    block += value;
    pad(block);
}

// A block's body between its type and its two lengths.
std::string block_of(std::uint32_t type, const std::string& body) {
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    std::string block;
    add(block, type);
    add(block, length);
    block += body;
    add(block, length);
    return block;
}

std::string section_header() {
    std::string body;
    add(body, kByteOrder);
    add(body, std::uint16_t{1});  // version 1.0
    add(body, std::uint16_t{0});
    add(body, std::int64_t{-1});  // its length is not known yet
    add_option(body, kOptionApplication, "nlb trace");
    add_option(body, kOptionEnd, "");
    return block_of(kSectionHeader, body);
}

std::string interface_block(std::string_view name, std::uint32_t snap_bytes) {
    std::string body;
    add(body, kLinkEthernet);
    add(body, std::uint16_t{0});
    add(body, snap_bytes);
    add_option(body, kOptionName, name);
    add_option(body, kOptionTimeResolution, {&kNanoseconds, 1});
    add_option(body, kOptionEnd, "");
    return block_of(kInterfaceBlock, body);
}

}  // namespace

PcapngWriter::PcapngWriter(std::string path)
    : path_(std::move(path)),
      file_(path_ == "-" ? "/dev/stdout" : path_, std::ios::binary | std::ios::trunc) {}

Result<PcapngWriter> PcapngWriter::create(const std::string& path, std::string_view interface,
                                          std::uint32_t snap_bytes) {
    errno = 0;
    PcapngWriter writer(path);
    if (!writer.file_)
        return Error{fmt::format("{}: cannot be written: {}", path, std::strerror(errno))};
    if (auto status = writer.put(section_header() + interface_block(interface, snap_bytes));
        !status)
        return status.error();
    return writer;
}

Status PcapngWriter::write(const CommentedPacket& packet) {
    const auto time = static_cast<std::uint64_t>(packet.time_ns);
    std::string body;
    add(body, std::uint32_t{0});  // the interface
    add(body, static_cast<std::uint32_t>(time >> 32));
    add(body, static_cast<std::uint32_t>(time));
    add(body, static_cast<std::uint32_t>(packet.bytes.size()));
    add(body, packet.wire_bytes);
    body.append(reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size());
    pad(body);
    add_option(body, kOptionComment, packet.comment);
    std::string flags;
    add(flags, packet.outbound ? std::uint32_t{2} : std::uint32_t{1});
    add_option(body, kOptionFlags, flags);
    add_option(body, kOptionEnd, "");
    if (auto status = put(block_of(kEnhancedBlock, body)); !status) return status;
    ++packets_;
    return Done{};
}

Status PcapngWriter::put(const std::string& blocks) {
    errno = 0;
    file_.write(blocks.data(), static_cast<std::streamsize>(blocks.size()));
    file_.flush();
    if (!file_)
        return Error{fmt::format("{}: cannot be written after {} packets: {}", path_, packets_,
                                 std::strerror(errno))};
    return Done{};
}

}  // namespace nlb::cli
