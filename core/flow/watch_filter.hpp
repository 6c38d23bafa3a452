// Which flows are watched, as a counting filter over a hash of their keys: it may say that a flow
// is watched although it is not (that costs a look-up), never the contrary. It stores no key.
// Thread: the worker's whose table owns it.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/endian.hpp"
#include "core/base/types.hpp"
#include "core/flow/flow.hpp"

namespace nlb {

class WatchFilter {
public:
    void add(const FlowKey& key) {
        std::uint8_t& count = counts_[slot_of(key)];
        if (count != kSaturated) ++count;
    }
    // Requires: the key was added, and not removed since.
    void remove(const FlowKey& key) {
        std::uint8_t& count = counts_[slot_of(key)];
        if (count != kSaturated && count != 0) --count;
    }

    [[nodiscard]] bool may_contain(const FlowKey& key) const { return counts_[slot_of(key)] != 0; }
    // The client as two numbers, upper half first; `ports` by ports_of().
    [[nodiscard]] bool may_contain(std::uint64_t client_high, std::uint64_t client_low,
                                   std::uint32_t ports) const {
        return counts_[slot_of(client_high, client_low, ports)] != 0;
    }
    [[nodiscard]] static constexpr std::uint32_t ports_of(std::uint16_t client_port,
                                                          std::uint16_t vip_port) {
        return std::uint32_t{client_port} << 16 | vip_port;
    }

private:
    static constexpr std::size_t kSlots = 1U << 16;
    static constexpr std::uint8_t kSaturated = 255;  // it stays so, as nobody knows the number

    // The hash has no key: an attacker who aims at a slot makes look-ups, nothing else.
    [[nodiscard]] static std::size_t slot_of(std::uint64_t client_high, std::uint64_t client_low,
                                             std::uint64_t ports) {
        const Uint128 product =
            static_cast<Uint128>(client_low ^ ports << 32 ^ 0xa0761d6478bd642fULL) *
            (client_high ^ ports ^ 0xe7037ed1a0b428dbULL);
        return (static_cast<std::size_t>(product >> 64) ^ static_cast<std::size_t>(product)) &
               (kSlots - 1);
    }
    [[nodiscard]] static std::size_t slot_of(const FlowKey& key) {
        return slot_of(load_big_endian<std::uint64_t>(key.client.bytes.data()),
                       load_big_endian<std::uint64_t>(key.client.bytes.data() + 8),
                       ports_of(key.client_port, key.vip_port));
    }

    std::array<std::uint8_t, kSlots> counts_{};
};

}  // namespace nlb
