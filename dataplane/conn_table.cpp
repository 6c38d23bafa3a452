// rte_hash without any of its locks or extra flags: one thread owns the table.
#include "dataplane/conn_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <rte_errno.h>
#include <rte_jhash.h>
#include <rte_malloc.h>

#include "core/assert.hpp"
#include "core/burst.hpp"
#include "core/track.hpp"

namespace nlb::dataplane {
namespace {

constexpr BucketId kFreePlace = 0xff;
static_assert(kBurstMax <= RTE_HASH_LOOKUP_BULK_MAX && kFreePlace >= kBuckets);

// A key is ten words. CRC32c would be faster, but whoever knows it can make keys collide whatever the seed is.
std::uint32_t hash_of(const void* key, std::uint32_t bytes, std::uint32_t seed) {
    return rte_jhash_32b(static_cast<const std::uint32_t*>(key), bytes / sizeof(std::uint32_t), seed);
}

}  // namespace

Result<std::unique_ptr<ConnTable>> ConnTable::create(const std::string& name, std::uint32_t capacity, int socket, std::uint32_t seed) {
    rte_hash_parameters parameters{};
    parameters.name = name.c_str();
    parameters.entries = capacity;
    parameters.key_len = sizeof(FlowKey);
    parameters.hash_func = hash_of;
    parameters.hash_func_init_val = seed;
    parameters.socket_id = socket;
    rte_hash* const hash = rte_hash_create(&parameters);
    auto* const places =
        static_cast<Descriptor*>(rte_malloc_socket("nlb descriptors", sizeof(Descriptor) * capacity, RTE_CACHE_LINE_SIZE, socket));
    if (hash == nullptr || places == nullptr) {
        const std::string cause = rte_strerror(rte_errno);
        rte_hash_free(hash);
        rte_free(places);
        return Error{"the connection table for " + std::to_string(capacity) + " connections could not be made (" + cause +
                     "): lower connections.max or raise eal.memory_mib"};
    }
    std::uninitialized_fill_n(places, capacity, Descriptor{0, 0, kFreePlace, FlowState::half_open, 0});
    return std::unique_ptr<ConnTable>(new ConnTable(hash, {places, capacity}));
}

ConnTable::ConnTable(rte_hash* hash, std::span<Descriptor> descriptors) : hash_(hash), descriptors_(descriptors) {}

ConnTable::~ConnTable() {
    rte_hash_free(hash_);
    rte_free(descriptors_.data());
}

Descriptor* ConnTable::find(const FlowKey& key) {
    const int place = rte_hash_lookup(hash_, &key);
    return place < 0 ? nullptr : &descriptors_[static_cast<std::size_t>(place)];
}

void ConnTable::find_bulk(const FlowKey* const* keys, std::size_t count, Descriptor** found) {
    NLB_ASSERT(count <= kBurstMax);
    std::array<const void*, kBurstMax> pointers;
    std::array<std::int32_t, kBurstMax> places;
    std::copy_n(keys, count, pointers.begin());
    rte_hash_lookup_bulk(hash_, pointers.data(), static_cast<std::uint32_t>(count), places.data());
    for (std::size_t i = 0; i < count; ++i) found[i] = places[i] < 0 ? nullptr : &descriptors_[static_cast<std::size_t>(places[i])];
}

Descriptor* ConnTable::insert(const FlowKey& key, Descriptor descriptor) {
    const int place = rte_hash_add_key(hash_, &key);
    if (place < 0) return nullptr;
    Descriptor& stored = descriptors_[static_cast<std::size_t>(place)];
    NLB_ASSERT(stored.bucket == kFreePlace);
    stored = descriptor;
    ++size_;
    if (descriptor.state == FlowState::half_open) note_half_open(static_cast<std::uint32_t>(place));
    ledger_.on_insert(key, stored);
    return &stored;
}

bool ConnTable::erase(const FlowKey& key) {
    const int place = rte_hash_del_key(hash_, &key);
    if (place < 0) return false;
    Descriptor& stored = descriptors_[static_cast<std::size_t>(place)];
    ledger_.on_erase(key, stored);
    stored.bucket = kFreePlace;
    --size_;
    return true;
}

bool ConnTable::evict_half_open() {
    for (std::uint32_t left = std::min(kEvictTries, capacity()); left > 0; --left) {
        const std::uint32_t place = evict_place_;
        if (++evict_place_ == capacity()) evict_place_ = 0;
        if (is_half_open(place)) return erase(key_at(place));
    }
    for (; recent_count_ > 0; --recent_count_) {
        const std::uint32_t place = recent_[recent_first_ % kRecentMost];
        ++recent_first_;
        if (!is_half_open(place)) continue;
        --recent_count_;
        return erase(key_at(place));
    }
    return false;
}

bool ConnTable::is_half_open(std::uint32_t place) const {
    return descriptors_[place].bucket != kFreePlace && descriptors_[place].state == FlowState::half_open;
}

// A full queue loses its oldest place.
void ConnTable::note_half_open(std::uint32_t place) {
    recent_[(recent_first_ + recent_count_) % kRecentMost] = place;
    if (recent_count_ == kRecentMost)
        ++recent_first_;
    else
        ++recent_count_;
}

std::uint32_t ConnTable::places_due(Instant now) {
    if (swept_at_ == kLongAgo) swept_at_ = now;
    const Duration since = now - swept_at_;
    if (since < kSweepStep) return 0;
    swept_at_ = now;
    const auto due =
        static_cast<Uint128>(capacity()) * static_cast<std::uint64_t>(since.count()) / static_cast<std::uint64_t>(kSweepPass.count()) + 1;
    return static_cast<std::uint32_t>(std::min<Uint128>(due, std::min(kSweepMost, capacity())));
}

void ConnTable::sweep(const Tables& tables, Instant now) {
    if (refile_left_ != 0) refile_some(tables);
    for (std::uint32_t left = places_due(now); left > 0; --left) {
        sweep_place(next_place_, tables, seconds_of(now));
        if (++next_place_ < capacity()) continue;
        next_place_ = 0;
        ledger_.end_sweep();
    }
}

void ConnTable::sweep_place(std::uint32_t place, const Tables& tables, std::uint32_t now_s) {
    const Descriptor& descriptor = descriptors_[place];
    if (descriptor.bucket == kFreePlace) return;
    if (!is_expired(descriptor, tables, now_s)) {
        if (is_stale(descriptor, tables, now_s)) ledger_.note_stale(descriptor);
        return;
    }
    erase(key_at(place));
}

FlowKey ConnTable::key_at(std::uint32_t place) const {
    void* stored = nullptr;
    NLB_ASSERT(rte_hash_get_key_with_position(hash_, static_cast<std::int32_t>(place), &stored) == 0);
    FlowKey key;
    std::memcpy(&key, stored, sizeof key);
    return key;
}

void ConnTable::begin_refiling(std::uint64_t layout) {
    ledger_.begin_refiling(layout);
    refile_left_ = size_ == 0 ? 0 : capacity();
}

void ConnTable::refile_some(const Tables& tables) {
    for (std::uint32_t left = std::min(refile_left_, kSweepMost); left > 0; --left) {
        const std::uint32_t place = --refile_left_;
        if (descriptors_[place].bucket != kFreePlace) refile(key_at(place), descriptors_[place], tables, ledger_);
    }
    if (refile_left_ == 0) ledger_.end_refiling();
}

}  // namespace nlb::dataplane
