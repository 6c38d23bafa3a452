// Pieces of one file at a time, in the order of the file, until it is whole. A piece that comes
// twice is no mistake; another file waits until the one before it is whole or nobody goes on with
// it. What the file is, is not its matter. Time comes in; it reads no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

class PieceCollector {
public:
    static constexpr std::size_t kBytesMax = 1U << 20;
    // Nobody has gone on with a file for so long: another one takes its place.
    static constexpr Duration kAbandonedAfter = std::chrono::seconds{10};

    struct Piece {
        std::string_view digest;  // of the whole: tells files apart
        std::uint64_t size = 0;   // of the whole
        std::uint64_t offset = 0;
        std::string_view bytes;  // may be none: a question whether the file would be taken
    };
    struct Taken {
        std::uint64_t have = 0;            // from the beginning on: where to go on
        std::optional<std::string> whole;  // then nothing of it is kept here
    };
    // An error is the sender's to mend.
    [[nodiscard]] Result<Taken> take(Instant now, const Piece& piece);

private:
    std::string digest_;  // empty: no file is under way
    std::uint64_t size_ = 0;
    std::string bytes_;
    Instant last_ = kLongAgo;
};

}  // namespace nlb::controlplane
