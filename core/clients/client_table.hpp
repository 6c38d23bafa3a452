// What one host remembers of the clients of its rules with a time-out
// (core/clients/client_record.hpp), and what its cores ask its control plane to grant. One table
// for all workers of a cluster, because adapters spread one client's packets over them: an entry is
// two atomic words, all changes are made by compare-and-exchange, and nobody waits for anybody. It
// never grows: a client that finds its eight slots taken is not remembered, and nothing that
// somebody may rely on makes room for it. The layout of an entry is in client_table.cpp.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/clients/client_record.hpp"
#include "core/clients/grant.hpp"
#include "core/clients/request_ring.hpp"

namespace nlb {

class ClientTable {
public:
    // Requires: 1 <= capacity <= 2^26; it is rounded up to a power of two. 24 bytes each. `Thread:`
    // any, where nothing else is said.
    explicit ClientTable(std::uint32_t capacity);

    // A packet that may open a flow: who serves its client. Remembers it, commits and asks where
    // that follows.
    [[nodiscard]] Standing on_opening(ClientName client, const ClientScene& scene);
    // The end of a flow: its client was here.
    void on_end(ClientName client, const ClientScene& scene);
    // A packet that opens nothing and has no descriptor. Requires: scene.owned().
    [[nodiscard]] bool serves_elsewhere(ClientName client, const ClientScene& scene) const;
    // True: no packet of this bucket needs serves_elsewhere().
    [[nodiscard]] bool is_free_of_commitments(RuleId rule, BucketId bucket) const;
    // The rule's other buckets.
    [[nodiscard]] BucketMask committed(RuleId rule) const {
        return marks_[0][rule].load(std::memory_order_relaxed) |
               marks_[1][rule].load(std::memory_order_relaxed);
    }
    // The same for one that is no opening of its own, an ICMP error about a datagram. Requires:
    // !scene.owned().
    [[nodiscard]] bool is_guest_here(ClientName client, const ClientScene& scene) const;

    // Thread: main. Numbers the era of tables that are about to be published.
    void enter(Tables& tables);
    // Thread: main. What the bucket's owner granted, under that era; false: it is not the era of
    // the newest tables, or there is no room.
    bool give(std::uint64_t era, const GivenGrant& grant, Instant now);
    // Thread: main. The oldest requests of cores.
    [[nodiscard]] std::size_t take_requests(std::span<GrantRequest> into) {
        return requests_.take(into);
    }
    [[nodiscard]] bool has_requests() const { return !requests_.empty(); }

    // Thread: one worker. Looks at the next slots, at most so many that a pass takes kSweepPass,
    // and forgets what is over.
    void sweep(const Tables& tables, Instant now);

    // For people: clients remembered, of them such that another host was granted (as of the last
    // pass), those for whom there was no room.
    [[nodiscard]] std::uint64_t remembered() const {
        return remembered_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t commitments() const {
        return commitments_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t unremembered() const {
        return unremembered_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
    // Of tests and explanations.
    [[nodiscard]] std::optional<ClientRecord> record_of(ClientName client) const;

    static constexpr std::uint32_t kWays = 8;
    static constexpr Duration kSweepPass = std::chrono::seconds{10};
    static constexpr Duration kSweepStep = std::chrono::milliseconds{1};
    static constexpr std::uint32_t kSweepMost = 256;
    // What all cores together may ask for; beyond, owners keep their clients.
    static constexpr std::uint32_t kRequestsPerWindow = 16;
    static constexpr std::uint32_t kWindowMs = 10;

private:
    struct Entry {
        std::atomic<ClientName> client{0};  // publishes nothing but itself; 0: free
        // The record; publishes `rule_bucket` and `seen_ms`. 0: being made or unmade.
        std::atomic<std::uint64_t> word{0};
        std::atomic<std::uint32_t> seen_ms{0};      // publishes nothing but itself
        std::atomic<std::uint32_t> rule_bucket{0};  // rule << 8 | bucket; publishes nothing
    };
    using Words = std::array<std::atomic<BucketMask>, kRuleSlots>;

    [[nodiscard]] std::span<Entry> set_of(ClientName client) const;
    [[nodiscard]] Entry* find(ClientName client) const;
    [[nodiscard]] Entry* make(ClientName client, RuleId rule, BucketId bucket,
                              const ClientRecord& record, std::uint32_t now_ms);
    [[nodiscard]] bool ask(ClientName client, const ClientRecord& commitment,
                           const ClientScene& scene);
    [[nodiscard]] bool spend(std::uint32_t now_ms);
    void mark(RuleId rule, BucketId bucket);
    [[nodiscard]] std::uint32_t slots_due(Instant now);
    void sweep_entry(Entry& entry, const Tables& tables, Instant now);
    void end_pass();

    std::uint32_t capacity_;
    std::unique_ptr<Entry[]> entries_;
    RequestRing requests_;
    // window and what was spent in it; publishes nothing but itself
    std::atomic<std::uint64_t> budget_{0};
    std::atomic<std::uint64_t> remembered_{0};
    std::atomic<std::uint64_t> commitments_{0};
    std::atomic<std::uint64_t> unremembered_{0};

    // Buckets with commitments. Each pass of the sweep makes one of the two anew, so that the other
    // is always complete.
    std::array<Words, 2> marks_{};
    std::size_t making_ = 0;

    // Main's.
    std::uint64_t era_ = 0;
    std::uint16_t generation_ = 0;
    HostId self_ = kNoHost;

    // The sweep's.
    std::uint32_t next_slot_ = 0;
    std::uint64_t committed_so_far_ = 0;
    Instant swept_at_ = kLongAgo;
};

}  // namespace nlb
