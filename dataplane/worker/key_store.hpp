// Where rte_hash keeps the key of a position. rte_hash_get_key_with_position() reads the key and
// then looks it up, to see whether the position is taken: two more lines of memory, which a caller
// who knows that it is taken need not wait for. Keys lie in a row behind a fixed address. rte_hash
// does not promise that, so it is learnt from three keys while the table is empty; where they lie
// otherwise the library is asked each time. Thread: the table's owner.
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
