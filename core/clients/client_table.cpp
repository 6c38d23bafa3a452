// A record as one word, so that it changes at once or not at all:
//    bits 0..7 host, 8..11 kind, 12..15 tries, 16..31 generation,
//    32..63 time; of plain records half of the client's name
// An entry's life: free (client 0) -> being made (client set, word 0) -> remembered (word set) ->
// dying (one pass of the sweep later) -> free. Only whoever takes a free slot makes an entry, only
// the sweep unmakes one, and a slot serves another client a whole pass after it was given up at the
// earliest: a worker that still looks at it finds another word there, not another client's record
// in the same word (plain records bear a part of the name for that).
#include "core/clients/client_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/assert.hpp"

namespace nlb {
namespace {

constexpr int kTriesMax = 4;  // of a change that other workers get in the way of

// No record any more: kind 0.
std::uint64_t dying(ClientName client) {
    return 0xff | client >> 32 << 32;
}
bool is_record(std::uint64_t word) {
    return (word >> 8 & 0xf) != 0;
}

std::uint64_t word_of(const ClientRecord& record, ClientName client) {
    const std::uint64_t high = record.kind == ClientKind::plain ? client >> 32 : record.at_ms;
    return std::uint64_t{record.host} | static_cast<std::uint64_t>(record.kind) << 8 |
           std::uint64_t{record.tries} << 12 | std::uint64_t{record.generation} << 16 | high << 32;
}

ClientRecord record_of_word(std::uint64_t word) {
    ClientRecord record;
    record.host = static_cast<HostId>(word);
    record.kind = static_cast<ClientKind>(word >> 8 & 0xf);
    record.tries = static_cast<std::uint8_t>(word >> 12 & 0xf);
    record.generation = static_cast<std::uint16_t>(word >> 16);
    record.at_ms = record.kind == ClientKind::plain ? 0 : static_cast<std::uint32_t>(word >> 32);
    return record;
}

std::uint32_t rounded(std::uint32_t capacity) {
    NLB_ASSERT(capacity >= 1 && capacity <= 1U << 26);
    return std::bit_ceil(std::max(capacity, ClientTable::kWays));
}

}  // namespace

ClientTable::ClientTable(std::uint32_t capacity)
    : capacity_(rounded(capacity)), entries_(std::make_unique<Entry[]>(capacity_)) {}

std::span<ClientTable::Entry> ClientTable::set_of(ClientName client) const {
    const std::size_t set = client & (capacity_ / kWays - 1);
    return {&entries_[set * kWays], kWays};
}

ClientTable::Entry* ClientTable::find(ClientName client) const {
    for (Entry& entry : set_of(client))
        if (entry.client.load(std::memory_order_acquire) == client &&
            entry.word.load(std::memory_order_acquire) != 0)
            return &entry;
    return nullptr;
}

std::optional<ClientRecord> ClientTable::record_of(ClientName client) const {
    const Entry* const entry = find(client);
    if (entry == nullptr) return std::nullopt;
    const std::uint64_t word = entry->word.load(std::memory_order_acquire);
    return is_record(word) ? std::optional(record_of_word(word)) : std::nullopt;
}

// nullptr: no room, or another worker is making this very entry. Of two that make one at once at
// most one goes on: each looks at all slots after it has put the name down.
ClientTable::Entry* ClientTable::make(ClientName client, RuleId rule, BucketId bucket,
                                      const ClientRecord& record, std::uint32_t now_ms) {
    const std::span<Entry> set = set_of(client);
    for (Entry& entry : set) {
        ClientName free = 0;
        if (entry.client.load(std::memory_order_relaxed) != 0 ||
            !entry.client.compare_exchange_strong(free, client))
            continue;
        const bool alone = std::none_of(set.begin(), set.end(), [&](Entry& other) {
            return &other != &entry && other.client.load() == client;
        });
        if (!alone) {
            entry.client.store(0);
            return nullptr;
        }
        entry.rule_bucket.store(std::uint32_t{rule} << 8 | bucket, std::memory_order_relaxed);
        entry.seen_ms.store(now_ms, std::memory_order_relaxed);
        entry.word.store(word_of(record, client), std::memory_order_release);
        remembered_.fetch_add(1, std::memory_order_relaxed);
        return &entry;
    }
    unremembered_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
}

Standing ClientTable::on_opening(ClientName client, const ClientScene& scene) {
    Entry* const entry = find(client);
    if (entry == nullptr) {
        const Judgement judgement = judge_opening(std::nullopt, scene.now_ms, scene);
        if (judgement.next.host != kNoHost)
            static_cast<void>(make(client, scene.rule, scene.bucket, judgement.next, scene.now_ms));
        return judgement.standing;
    }
    const std::uint32_t seen_ms = entry->seen_ms.load(std::memory_order_relaxed);
    std::uint64_t word = entry->word.load(std::memory_order_acquire);
    for (int i = 0; i < kTriesMax && word != 0; ++i) {
        const auto record = is_record(word) ? std::optional(record_of_word(word)) : std::nullopt;
        Judgement judgement = judge_opening(record, seen_ms, scene);
        if (judgement.next.host == kNoHost) return judgement.standing;
        if (judgement.asks && !spend(scene.now_ms)) {
            // Whoever relies on it is not told anew; whoever does not yet is not told at all, and
            // the client stays here.
            if (is_binding(*record, scene)) return Standing::elsewhere;
            judgement = {Standing::ours, plain_record(scene.tables.self)};
        }
        const std::uint64_t next = word_of(judgement.next, client);
        if (judgement.asks) mark(scene.rule, scene.bucket);
        if (next != word &&
            !entry->word.compare_exchange_weak(word, next, std::memory_order_acq_rel))
            continue;
        entry->seen_ms.store(scene.now_ms, std::memory_order_relaxed);
        // A commitment that nobody is told of ends by itself; until then its client waits.
        if (judgement.asks) static_cast<void>(ask(client, judgement.next, scene));
        return judgement.standing;
    }
    return scene.owned() ? Standing::elsewhere : Standing::not_ours;
}

void ClientTable::on_end(ClientName client, const ClientScene& scene) {
    if (Entry* const entry = find(client); entry != nullptr)
        entry->seen_ms.store(scene.now_ms, std::memory_order_relaxed);
}

bool ClientTable::serves_elsewhere(ClientName client, const ClientScene& scene) const {
    const Entry* const entry = find(client);
    if (entry == nullptr) return false;
    const std::uint64_t word = entry->word.load(std::memory_order_acquire);
    if (!is_record(word)) return false;
    return is_elsewhere(record_of_word(word), entry->seen_ms.load(std::memory_order_relaxed),
                        scene);
}

bool ClientTable::is_guest_here(ClientName client, const ClientScene& scene) const {
    const auto record = record_of(client);
    return record && is_guest(*record, scene);
}

bool ClientTable::is_free_of_commitments(RuleId rule, BucketId bucket) const {
    return (committed(rule) >> bucket & 1U) == 0;
}

void ClientTable::mark(RuleId rule, BucketId bucket) {
    for (Words& words : marks_)
        if ((words[rule].load(std::memory_order_relaxed) >> bucket & 1U) == 0)
            words[rule].fetch_or(BucketMask{1} << bucket);
}

bool ClientTable::spend(std::uint32_t now_ms) {
    const std::uint64_t window = now_ms / kWindowMs;
    std::uint64_t budget = budget_.load(std::memory_order_relaxed);
    for (int i = 0; i < kTriesMax; ++i) {
        const std::uint64_t spent = budget >> 16 == window ? budget & 0xffff : 0;
        if (spent >= kRequestsPerWindow) return false;
        if (budget_.compare_exchange_weak(budget, window << 16 | (spent + 1),
                                          std::memory_order_relaxed))
            return true;
    }
    return false;
}

bool ClientTable::ask(ClientName client, const ClientRecord& commitment, const ClientScene& scene) {
    GrantRequest request{};
    request.era = scene.tables.era;
    request.client = client;
    request.decided_ns = scene.now.time_since_epoch().count();
    request.timeout_ms = scene.timeout_ms();
    request.host = commitment.host;
    request.rule = scene.rule;
    request.bucket = scene.bucket;
    return requests_.put(request);
}

void ClientTable::enter(Tables& tables) {
    if (tables.era != era_) ++generation_;
    era_ = tables.era;
    self_ = tables.self;
    tables.generation = generation_;
}

bool ClientTable::give(std::uint64_t era, const GivenGrant& grant, Instant now) {
    if (era != era_ || grant.client == 0 || grant.rule >= kRulesMax || grant.bucket >= kBuckets)
        return false;
    const ClientRecord record{self_, ClientKind::guest, 0, generation_,
                              milliseconds_of(Instant{Duration{grant.until_ns}})};
    Entry* const entry = find(grant.client);
    if (entry == nullptr)
        return make(grant.client, grant.rule, grant.bucket, record, milliseconds_of(now)) !=
               nullptr;
    std::uint64_t word = entry->word.load(std::memory_order_acquire);
    for (int i = 0; i < kTriesMax && word != 0; ++i)
        if (entry->word.compare_exchange_weak(word, word_of(record, grant.client),
                                              std::memory_order_acq_rel))
            return true;
    return false;
}

std::uint32_t ClientTable::slots_due(Instant now) {
    if (swept_at_ == kLongAgo) swept_at_ = now;
    const Duration since = now - swept_at_;
    if (since < kSweepStep) return 0;
    swept_at_ = now;
    const auto due = static_cast<Uint128>(capacity_) * static_cast<std::uint64_t>(since.count()) /
                         static_cast<std::uint64_t>(kSweepPass.count()) +
                     1;
    return static_cast<std::uint32_t>(std::min<Uint128>(due, std::min(kSweepMost, capacity_)));
}

void ClientTable::sweep(const Tables& tables, Instant now) {
    for (std::uint32_t left = slots_due(now); left > 0; --left) {
        sweep_entry(entries_[next_slot_], tables, now);
        if (++next_slot_ < capacity_) continue;
        next_slot_ = 0;
        end_pass();
    }
}

void ClientTable::sweep_entry(Entry& entry, const Tables& tables, Instant now) {
    const ClientName client = entry.client.load(std::memory_order_acquire);
    std::uint64_t word = entry.word.load(std::memory_order_acquire);
    if (client == 0 || word == 0) return;
    if (!is_record(word)) {
        if (!entry.word.compare_exchange_strong(word, 0)) return;  // the client came back
        remembered_.fetch_sub(1, std::memory_order_relaxed);
        entry.client.store(0);
        return;
    }
    const std::uint32_t slot = entry.rule_bucket.load(std::memory_order_relaxed);
    const ClientScene scene(tables, static_cast<RuleId>(slot >> 8), static_cast<BucketId>(slot),
                            now);
    const ClientRecord record = record_of_word(word);
    if (is_over(record, entry.seen_ms.load(std::memory_order_relaxed), scene)) {
        static_cast<void>(entry.word.compare_exchange_strong(word, dying(client)));
        return;
    }
    if (record.kind != ClientKind::committed) return;
    ++committed_so_far_;
    marks_[making_][scene.rule].fetch_or(BucketMask{1} << scene.bucket, std::memory_order_relaxed);
}

void ClientTable::end_pass() {
    commitments_.store(std::exchange(committed_so_far_, 0), std::memory_order_relaxed);
    making_ ^= 1U;
    for (auto& word : marks_[making_]) word.store(0, std::memory_order_relaxed);
}

}  // namespace nlb
