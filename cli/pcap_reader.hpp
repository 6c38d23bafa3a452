// Ethernet frames out of a capture file, Linux cooked ones too (cli/cooked_frame.hpp): classic pcap
// of either byte order with micro- or nanoseconds, and pcapng with its simple, enhanced and
// obsolete packet blocks. It writes no files, filters nothing and holds one packet at a time.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::cli {

struct CapturedPacket {
    std::vector<Byte> bytes;
    std::uint32_t wire_bytes = 0;  // more than bytes.size() when the capture cut it off
    // since the epoch of the capturing machine; 0 where the file says nothing
    std::chrono::nanoseconds time{0};
    // a cooked capture: whom it was sent to on the link is not known, the MAC is zeros
    bool lacks_destination = false;
};

inline constexpr std::uint32_t kCapturedBytesMax = 262144;  // libpcap's own maximum

class PcapReader {
public:
    // `path` may be "-" for standard input.
    [[nodiscard]] static Result<PcapReader> open(const std::string& path);
    // The next packet; nothing at the end of the file; an error that names file and packet where
    // the file is broken.
    [[nodiscard]] Result<std::optional<CapturedPacket>> next();

private:
    struct Interface {
        std::uint16_t link_type = 0;
        std::uint64_t ticks_per_second = 1'000'000;
        std::uint32_t snap_bytes = 0;
    };

    explicit PcapReader(std::string path);
    [[nodiscard]] Status read_header();
    [[nodiscard]] Status read_section();
    [[nodiscard]] Status check_link_type(std::uint32_t link_type) const;
    // Makes an Ethernet frame of it. Requires: the link type was checked.
    [[nodiscard]] Result<std::optional<CapturedPacket>> frame_of(std::uint32_t link_type,
                                                                 CapturedPacket packet) const;
    [[nodiscard]] Result<std::optional<CapturedPacket>> next_record();
    [[nodiscard]] Result<std::optional<CapturedPacket>> next_block();
    [[nodiscard]] Result<std::optional<CapturedPacket>> packet_in_block(
        std::uint32_t type, const std::vector<Byte>& body);
    [[nodiscard]] Status add_interface(const std::vector<Byte>& body);
    [[nodiscard]] Error broken(const std::string& how) const;
    // False: fewer bytes were left; `got` of them were read.
    [[nodiscard]] bool take(Byte* into, std::size_t count, std::size_t* got = nullptr);
    [[nodiscard]] std::uint16_t u16(const Byte* at) const;
    [[nodiscard]] std::uint32_t u32(const Byte* at) const;

    std::string path_;
    std::ifstream file_;
    bool next_generation_ = false;  // pcapng
    bool swapped_ = false;          // the file's byte order is not this machine's
    std::uint32_t link_type_ = 0;   // of a classic file
    std::uint32_t ticks_per_second_ = 1'000'000;
    std::vector<Interface> interfaces_;
    std::uint64_t packets_ = 0;
};

}  // namespace nlb::cli
