// Which client speaks next: one after the other, each as likely as the others, or few of them most
// of the time (Zipf). It knows numbers from 0 to count - 1 and nothing of addresses.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/prng.hpp"

namespace nlb::perf {

enum class Spread : std::uint8_t { sequential, uniform, zipf };

class ClientDraw {
public:
    // `exponent`: of Zipf's law; the client of rank r speaks in proportion to 1 / r^exponent.
    // Requires: count > 0.
    ClientDraw(Spread spread, std::uint32_t count, double exponent);

    [[nodiscard]] std::uint32_t next(Prng& random);

private:
    Spread spread_;
    std::uint32_t count_;
    std::uint32_t last_;
    // Walker's alias method: one draw, one comparison, whatever the law is.
    struct Slot {
        std::uint32_t keep;  // of 2^32: below it the slot's own number, else the alias
        std::uint32_t alias;
    };
    std::vector<Slot> slots_;
};

}  // namespace nlb::perf
