// What every fuzz target shares: promises that end the run when broken, choices read from the
// fuzzer's bytes, and chance for the mutators. libFuzzer brings main(); nothing here keeps state
// between inputs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/prng.hpp"
#include "core/base/types.hpp"

// libFuzzer's interface; its names are not ours to choose.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace nlb::fuzz {

// A broken promise is a finding like a crash: the input is kept and told.
inline void require(bool holds, std::string_view promise, std::string_view detail = {}) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %.*s %.*s\n", static_cast<int>(promise.size()),
                 promise.data(), static_cast<int>(detail.size()), detail.data());
    std::abort();
}

// Reads an input from its front; past its end everything is zero.
class Choices {
public:
    explicit Choices(std::span<const Byte> bytes) : bytes_(bytes) {}

    std::uint8_t u8() {
        const auto one = take(1);
        return one.empty() ? std::uint8_t{0} : one[0];
    }
    std::uint16_t u16() {
        const std::uint16_t high = u8();
        return static_cast<std::uint16_t>(high << 8 | u8());
    }
    // At most `count` bytes.
    std::span<const Byte> take(std::size_t count) {
        const auto taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    [[nodiscard]] std::span<const Byte> rest() const { return bytes_; }

private:
    std::span<const Byte> bytes_;
};

// Lets libFuzzer change a part of an input that has its own bounds.
inline void mutate(std::vector<Byte>& bytes, std::size_t max_size) {
    const std::size_t size = bytes.size();
    bytes.resize(std::max(max_size, size));
    bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
}

// Puts a mutator's result where libFuzzer wants it.
inline std::size_t hand_over(std::span<const Byte> bytes, std::uint8_t* data,
                             std::size_t max_size) {
    const std::size_t size = std::min(bytes.size(), max_size);
    std::copy_n(bytes.begin(), size, data);
    return size;
}

}  // namespace nlb::fuzz
