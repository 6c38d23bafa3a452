// Ethernet frames into a pcapng file with nanoseconds, each with its direction and a comment,
// readable by Wireshark and tshark (draft-ietf-opsawg-pcapng: section header, one interface,
// enhanced packet blocks). It buffers no longer than a block.
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::cli {

struct CommentedPacket {
    std::span<const Byte> bytes;
    std::uint32_t wire_bytes;  // at least bytes.size()
    std::int64_t time_ns;      // since 1970
    bool outbound;
    std::string_view comment;
};

class PcapngWriter {
public:
    // `path` may be "-" for standard output. `interface`: how Wireshark names it.
    [[nodiscard]] static Result<PcapngWriter> create(const std::string& path,
                                                     std::string_view interface,
                                                     std::uint32_t snap_bytes);
    // An error: the block could not be written whole, and no more should be.
    [[nodiscard]] Status write(const CommentedPacket& packet);
    [[nodiscard]] std::uint64_t packets() const { return packets_; }

private:
    explicit PcapngWriter(std::string path);
    [[nodiscard]] Status put(const std::string& blocks);

    std::string path_;
    std::ofstream file_;
    std::uint64_t packets_ = 0;
};

}  // namespace nlb::cli
