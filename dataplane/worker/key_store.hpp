// Where rte_hash keeps the key of a position. rte_hash_get_key_with_position() looks the key up
// that it has just read, to see whether the position is taken; two lines of memory that a caller
// who knows that need not wait for. Positions lie in a row behind a fixed address, which is no
// promise of rte_hash's: it is learnt from three keys while the table is empty, and where they do
// not lie so, the library is asked each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <rte_hash.h>

namespace nlb::dataplane {

class KeyStore {
public:
    KeyStore() = default;
    // Requires: the table is empty, and stays where it is. Afterwards it is empty again.
    static KeyStore learn(rte_hash& table, std::size_t key_bytes);

    // Requires: a key has this position. It stays there until it is deleted.
    [[nodiscard]] const void* key_at(const rte_hash& table, std::int32_t position) const;
    // The library need not be asked.
    [[nodiscard]] bool is_known() const { return first_ != nullptr; }

private:
    const std::byte* first_ = nullptr;  // of position 0
    std::ptrdiff_t stride_ = 0;
};

}  // namespace nlb::dataplane
