// A difference: the length, then (bytes that are as before, bytes that differ, their differences)
// until the length is reached. What the former one has not counts as zeros.
#include "controlplane/flight/differences.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

// Two runs nearer than this cost less as one.
constexpr std::size_t kGapMin = 3;

}  // namespace

void FlightWriter::u32(std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) u8(static_cast<std::uint8_t>(value >> shift));
}

void FlightWriter::number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
    u8(static_cast<std::uint8_t>(value));
}

void FlightWriter::offset(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    number(bits << 1 ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void FlightWriter::run(std::span<const Byte> bytes) {
    number(bytes.size());
    raw(bytes);
}

void FlightWriter::text(std::string_view text) {
    run({reinterpret_cast<const Byte*>(text.data()), text.size()});
}

std::span<const Byte> FlightReader::raw(std::size_t count) {
    if (count > bytes_.size() - at_) {
        fail();
        return {};
    }
    return bytes_.subspan(std::exchange(at_, at_ + count), count);
}

std::uint8_t FlightReader::u8() {
    const auto one = raw(1);
    return one.empty() ? std::uint8_t{0} : one[0];
}

std::uint32_t FlightReader::u32() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 8) value |= std::uint32_t{u8()} << shift;
    return value;
}

std::uint64_t FlightReader::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
}

std::int64_t FlightReader::offset() {
    const std::uint64_t bits = number();
    return static_cast<std::int64_t>(bits >> 1 ^ ((bits & 1) != 0 ? ~std::uint64_t{0} : 0));
}

std::span<const Byte> FlightReader::run() {
    const std::uint64_t count = number();
    if (count > bytes_.size()) {
        fail();
        return {};
    }
    return raw(static_cast<std::size_t>(count));
}

std::string FlightReader::text() {
    const auto bytes = run();
    return {bytes.begin(), bytes.end()};
}

std::vector<Byte>& Differences::former(std::uint32_t kind) {
    const auto known = former_.find(kind);
    if (known != former_.end()) return known->second;
    if (former_.size() >= kKindsMax) former_.clear();
    return former_[kind];
}

void Differences::write(std::uint32_t kind, std::span<const Byte> bytes, FlightWriter& out) {
    NLB_ASSERT(bytes.size() <= kRunBytesMax);
    std::vector<Byte>& before = former(kind);
    before.resize(bytes.size());
    out.number(bytes.size());
    std::size_t written = 0;
    while (written < bytes.size()) {
        std::size_t first = written;
        while (first < bytes.size() && bytes[first] == before[first]) ++first;
        std::size_t end = first;  // behind the last byte that differs
        for (std::size_t at = first; at < bytes.size() && at < end + kGapMin; ++at)
            if (bytes[at] != before[at]) end = at + 1;
        out.number(first - written);
        out.number(end - first);
        for (std::size_t at = first; at < end; ++at)
            out.u8(static_cast<std::uint8_t>(bytes[at] - before[at]));
        written = end == first ? bytes.size() : end;
    }
    std::copy(bytes.begin(), bytes.end(), before.begin());
}

std::optional<std::vector<Byte>> Differences::read(std::uint32_t kind, FlightReader& in) {
    const std::uint64_t size = in.number();
    std::vector<Byte>& before = former(kind);
    if (size > kRunBytesMax) in.fail();
    if (!in.ok()) return std::nullopt;
    before.resize(static_cast<std::size_t>(size));
    std::size_t at = 0;
    while (at < before.size()) {
        const std::uint64_t same = in.number();
        const std::uint64_t other = in.number();
        if (!in.ok() || same > before.size() - at || other > before.size() - at - same ||
            same + other == 0) {
            in.fail();
            return std::nullopt;
        }
        at += static_cast<std::size_t>(same);
        for (const Byte difference : in.raw(static_cast<std::size_t>(other))) {
            before[at] = static_cast<Byte>(before[at] + difference);
            ++at;
        }
        if (!in.ok()) return std::nullopt;
    }
    return before;
}

}  // namespace nlb::controlplane
