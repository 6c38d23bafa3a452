// Two bits for each unit: is it covered, and does a fragment start there. Two fragments are the
// same when both ends agree.
#include "core/flow/datagram_extent.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb {
namespace {

// Calls `with(word, bits)` for each word that [first, limit) touches.
template <class With>
void each_word(std::size_t first, std::size_t limit, const With& with) {
    constexpr std::size_t kBits = 64;
    for (std::size_t at = first; at < limit;) {
        const std::size_t word = at / kBits;
        const std::size_t end = std::min(limit, (word + 1) * kBits);
        const std::uint64_t ones =
            end - at == kBits ? ~std::uint64_t{0} : (std::uint64_t{1} << (end - at)) - 1;
        with(word, ones << at % kBits);
        at = end;
    }
}

}  // namespace

bool DatagramExtent::test(const Units& units, std::size_t unit) {
    return (units[unit / kWordBits] >> unit % kWordBits & 1U) != 0;
}

std::size_t DatagramExtent::count(const Units& units, std::size_t first, std::size_t limit) {
    std::size_t found = 0;
    each_word(first, limit, [&](std::size_t word, std::uint64_t bits) {
        found += static_cast<std::size_t>(__builtin_popcountll(units[word] & bits));
    });
    return found;
}

bool DatagramExtent::was_seen(std::size_t first, std::size_t limit) const {
    if (count(covered_, first, limit) != limit - first || !test(starts_, first) ||
        count(starts_, first, limit) != 1)
        return false;
    return limit == kUnits || !test(covered_, limit) || test(starts_, limit);
}

DatagramExtent::Fit DatagramExtent::add(std::size_t offset, std::size_t bytes, bool last) {
    NLB_ASSERT(bytes > 0 && offset % 8 == 0 && offset + bytes <= kDatagramBytesMax);
    const std::size_t first = offset / 8;
    const std::size_t limit = (offset + bytes + 7) / 8;
    const auto end = static_cast<std::uint32_t>(offset + bytes);
    if (count(covered_, first, limit) != 0) {
        // Only the last fragment may end within a unit, and there two that differ have the same
        // offset.
        const bool was_last = end_ != 0 && (end_ + 7) / 8 == limit;
        const bool alike = was_last ? last && end == end_ : !last;
        return alike && was_seen(first, limit) ? Fit::duplicate : Fit::conflict;
    }
    if (end_ != 0 && (last || end >= end_)) return Fit::conflict;
    if (last && reach_ > end) return Fit::conflict;
    each_word(first, limit, [&](std::size_t word, std::uint64_t bits) { covered_[word] |= bits; });
    starts_[first / kWordBits] |= std::uint64_t{1} << first % kWordBits;
    shown_ += static_cast<std::uint32_t>(bytes);
    reach_ = std::max(reach_, end);
    if (last) end_ = end;
    return Fit::fresh;
}

void DatagramExtent::clear() {
    const std::size_t words = (reach_ + 8 * kWordBits - 1) / (8 * kWordBits);
    std::fill_n(covered_.begin(), words, 0);
    std::fill_n(starts_.begin(), words, 0);
    shown_ = reach_ = end_ = 0;
}

}  // namespace nlb
