// One worker's descriptors: an rte_hash from flow key to a slot for each IP version, because an
// IPv4 key takes 16 bytes of a cache line where any other takes 40, and an array of descriptors by
// slot. It never grows; a flow that finds it full is not tracked. What expires or is stale is
// core's to say (core/flow/track.hpp). Thread: the owning worker calls everything; others may only
// read the flow_index's words, relaxed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <rte_hash.h>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/flow/flow.hpp"
#include "core/flow/flow_index.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/tables.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/worker/half_open_queue.hpp"
#include "dataplane/worker/key_store.hpp"

namespace nlb::dataplane {

struct FreeHash {
    void operator()(rte_hash* hash) const { rte_hash_free(hash); }
};
using Hash = std::unique_ptr<rte_hash, FreeHash>;

class ConnTable {
public:
    // In the memory of NUMA node `socket`. `seed` makes the slots of flows unpredictable from
    // outside. Requires: EAL runs, capacities > 0. Thread: main.
    static Result<std::unique_ptr<ConnTable>> create(const std::string& name,
                                                     const ConnCapacity& capacity, int socket,
                                                     std::uint32_t seed);
    ~ConnTable();
    ConnTable(const ConnTable&) = delete;
    ConnTable& operator=(const ConnTable&) = delete;

    // The Connections of core/flow/flow.hpp. rte_hash moves entries but no positions, so what
    // find() and insert() give is good until that descriptor is erased.
    [[nodiscard]] Descriptor* find(const FlowKey& key);
    void find_bulk(const FlowKey* const* keys, std::size_t count, Descriptor** found);
    [[nodiscard]] Descriptor* insert(const FlowKey& key, Descriptor descriptor);
    bool erase(const FlowKey& key);
    // Gives up the flow that has been half-open for longest, of either IP version.
    bool evict_half_open();
    [[nodiscard]] bool may_evict() const { return evictions_left_ != 0; }
    [[nodiscard]] bool is_nearly_full() const { return size_ >= nearly_full_at(capacity()); }
    [[nodiscard]] std::size_t half_open_most() const { return half_open_most_of(capacity()); }
    [[nodiscard]] FlowIndex& flow_index() { return flow_index_; }
    [[nodiscard]] const FlowIndex& flow_index() const { return flow_index_; }

    // Tables of another layout: from now on each sweep gives some descriptors the rule and bucket
    // that these tables give them. To be called before a burst is settled by them.
    void follow(const Tables& tables) {
        if (tables.layout != flow_index_.layout()) begin_reindexing(tables.layout);
    }
    // Looks at the next slots, no more than let a pass last kSweepPass, and erases what has
    // expired. At most kSweepMost slots and kSweepChangesMost changes in one call.
    void sweep(const Tables& tables, Instant now);

    [[nodiscard]] std::size_t size() const { return size_; }
    // Of both IP versions together.
    [[nodiscard]] std::uint32_t capacity() const { return std::max(capacity_.v4, capacity_.v6); }

    static constexpr Duration kSweepPass = std::chrono::seconds{10};
    // one look-up at the clock decides that there is nothing to do
    static constexpr Duration kSweepStep = std::chrono::microseconds{100};
    // How many flows may be evicted in one window: as many as leave each of them a tenth of a
    // second to be answered, but no fewer than a busy host with a small table needs, and no more
    // than a tenth of a core has the time for. Windows are short, so that no queue overflows in
    // one.
    static constexpr Duration kEvictWindow = std::chrono::microseconds{100};
    static constexpr std::uint32_t kEvictionsLeast = 10;
    static constexpr std::uint32_t kEvictionsMost = 50;
    // slots in one call, which lie side by side
    static constexpr std::uint32_t kSweepMost = 8192;
    // of them those that expire or become stale: 20 us where the caches hold none of it
    static constexpr std::uint32_t kSweepChangesMost = 64;
    static constexpr std::uint32_t kReindexMost = 32;  // the same

private:
    // What rte_hash is asked for: the key in as few bytes as it needs.
    struct BriefKey {
        std::array<std::uint32_t, 4> words;
    };
    ConnTable(Hash v4, Hash v6, std::span<Descriptor> descriptors,
              std::span<std::uint32_t> half_open, const ConnCapacity& capacity, std::uint32_t seed);
    [[nodiscard]] static bool is_brief(const FlowKey& key);
    [[nodiscard]] static BriefKey brief(const FlowKey& key);
    // Where in descriptors_; negative: not there.
    [[nodiscard]] std::int32_t place_of(const FlowKey& key) const;
    [[nodiscard]] Descriptor* at(std::int32_t slot) {
        return slot < 0 ? nullptr : &descriptors_[static_cast<std::size_t>(slot)];
    }
    [[nodiscard]] bool is_half_open(std::uint32_t slot) const;
    [[nodiscard]] bool sweep_slot(std::uint32_t slot, const Tables& tables, std::uint32_t now_s);
    [[nodiscard]] std::uint32_t slots() const {
        return static_cast<std::uint32_t>(descriptors_.size());
    }
    [[nodiscard]] std::uint32_t slots_due(Instant now);
    void begin_reindexing(std::uint64_t layout);
    void reindex_some(const Tables& tables);
    // Requires: the slot is taken.
    [[nodiscard]] FlowKey key_at(std::uint32_t slot) const;

    Hash v4_;
    Hash v6_;
    KeyStore v4_keys_;
    KeyStore v6_keys_;
    std::span<Descriptor> descriptors_;  // IPv4 first; bucket is kFreeSlot where there is none
    ConnCapacity capacity_;
    SaltedKey salt_;
    std::size_t size_ = 0;
    std::uint32_t next_slot_ = 0;
    std::uint32_t evictions_left_ = 0;
    // when as many may be evicted as in a new window
    Instant evict_again_ = kLongAgo;
    std::span<std::uint32_t> half_open_memory_;
    HalfOpenQueue half_open_;
    std::uint32_t reindex_left_ = 0;  // slots not looked at since the layout changed
    Instant swept_at_ = kLongAgo;
    FlowIndex flow_index_;
};
static_assert(Connections<ConnTable>);

}  // namespace nlb::dataplane
