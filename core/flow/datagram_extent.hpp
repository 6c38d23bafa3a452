// Which bytes of one datagram its fragments have shown so far, in units of eight bytes as fragment
// offsets count them. It tells a fragment that is new from one that was sent twice and from one
// that overlaps others (RFC 5722). It keeps no payload. Thread: its owner's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/assert.hpp"
#include "core/packet/headers.hpp"

namespace nlb {

class DatagramExtent {
public:
    enum class Fit : std::uint8_t {
        fresh,      // shows bytes that none did
        duplicate,  // has the offset and length of one that was seen
        conflict,   // overlaps others, or disagrees with them about where the datagram ends
    };
    // A conflict changes nothing. Requires: bytes > 0, offset is a multiple of 8, offset + bytes <=
    // kDatagramBytesMax, and bytes is a multiple of 8 unless it is the last fragment.
    Fit add(std::size_t offset, std::size_t bytes, bool last) {
        NLB_ASSERT(bytes > 0 && offset % 8 == 0 && offset + bytes <= kDatagramBytesMax);
        // Most fragments come in order, right behind all that was seen.
        if (offset != std::size_t{8} * prefix_ || offset != reach_ || end_ != 0)
            return add_out_of_order(offset, bytes, last);
        const std::size_t first = offset / 8;
        units_[first / kWordBits].starts |= std::uint64_t{1} << first % kWordBits;
        reach_ = static_cast<std::uint32_t>(offset + bytes);
        prefix_ = (reach_ + 7) / 8;
        shown_ = reach_;
        if (last) end_ = reach_;
        return Fit::fresh;
    }

    // Every byte was shown.
    [[nodiscard]] bool complete() const { return end_ != 0 && shown_ == end_; }
    void clear();

private:
    static constexpr std::size_t kUnits = (kDatagramBytesMax + 7) / 8;
    static constexpr std::size_t kWordBits = 64;
    static_assert(kUnits % kWordBits == 0);
    // Of 64 units; both in the same line of memory.
    struct alignas(16) Units {
        std::uint64_t covered = 0;  // beyond the prefix
        std::uint64_t starts = 0;   // first units of fragments
    };

    Fit add_out_of_order(std::size_t offset, std::size_t bytes, bool last);
    [[nodiscard]] bool starts_at(std::size_t unit) const;
    [[nodiscard]] bool covers(std::size_t unit) const;
    [[nodiscard]] std::size_t count_starts(std::size_t first, std::size_t limit) const;
    [[nodiscard]] std::size_t count_covered(std::size_t first, std::size_t limit) const;
    [[nodiscard]] bool was_seen(std::size_t first, std::size_t limit) const;

    std::array<Units, kUnits / kWordBits> units_{};
    std::uint32_t prefix_ = 0;  // so many units from the first on came in order
    std::uint32_t shown_ = 0;   // bytes
    std::uint32_t reach_ = 0;   // the end of the fragment that goes farthest
    std::uint32_t end_ = 0;     // of the datagram; 0: the last fragment was not seen
};

}  // namespace nlb
