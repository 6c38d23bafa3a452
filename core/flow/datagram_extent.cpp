// Two bits for each unit: is it covered, and does a fragment start there. Of units that came in
// order their number stands for the first bit. Two fragments are the same when both ends agree.
#include "core/flow/datagram_extent.hpp"

#include <algorithm>
#include <bit>

namespace nlb {
namespace {

// Calls `with(word, bits)` for each word that [first, limit) touches. Requires: first < limit.
template <class With>
void each_word(std::size_t first, std::size_t limit, const With& with) {
    constexpr std::size_t kBits = 64;
    const std::size_t last = (limit - 1) / kBits;
    std::uint64_t bits = ~std::uint64_t{0} << first % kBits;
    for (std::size_t word = first / kBits; word < last; ++word, bits = ~std::uint64_t{0})
        with(word, bits);
    with(last, bits & ~std::uint64_t{0} >> (kBits - 1 - (limit - 1) % kBits));
}

}  // namespace

bool DatagramExtent::starts_at(std::size_t unit) const {
    return (units_[unit / kWordBits].starts >> unit % kWordBits & 1U) != 0;
}

bool DatagramExtent::covers(std::size_t unit) const {
    return unit < prefix_ || (units_[unit / kWordBits].covered >> unit % kWordBits & 1U) != 0;
}

std::size_t DatagramExtent::count_starts(std::size_t first, std::size_t limit) const {
    std::size_t found = 0;
    each_word(first, limit, [&](std::size_t word, std::uint64_t bits) {
        found += static_cast<std::size_t>(std::popcount(units_[word].starts & bits));
    });
    return found;
}

std::size_t DatagramExtent::count_covered(std::size_t first, std::size_t limit) const {
    const std::size_t behind = std::clamp<std::size_t>(prefix_, first, limit);
    std::size_t found = behind - first;
    if (behind != limit)
        each_word(behind, limit, [&](std::size_t word, std::uint64_t bits) {
            found += static_cast<std::size_t>(std::popcount(units_[word].covered & bits));
        });
    return found;
}

bool DatagramExtent::was_seen(std::size_t first, std::size_t limit) const {
    if (count_covered(first, limit) != limit - first || !starts_at(first) ||
        count_starts(first, limit) != 1)
        return false;
    return limit == kUnits || !covers(limit) || starts_at(limit);
}

DatagramExtent::Fit DatagramExtent::add_out_of_order(std::size_t offset, std::size_t bytes,
                                                     bool last) {
    const std::size_t first = offset / 8;
    const std::size_t limit = (offset + bytes + 7) / 8;
    const auto end = static_cast<std::uint32_t>(offset + bytes);
    if (first < (reach_ + 7) / 8 && count_covered(first, limit) != 0) {
        // Only the last fragment may end within a unit, and there two that differ have the same
        // offset.
        const bool was_last = end_ != 0 && (end_ + 7) / 8 == limit;
        const bool alike = was_last ? last && end == end_ : !last;
        return alike && was_seen(first, limit) ? Fit::duplicate : Fit::conflict;
    }
    if (end_ != 0 && (last || end >= end_)) return Fit::conflict;
    if (last && reach_ > end) return Fit::conflict;
    each_word(first, limit,
              [&](std::size_t word, std::uint64_t bits) { units_[word].covered |= bits; });
    units_[first / kWordBits].starts |= std::uint64_t{1} << first % kWordBits;
    shown_ += static_cast<std::uint32_t>(bytes);
    reach_ = std::max(reach_, end);
    if (last) end_ = end;
    return Fit::fresh;
}

void DatagramExtent::clear() {
    const std::size_t words = (reach_ + 8 * kWordBits - 1) / (8 * kWordBits);
    std::fill_n(units_.begin(), words, Units{});
    prefix_ = shown_ = reach_ = end_ = 0;
}

}  // namespace nlb
