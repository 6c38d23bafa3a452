// The connection table of tests, simulators and `nlb explain`: a map with the same contract as the
// dataplane's. It allocates at each insert, so no worker core may use it. Thread: one.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "core/flow/flow.hpp"
#include "core/flow/flow_index.hpp"
#include "core/flow/track.hpp"
#include "core/packet/burst_context.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {

class SimpleConnections {
public:
    explicit SimpleConnections(std::size_t capacity = 65536) : capacity_(capacity) {}

    [[nodiscard]] Descriptor* find(const FlowKey& key) {
        ++look_ups_;
        const auto found = flows_.find(key);
        return found == flows_.end() ? nullptr : &found->second;
    }
    void find_bulk(const FlowKey* const* keys, std::size_t count, Descriptor** found) {
        for (std::size_t i = 0; i < count; ++i) found[i] = find(*keys[i]);
    }
    Descriptor* insert(const FlowKey& key, Descriptor descriptor) {
        if (flows_.size() >= capacity_) return nullptr;
        Descriptor& stored = flows_.emplace(key, descriptor).first->second;
        flow_index_.on_insert(key, stored);
        return &stored;
    }
    bool erase(const FlowKey& key) {
        const auto found = flows_.find(key);
        if (found == flows_.end()) return false;
        flow_index_.on_erase(key, found->second);
        flows_.erase(found);
        return true;
    }
    [[nodiscard]] bool may_evict() const { return evictions_left_ > 0; }
    void limit_evictions(std::uint64_t left) { evictions_left_ = left; }
    bool evict_half_open() {
        if (evictions_left_ != 0) --evictions_left_;
        auto oldest = flows_.end();
        for (auto flow = flows_.begin(); flow != flows_.end(); ++flow)
            if (flow->second.state == FlowState::half_open &&
                (oldest == flows_.end() || flow->second.seen_s < oldest->second.seen_s))
                oldest = flow;
        if (oldest == flows_.end()) return false;
        const FlowKey key = oldest->first;
        return erase(key);
    }
    [[nodiscard]] bool is_nearly_full() const { return flows_.size() >= nearly_full_at(capacity_); }
    [[nodiscard]] std::size_t half_open_most() const { return half_open_most_of(capacity_); }
    [[nodiscard]] FlowIndex& flow_index() { return flow_index_; }

    // At once; the dataplane's goes step by step.
    void reindex_all(const Tables& tables) {
        flow_index_.begin_reindexing(tables.layout);
        for (auto& [key, descriptor] : flows_) reindex(key, descriptor, tables, flow_index_);
        flow_index_.end_reindexing();
    }
    // A whole pass at once, too.
    void sweep(const Tables& tables, Instant now) {
        for (auto next = flows_.begin(); next != flows_.end();) {
            const auto here = next++;
            if (is_cut(here->second, tables) || is_expired(here->second, tables, seconds_of(now))) {
                const FlowKey key = here->first;
                erase(key);
            } else if (is_stale(here->second, tables, seconds_of(now))) {
                here->second.marks |= kMarkStale;
                flow_index_.on_stale(here->first, here->second);
            }
        }
    }
    [[nodiscard]] std::size_t size() const { return flows_.size(); }
    // How many keys were looked up so far: what the stages promise to save.
    [[nodiscard]] std::uint64_t look_ups() const { return look_ups_; }

private:
    struct KeyHash {
        std::size_t operator()(const FlowKey& key) const {
            const std::uint64_t ports = std::uint64_t{key.client_port} << 24 |
                                        std::uint64_t{key.vip_port} << 8 | key.protocol;
            return affinity_hash(HashKey{ports, 0, 0, 0}, key.client, 0) ^
                   std::size_t{affinity_hash({}, key.vip, 0)} << 32;
        }
    };
    std::size_t capacity_;
    std::uint64_t look_ups_ = 0;
    std::uint64_t evictions_left_ = UINT64_MAX;
    std::unordered_map<FlowKey, Descriptor, KeyHash> flows_;
    FlowIndex flow_index_;
};
static_assert(Connections<SimpleConnections>);

}  // namespace nlb
