// Writing and reading runs of big-endian fields. A reader past its end yields zeros and remembers
// it; ask ok() once, at the end.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/base/types.hpp"

namespace nlb {

class ByteWriter {
public:
    void u8(std::uint8_t value) { bytes_.push_back(value); }
    void u16(std::uint16_t value) { put(value); }
    void u32(std::uint32_t value) { put(value); }
    void u64(std::uint64_t value) { put(value); }
    void zeros(std::size_t count) { bytes_.insert(bytes_.end(), count, Byte{0}); }
    void run(std::span<const Byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    // Requires: offset + 2 <= size().
    void overwrite_u16(std::size_t offset, std::uint16_t value) {
        NLB_ASSERT(offset + sizeof value <= bytes_.size());
        store_big_endian(bytes_.data() + offset, value);
    }
    // Requires: offset + bytes.size() <= size().
    void overwrite(std::size_t offset, std::span<const Byte> bytes) {
        NLB_ASSERT(offset + bytes.size() <= bytes_.size());
        std::memcpy(bytes_.data() + offset, bytes.data(), bytes.size());
    }
    [[nodiscard]] std::vector<Byte> take() { return std::move(bytes_); }
    [[nodiscard]] std::span<const Byte> bytes() const { return bytes_; }

private:
    template <class Integer>
    void put(Integer value) {
        Byte raw[sizeof value];
        store_big_endian(raw, value);
        bytes_.insert(bytes_.end(), raw, raw + sizeof value);
    }
    std::vector<Byte> bytes_;
};

class ByteReader {
public:
    explicit ByteReader(std::span<const Byte> bytes) : bytes_(bytes) {}
    std::uint8_t u8() { return get<std::uint8_t>(); }
    std::uint16_t u16() { return get<std::uint16_t>(); }
    std::uint32_t u32() { return get<std::uint32_t>(); }
    std::uint64_t u64() { return get<std::uint64_t>(); }
    void skip(std::size_t count) { static_cast<void>(take(count)); }
    // Everything that is left.
    [[nodiscard]] std::span<const Byte> rest() {
        return bytes_.subspan(std::exchange(at_, bytes_.size()));
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

private:
    const Byte* take(std::size_t count) {
        if (count > left()) {
            ok_ = false;
            at_ = bytes_.size();
            return nullptr;
        }
        const Byte* here = bytes_.data() + at_;
        at_ += count;
        return here;
    }
    template <class Integer>
    Integer get() {
        const Byte* here = take(sizeof(Integer));
        if (here == nullptr) return 0;
        if constexpr (sizeof(Integer) == 1)
            return *here;
        else
            return load_big_endian<Integer>(here);
    }
    std::span<const Byte> bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace nlb
