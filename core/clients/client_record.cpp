// The decision of core/clients/client_record.hpp, host by host: the owner's, the guest's, and what
// everybody else remembers.
#include "core/clients/client_record.hpp"

#include <algorithm>

#include "core/base/mutation.hpp"

namespace nlb {
namespace {

bool is_expired(std::uint32_t seen_ms, const ClientScene& scene) {
    return elapsed_ms(scene.now_ms, seen_ms) > scene.timeout_ms();
}

// A grant may have been lost: it is repeated when the client comes again, each time after twice as
// long, and anew well before it ends.
bool wants_grant(const ClientRecord& record, const ClientScene& scene) {
    const std::uint32_t age = elapsed_ms(scene.now_ms, record.at_ms);
    constexpr std::uint32_t kFirstRepeatMs = 100;
    return age >= std::min(kFirstRepeatMs << record.tries, scene.timeout_ms() / 2);
}

// While tables are replaced, cores of two eras meet in one record: what the newer one has committed
// the older one leaves alone.
bool is_of_older_era(const ClientRecord& record, const ClientScene& scene) {
    return static_cast<std::int16_t>(record.generation - scene.tables.generation) < 0;
}
bool is_of_newer_era(const ClientRecord& record, const ClientScene& scene) {
    return static_cast<std::int16_t>(record.generation - scene.tables.generation) > 0;
}

Judgement commit(const ClientRecord& record, HostId host, const ClientScene& scene) {
    if (record.kind == ClientKind::committed && is_of_newer_era(record, scene))
        return {Standing::elsewhere, record};
    const bool again =
        record.kind == ClientKind::committed && record.generation == scene.tables.generation;
    if (again && !wants_grant(record, scene)) return {Standing::elsewhere, record, false};
    const auto tries =
        again ? static_cast<std::uint8_t>(std::min<unsigned>(record.tries + 1U, kTriesMost))
              : std::uint8_t{0};
    return {Standing::elsewhere,
            {host, ClientKind::committed, tries, scene.tables.generation, scene.now_ms},
            true};
}

Judgement judge_as_owner(const ClientRecord& record, std::uint32_t seen_ms,
                         const ClientScene& scene) {
    const HostId self = scene.tables.self;
    if (record.host == self) return {Standing::ours, plain_record(self)};
    const bool binding = is_binding(record, scene);
    if (!binding && is_expired(seen_ms, scene)) return {Standing::ours, plain_record(self)};
    // Whoever is about to give the bucket away starts nothing; its successor will.
    const bool may_grant = scene.is_eligible(record.host) && scene.target() == self;
    if (may_grant) return commit(record, record.host, scene);
    return binding ? Judgement{Standing::elsewhere, record}
                   : Judgement{Standing::ours, plain_record(self)};
}

// What everybody learns from a packet that somebody else answers. The newer tables may have made
// this host the owner, or a guest's: older ones know nothing of that.
Judgement judge_as_witness(const ClientRecord& record, std::uint32_t seen_ms,
                           const ClientScene& scene) {
    if (record.kind != ClientKind::plain && is_of_newer_era(record, scene))
        return {Standing::not_ours, record};
    const bool stays = !is_expired(seen_ms, scene) && scene.is_eligible(record.host);
    return {Standing::not_ours, stays ? record : plain_record(scene.target())};
}

}  // namespace

bool ClientScene::is_eligible(HostId host) const {
    const auto& owners = tables.owner[rule];
    return std::find(owners.begin(), owners.end(), host) != owners.end();
}

// Under an older era until everybody has left it: only then has every core dropped what was
// granted.
bool is_binding(const ClientRecord& record, const ClientScene& scene) {
    if (record.kind != ClientKind::committed) return false;
    if (elapsed_ms(scene.now_ms, record.at_ms) > commitment_ms(scene.timeout_ms())) return false;
    const bool settled = scene.tables.settled != 0 || mutated(Mutation::commit_forget);
    return !settled || !is_of_older_era(record, scene);
}

bool is_guest(const ClientRecord& record, const ClientScene& scene) {
    if (record.kind != ClientKind::guest || record.host != scene.tables.self) return false;
    const bool of_this_era =
        record.generation == scene.tables.generation || mutated(Mutation::grant_keep);
    return of_this_era && static_cast<std::int32_t>(record.at_ms - scene.now_ms) > 0;
}

Judgement judge_opening(const std::optional<ClientRecord>& record, std::uint32_t seen_ms,
                        const ClientScene& scene) {
    const bool owned = scene.owned();
    if (!record)
        return {owned ? Standing::ours : Standing::not_ours,
                plain_record(owned ? scene.tables.self : scene.target())};
    if (owned) return judge_as_owner(*record, seen_ms, scene);
    if (is_guest(*record, scene)) return {Standing::guest, *record};
    return judge_as_witness(*record, seen_ms, scene);
}

bool is_elsewhere(const ClientRecord& record, std::uint32_t seen_ms, const ClientScene& scene) {
    if (record.kind != ClientKind::committed || record.host == scene.tables.self) return false;
    return is_binding(record, scene) || !is_expired(seen_ms, scene);
}

bool is_over(const ClientRecord& record, std::uint32_t seen_ms, const ClientScene& scene) {
    if (scene.timeout_ms() != 0 && !is_expired(seen_ms, scene)) return false;
    switch (record.kind) {
        case ClientKind::committed:
            return elapsed_ms(scene.now_ms, record.at_ms) > commitment_ms(scene.timeout_ms());
        case ClientKind::guest:
            return static_cast<std::int32_t>(record.at_ms - scene.now_ms) <= 0;
        case ClientKind::plain:
            break;
    }
    return true;
}

}  // namespace nlb
