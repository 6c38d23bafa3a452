// Three keys that no flow has: their bytes are all alike.
#include "dataplane/worker/key_store.hpp"

#include <array>
#include <cstring>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::size_t kKeyBytesMax = 64;

const std::byte* asked(const rte_hash& table, std::int32_t position) {
    void* key = nullptr;
    NLB_ASSERT(rte_hash_get_key_with_position(&table, position, &key) == 0);
    return static_cast<const std::byte*>(key);
}

}  // namespace

KeyStore KeyStore::learn(rte_hash& table, std::size_t key_bytes) {
    NLB_ASSERT(key_bytes <= kKeyBytesMax && rte_hash_count(&table) == 0);
    std::array<std::array<std::byte, kKeyBytesMax>, 3> keys;
    std::array<std::int32_t, 3> positions{};
    std::array<const std::byte*, 3> addresses{};
    bool taken = true;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        keys[i].fill(static_cast<std::byte>(0xfd + i));
        positions[i] = rte_hash_add_key(&table, keys[i].data());
        taken = taken && positions[i] >= 0;
        if (positions[i] >= 0) addresses[i] = asked(table, positions[i]);
    }
    for (const auto& key : keys) rte_hash_del_key(&table, key.data());
    KeyStore store;
    if (!taken) return store;
    const std::ptrdiff_t stride = (addresses[1] - addresses[0]) / (positions[1] - positions[0]);
    for (std::size_t i = 1; i < keys.size(); ++i)
        if (addresses[i] - addresses[0] != stride * (positions[i] - positions[0])) return store;
    store.first_ = addresses[0] - stride * positions[0];
    store.stride_ = stride;
    return store;
}

const void* KeyStore::key_at(const rte_hash& table, std::int32_t position) const {
    return is_known() ? first_ + stride_ * position : asked(table, position);
}

}  // namespace nlb::dataplane
