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

    // For the vectors of core/fastpath, which make slots of eight flows at once.
    static constexpr std::size_t kSlots = 1U << 16;
    // Of the upper three words of an address together; the lowest counts as it is.
    static constexpr std::uint32_t kUpperFactor = 0x85eb'ca6b;
    static constexpr std::uint32_t kPortsFactor = 0x9e37'79b1;
    static constexpr std::uint32_t kLastFactor = 0x2c1b'3c6d;
    // `client`: the lowest word of its address and the upper ones' exclusive or times their factor.
    // The hash has no key: an attacker who aims at a slot makes look-ups, nothing else.
    [[nodiscard]] static constexpr std::size_t slot_of(std::uint32_t client, std::uint32_t ports) {
        const std::uint32_t mixed = client ^ ports * kPortsFactor;
        return (mixed ^ mixed >> 15) * kLastFactor >> 16;
    }
    [[nodiscard]] const std::uint8_t* counts() const { return counts_.data(); }

private:
    static constexpr std::uint8_t kSaturated = 255;  // it stays so, as nobody knows the number

    [[nodiscard]] static std::size_t slot_of(std::uint64_t client_high, std::uint64_t client_low,
                                             std::uint32_t ports) {
        const auto upper =
            static_cast<std::uint32_t>(client_high >> 32 ^ client_high ^ client_low >> 32);
        return slot_of(static_cast<std::uint32_t>(client_low) + upper * kUpperFactor, ports);
    }
    [[nodiscard]] static std::size_t slot_of(const FlowKey& key) {
        return slot_of(load_big_endian<std::uint64_t>(key.client.bytes.data()),
                       load_big_endian<std::uint64_t>(key.client.bytes.data() + 8),
                       ports_of(key.client_port, key.vip_port));
    }

    std::array<std::uint8_t, kSlots + 3> counts_{};  // vectors read words where a byte is meant
};

}  // namespace nlb
