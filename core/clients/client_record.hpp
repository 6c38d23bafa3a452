// Where a client of a rule with a time-out was last, and who serves it now: a record, and the pure
// decision about a packet that may open a flow. The bucket's owner is the only arbiter: it serves
// the client itself, or commits itself to another host for a while and tells that one (a grant).
// docs/protocol.md, "Sticky clients", says why two hosts never serve one client at once. It stores
// nothing.
#pragma once

#include <optional>

#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// Milliseconds of the host's monotonic clock, modulo 49 days: only differences count.
[[nodiscard]] constexpr std::uint32_t milliseconds_of(Instant now) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
}
// Workers read the clock once per burst, so `since_ms` may be a little later than `now_ms`: then
// nothing has elapsed.
[[nodiscard]] constexpr std::uint32_t elapsed_ms(std::uint32_t now_ms, std::uint32_t since_ms) {
    const auto elapsed = static_cast<std::int32_t>(now_ms - since_ms);
    return elapsed < 0 ? 0 : static_cast<std::uint32_t>(elapsed);
}

// What an owner has committed itself to outlasts what it granted: two clocks may differ by 2.02 %
// in speed, a request may be kGrantPatience old when the grant is made, and milliseconds are cut
// off.
[[nodiscard]] constexpr std::uint32_t commitment_ms(std::uint32_t timeout_ms) {
    return timeout_ms + timeout_ms / 32 +
           static_cast<std::uint32_t>(kGrantPatience / std::chrono::milliseconds{1}) + 10;
}

enum class ClientKind : std::uint8_t {
    plain = 1,  // seen there
    committed,  // this host has granted the client to `host`
    guest,      // this host has been granted the client
};

struct ClientRecord {
    HostId host = kNoHost;  // who served it last, as far as this host knows
    ClientKind kind = ClientKind::plain;
    // committed: grants sent since the client came or the era changed, at most kTriesMost
    std::uint8_t tries = 0;
    std::uint16_t generation = 0;  // committed, guest: of the era in which that was so
    std::uint32_t at_ms = 0;       // committed: when; guest: until when; plain: nothing
    bool operator==(const ClientRecord&) const = default;
};
inline constexpr std::uint8_t kTriesMost = 15;

[[nodiscard]] constexpr ClientRecord plain_record(HostId host) {
    return {host, ClientKind::plain, 0, 0, 0};
}

// A packet that may open a flow, and the tables it is judged by. Requires:
// tables.rules[rule].sticky_ms != 0.
struct ClientScene {
    ClientScene(const Tables& by, RuleId of_rule, BucketId of_bucket, Instant at)
        : tables(by), rule(of_rule), bucket(of_bucket), now(at), now_ms(milliseconds_of(at)) {}

    const Tables& tables;
    RuleId rule;
    BucketId bucket;
    Instant now;
    std::uint32_t now_ms;

    [[nodiscard]] std::uint32_t timeout_ms() const { return tables.rules[rule].sticky_ms; }
    [[nodiscard]] bool owned() const { return owns(tables, rule, bucket); }
    // By the targets, which every host knows.
    [[nodiscard]] HostId target() const { return tables.owner[rule][bucket]; }
    // A member that is meant to have a share of this rule: neither gone nor draining.
    [[nodiscard]] bool is_eligible(HostId host) const;
};

enum class Standing : std::uint8_t {
    ours,       // this host owns the bucket and serves the client
    elsewhere,  // this host owns the bucket, another one serves the client
    guest,      // another host owns the bucket and has granted the client
    not_ours,
};

struct Judgement {
    Standing standing;
    ClientRecord next;  // what the record becomes; host kNoHost: there is nothing to remember
    bool asks = false;  // `next` is a new commitment: tell its host, or do not commit
};

// `seen_ms`: when a packet of the client was last seen. Nothing: no record.
[[nodiscard]] Judgement judge_opening(const std::optional<ClientRecord>& record,
                                      std::uint32_t seen_ms, const ClientScene& scene);
// What a packet that opens nothing, and has no descriptor, is to do: true when another host serves
// its client. Requires: scene.owned().
[[nodiscard]] bool is_elsewhere(const ClientRecord& record, std::uint32_t seen_ms,
                                const ClientScene& scene);
[[nodiscard]] bool is_guest(const ClientRecord& record, const ClientScene& scene);
// True: somebody may rely on this commitment.
[[nodiscard]] bool is_binding(const ClientRecord& record, const ClientScene& scene);
// True: the record may be forgotten.
[[nodiscard]] bool is_over(const ClientRecord& record, std::uint32_t seen_ms,
                           const ClientScene& scene);

// Never 0. The layout is part of it, as the rules' numbers and the hash key change with it.
// Requires: rule is a configured one.
[[nodiscard]] inline ClientName client_name(const Tables& tables, RuleId rule, BucketId bucket,
                                            const IpAddress& client) {
    const IpAddress address =
        tables.rules[rule].affinity == Affinity::network ? network_of(client) : client;
    const SaltedKey key(tables.hash_key);
    const std::uint64_t salt = (tables.layout ^ (std::uint64_t{rule} << 8 | bucket)) * kPortSpread;
    const ClientName name =
        wide_mix_client(key, load_big_endian<std::uint64_t>(address.bytes.data()),
                        load_big_endian<std::uint64_t>(address.bytes.data() + 8), salt);
    return name == 0 ? 1 : name;
}

}  // namespace nlb
