// A segment as a file: compressed blocks behind a name, each with its length and a checksum, one
// stream of zlib for all (RFC 1950, flushed at each block's end). It may grow while it is read, and
// whoever writes it may die at any byte: what is whole counts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "controlplane/flight/record.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// Thread: any, one at a time.
class SegmentEncoder {
public:
    SegmentEncoder();
    ~SegmentEncoder();
    SegmentEncoder(const SegmentEncoder&) = delete;
    SegmentEncoder& operator=(const SegmentEncoder&) = delete;

    // The file's beginning. Called once, first.
    [[nodiscard]] std::vector<Byte> begin(const SegmentHead& head);
    // What is to be added to the file.
    [[nodiscard]] std::vector<Byte> append(std::span<const Byte> records);

private:
    struct Stream;
    [[nodiscard]] std::vector<Byte> block(std::span<const Byte> content);

    std::unique_ptr<Stream> stream_;
};

struct Segment {
    SegmentHead head;
    std::vector<Byte> records;
    bool cut = false;  // its last block is not whole
};
inline constexpr std::size_t kSegmentRecordsMax = 256 * 1024 * 1024;

// An error is one sentence about `name`: it is none, or damaged.
[[nodiscard]] Result<Segment> read_segment(std::span<const Byte> file, const std::string& name);

}  // namespace nlb::controlplane
