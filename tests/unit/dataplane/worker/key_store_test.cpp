// Where the library keeps keys, against what the library says.
#include "dataplane/worker/key_store.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <rte_jhash.h>

#include "core/base/prng.hpp"
#include "dataplane/worker/conn_table.hpp"

namespace nlb::dataplane {
namespace {

Hash make_hash(const char* name, std::uint32_t key_bytes) {
    rte_hash_parameters parameters{};
    parameters.name = name;
    parameters.entries = 4096;
    parameters.key_len = key_bytes;
    parameters.hash_func = rte_jhash;
    return Hash(rte_hash_create(&parameters));
}

template <std::size_t kBytes>
void expect_every_key_at_its_place(const char* name) {
    const Hash table = make_hash(name, kBytes);
    ASSERT_NE(table, nullptr);
    const KeyStore store = KeyStore::learn(*table, kBytes);
    EXPECT_TRUE(store.is_known());
    EXPECT_EQ(rte_hash_count(table.get()), 0);
    using Key = std::array<std::uint8_t, kBytes>;
    std::map<Key, std::int32_t> slots;
    Prng random(7);
    for (int step = 0; step < 12000; ++step) {
        Key key{};
        for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random.next());
        if (slots.size() < 3500 && random.chance(600'000)) {
            slots[key] = rte_hash_add_key(table.get(), key.data());
        } else if (!slots.empty()) {
            const auto victim =
                slots.lower_bound(key) == slots.end() ? slots.begin() : slots.lower_bound(key);
            EXPECT_GE(rte_hash_del_key(table.get(), victim->first.data()), 0);
            slots.erase(victim);
        }
    }
    ASSERT_GT(slots.size(), 1000U);
    for (const auto& [key, slot] : slots) {
        ASSERT_GE(slot, 0);
        void* said = nullptr;
        ASSERT_EQ(rte_hash_get_key_with_position(table.get(), slot, &said), 0);
        EXPECT_EQ(store.key_at(*table, slot), said);
        EXPECT_EQ(std::memcmp(said, key.data(), kBytes), 0);
        EXPECT_EQ(KeyStore().key_at(*table, slot), said) << "the slow way";
    }
}

TEST(KeyStore, HasEveryBriefKeyWhereTheLibraryHasIt) {
    expect_every_key_at_its_place<16>("key store 16");
}
TEST(KeyStore, HasEveryLongKeyWhereTheLibraryHasIt) {
    expect_every_key_at_its_place<40>("key store 40");
}

}  // namespace
}  // namespace nlb::dataplane
