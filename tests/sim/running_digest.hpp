// A digest over everything that happened in a run: the same seeds must give the same one on every
// compiler.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/types.hpp"

namespace nlb::sim {

class RunningDigest {
public:
    void add(std::uint64_t word) {
        value_ = (value_ ^ word) * 0x9e3779b97f4a7c15ULL;
        value_ ^= value_ >> 29;
    }
    void add(std::span<const Byte> bytes) {
        std::uint64_t word = bytes.size();
        std::size_t filled = 0;
        for (const Byte byte : bytes) {
            word = word << 8 | byte;
            if (++filled == 8) {
                add(word);
                word = filled = 0;
            }
        }
        add(word);
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace nlb::sim
