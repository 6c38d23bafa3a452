// rte_hash without any of its locks or extra flags: one thread owns the table.
#include "dataplane/worker/conn_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <rte_errno.h>
#include <rte_jhash.h>
#include <rte_malloc.h>

#include "core/base/assert.hpp"
#include "core/flow/track.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/headers.hpp"

namespace nlb::dataplane {
namespace {

constexpr BucketId kFreeSlot = 0xff;
static_assert(kBurstMax <= RTE_HASH_LOOKUP_BULK_MAX && kFreeSlot >= kBuckets);

// IPv6 keys are ten words. CRC32c would be faster, but whoever knows it can make keys collide
// whatever the seed is.
std::uint32_t hash_words(const void* key, std::uint32_t bytes, std::uint32_t seed) {
    return rte_jhash_32b(static_cast<const std::uint32_t*>(key), bytes / sizeof(std::uint32_t),
                         seed);
}

SaltedKey salt_of(std::uint32_t seed) {
    return SaltedKey({seed * kPortSpread, ~seed * kPortSpread, (seed ^ kPortSpread) * kPortSpread,
                      (seed - kPortSpread) * kPortSpread});
}

// Of brief keys. Callers that have the salt ask for this without rte_hash's detour.
std::uint32_t hash_brief(const SaltedKey& salt, const std::uint32_t* words) {
    return mix_client(salt, std::uint64_t{words[0]} << 32 | words[1],
                      std::uint64_t{words[3]} << 32 | words[2], 0);
}
std::uint32_t hash_brief_key(const void* key, std::uint32_t, std::uint32_t seed) {
    return hash_brief(salt_of(seed), static_cast<const std::uint32_t*>(key));
}

Hash make_hash(const std::string& name, std::uint32_t capacity, std::size_t key_bytes,
               rte_hash_function function, int socket, std::uint32_t seed) {
    rte_hash_parameters parameters{};
    parameters.name = name.c_str();
    parameters.entries = capacity;
    parameters.key_len = static_cast<std::uint32_t>(key_bytes);
    parameters.hash_func = function;
    parameters.hash_func_init_val = seed;
    parameters.socket_id = socket;
    return Hash(rte_hash_create(&parameters));
}

constexpr std::array<Byte, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Result<std::unique_ptr<ConnTable>> ConnTable::create(const std::string& name,
                                                     const ConnCapacity& capacity, int socket,
                                                     std::uint32_t seed) {
    NLB_ASSERT(capacity.v4 > 0 && capacity.v6 > 0);
    Hash v4 = make_hash(name + " v4", capacity.v4, sizeof(BriefKey), hash_brief_key, socket, seed);
    Hash v6 = make_hash(name + " v6", capacity.v6, sizeof(FlowKey), hash_words, socket, seed);
    const std::size_t count = std::size_t{capacity.v4} + capacity.v6;
    const std::uint32_t most = std::max(capacity.v4, capacity.v6);
    auto* const slots = static_cast<Descriptor*>(rte_malloc_socket(
        "nlb descriptors", sizeof(Descriptor) * count, RTE_CACHE_LINE_SIZE, socket));
    const std::size_t queued = std::max<std::size_t>(half_open_most_of(most), 1);
    auto* const queue = static_cast<std::uint32_t*>(rte_malloc_socket(
        "nlb half-open", sizeof(std::uint32_t) * queued, RTE_CACHE_LINE_SIZE, socket));
    if (v4 == nullptr || v6 == nullptr || slots == nullptr || queue == nullptr) {
        const std::string cause = rte_strerror(rte_errno);
        rte_free(slots);
        rte_free(queue);
        return Error{"the connection table for " + std::to_string(most) +
                     " connections could not be made (" + cause +
                     "): lower connections.max or raise eal.memory"};
    }
    std::uninitialized_fill_n(slots, count, Descriptor{0, 0, kFreeSlot, FlowState::half_open, 0});
    return std::unique_ptr<ConnTable>(new ConnTable(std::move(v4), std::move(v6), {slots, count},
                                                    {queue, queued}, capacity, seed));
}

ConnTable::ConnTable(Hash v4, Hash v6, std::span<Descriptor> descriptors,
                     std::span<std::uint32_t> half_open, const ConnCapacity& capacity,
                     std::uint32_t seed)
    : v4_(std::move(v4)),
      v6_(std::move(v6)),
      v4_keys_(KeyStore::learn(*v4_, sizeof(BriefKey))),
      v6_keys_(KeyStore::learn(*v6_, sizeof(FlowKey))),
      descriptors_(descriptors),
      capacity_(capacity),
      salt_(salt_of(seed)),
      half_open_memory_(half_open),
      half_open_(half_open) {}

ConnTable::~ConnTable() {
    rte_free(descriptors_.data());
    rte_free(half_open_memory_.data());
}

bool ConnTable::is_brief(const FlowKey& key) {
    return std::memcmp(key.client.bytes.data(), kMapped.data(), kMapped.size()) == 0 &&
           std::memcmp(key.vip.bytes.data(), kMapped.data(), kMapped.size()) == 0;
}

// Requires: is_brief(key).
ConnTable::BriefKey ConnTable::brief(const FlowKey& key) {
    BriefKey brief;
    std::memcpy(&brief.words[0], key.client.bytes.data() + kMapped.size(), sizeof(std::uint32_t));
    std::memcpy(&brief.words[1], key.vip.bytes.data() + kMapped.size(), sizeof(std::uint32_t));
    brief.words[2] = std::uint32_t{key.client_port} << 16 | key.vip_port;
    brief.words[3] = key.protocol;
    return brief;
}

std::int32_t ConnTable::place_of(const FlowKey& key) const {
    if (!is_brief(key)) {
        const std::int32_t slot = rte_hash_lookup(v6_.get(), &key);
        return slot < 0 ? slot : slot + static_cast<std::int32_t>(capacity_.v4);
    }
    const BriefKey short_key = brief(key);
    return rte_hash_lookup_with_hash(v4_.get(), &short_key,
                                     hash_brief(salt_, short_key.words.data()));
}

Descriptor* ConnTable::find(const FlowKey& key) {
    return at(place_of(key));
}

void ConnTable::find_bulk(const FlowKey* const* keys, std::size_t count, Descriptor** found) {
    NLB_ASSERT(count <= kBurstMax);
    std::array<BriefKey, kBurstMax> brief_keys;
    std::array<const void*, kBurstMax> pointers;
    std::array<hash_sig_t, kBurstMax> hashes;
    std::array<std::int32_t, kBurstMax> slots;
    std::uint32_t asked = 0;
    while (asked < count && is_brief(*keys[asked])) {
        brief_keys[asked] = brief(*keys[asked]);
        pointers[asked] = &brief_keys[asked];
        hashes[asked] = hash_brief(salt_, brief_keys[asked].words.data());
        ++asked;
    }
    if (asked != 0)
        rte_hash_lookup_with_hash_bulk(v4_.get(), pointers.data(), hashes.data(), asked,
                                       slots.data());
    for (std::uint32_t i = 0; i < asked; ++i) found[i] = at(slots[i]);
    if (asked == count) return;
    // A burst of both IP versions, or of IPv6 alone.
    std::uint32_t others = 0;
    std::array<std::uint8_t, kBurstMax> whose;
    for (std::size_t i = asked; i < count; ++i) {
        if (is_brief(*keys[i])) {
            found[i] = find(*keys[i]);
            continue;
        }
        pointers[others] = keys[i];
        whose[others++] = static_cast<std::uint8_t>(i);
    }
    if (others == 0) return;
    rte_hash_lookup_bulk(v6_.get(), pointers.data(), others, slots.data());
    for (std::uint32_t k = 0; k < others; ++k)
        found[whose[k]] =
            at(slots[k] < 0 ? slots[k] : slots[k] + static_cast<std::int32_t>(capacity_.v4));
}

Descriptor* ConnTable::insert(const FlowKey& key, Descriptor descriptor) {
    if (size_ == capacity()) return nullptr;
    std::int32_t slot;
    if (is_brief(key)) {
        const BriefKey short_key = brief(key);
        slot = rte_hash_add_key_with_hash(v4_.get(), &short_key,
                                          hash_brief(salt_, short_key.words.data()));
    } else {
        slot = rte_hash_add_key(v6_.get(), &key);
        if (slot >= 0) slot += static_cast<std::int32_t>(capacity_.v4);
    }
    if (slot < 0) return nullptr;
    Descriptor& stored = *at(slot);
    NLB_ASSERT(stored.bucket == kFreeSlot);
    stored = descriptor;
    ++size_;
    if (descriptor.state == FlowState::half_open) half_open_.push(static_cast<std::uint32_t>(slot));
    flow_index_.on_insert(key, stored);
    return &stored;
}

bool ConnTable::erase(const FlowKey& key) {
    std::int32_t slot;
    if (is_brief(key)) {
        const BriefKey short_key = brief(key);
        slot = rte_hash_del_key_with_hash(v4_.get(), &short_key,
                                          hash_brief(salt_, short_key.words.data()));
    } else {
        slot = rte_hash_del_key(v6_.get(), &key);
        if (slot >= 0) slot += static_cast<std::int32_t>(capacity_.v4);
    }
    if (slot < 0) return false;
    Descriptor& stored = *at(slot);
    flow_index_.on_erase(key, stored);
    stored.bucket = kFreeSlot;
    --size_;
    return true;
}

bool ConnTable::evict_half_open() {
    const auto victim = half_open_.take([this](std::uint32_t slot) { return is_half_open(slot); });
    if (!victim) return false;
    if (evictions_left_ != 0) --evictions_left_;
    return erase(key_at(*victim));
}

bool ConnTable::is_half_open(std::uint32_t slot) const {
    return descriptors_[slot].bucket != kFreeSlot &&
           descriptors_[slot].state == FlowState::half_open;
}

std::uint32_t ConnTable::slots_due(Instant now) {
    if (swept_at_ == kLongAgo) swept_at_ = now;
    const Duration since = now - swept_at_;
    if (since < kSweepStep) return 0;
    swept_at_ = now;
    const auto due = static_cast<Uint128>(slots()) * static_cast<std::uint64_t>(since.count()) /
                         static_cast<std::uint64_t>(kSweepPass.count()) +
                     1;
    return static_cast<std::uint32_t>(std::min<Uint128>(due, std::min(kSweepMost, slots())));
}

void ConnTable::sweep(const Tables& tables, Instant now) {
    if (now >= evict_again_) {
        evict_again_ = now + kEvictWindow;
        evictions_left_ = std::clamp<std::uint32_t>(
            static_cast<std::uint32_t>(half_open_most() / 1000), kEvictionsLeast, kEvictionsMost);
    }
    if (reindex_left_ != 0) reindex_some(tables);
    std::uint32_t changes = 0;
    for (std::uint32_t left = slots_due(now); left > 0 && changes < kSweepChangesMost; --left) {
        changes += sweep_slot(next_slot_, tables, seconds_of(now)) ? 1 : 0;
        if (++next_slot_ == slots()) next_slot_ = 0;
    }
}

bool ConnTable::sweep_slot(std::uint32_t slot, const Tables& tables, std::uint32_t now_s) {
    Descriptor& descriptor = descriptors_[slot];
    if (descriptor.bucket == kFreeSlot) return false;
    const bool cut = !flow_index_.is_reindexing() && is_cut(descriptor, tables);
    if (cut || is_expired(descriptor, tables, now_s)) {
        erase(key_at(slot));
    } else if (is_stale(descriptor, tables, now_s)) {
        descriptor.marks |= kMarkStale;
        flow_index_.on_stale(key_at(slot), descriptor);
    } else {
        return false;
    }
    return true;
}

FlowKey ConnTable::key_at(std::uint32_t slot) const {
    const bool is_v4 = slot < capacity_.v4;
    FlowKey key{};
    if (!is_v4) {
        std::memcpy(&key, v6_keys_.key_at(*v6_, static_cast<std::int32_t>(slot - capacity_.v4)),
                    sizeof key);
        return key;
    }
    BriefKey short_key;
    std::memcpy(&short_key, v4_keys_.key_at(*v4_, static_cast<std::int32_t>(slot)),
                sizeof short_key);
    key.client = mapped_from(reinterpret_cast<const Byte*>(&short_key.words[0]));
    key.vip = mapped_from(reinterpret_cast<const Byte*>(&short_key.words[1]));
    key.client_port = static_cast<std::uint16_t>(short_key.words[2] >> 16);
    key.vip_port = static_cast<std::uint16_t>(short_key.words[2]);
    key.protocol = static_cast<std::uint8_t>(short_key.words[3]);
    return key;
}

void ConnTable::begin_reindexing(std::uint64_t layout) {
    flow_index_.begin_reindexing(layout);
    reindex_left_ = size_ == 0 ? 0 : slots();
}

void ConnTable::reindex_some(const Tables& tables) {
    for (std::uint32_t left = std::min(reindex_left_, kReindexMost); left > 0; --left) {
        const std::uint32_t slot = --reindex_left_;
        if (descriptors_[slot].bucket != kFreeSlot)
            reindex(key_at(slot), descriptors_[slot], tables, flow_index_);
    }
    if (reindex_left_ == 0) flow_index_.end_reindexing();
}

}  // namespace nlb::dataplane
