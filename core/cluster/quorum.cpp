#include "core/cluster/quorum.hpp"

#include <algorithm>
#include <vector>

#include "core/base/mutation.hpp"

namespace nlb {
namespace {

bool is_majority(HostSet hosts, HostSet configured) {
    return HostSet{hosts.bits() & configured.bits()}.size() > configured.size() / 2;
}

}  // namespace

bool Quorum::has(HostSet hosts) const {
    if (!params_->majority) return true;
    if (!is_majority(hosts, params_->configured)) return false;
    return !reload_->is_joint() || is_majority(hosts, reload_->staged()->configured);
}

Instant Quorum::acknowledged_by_majority() const {
    const Instant present = acknowledged_by_majority_of(params_->configured);
    if (!reload_->is_joint()) return present;
    return std::min(present, acknowledged_by_majority_of(reload_->staged()->configured));
}

// Whoever has another configuration counts other hosts than I do.
bool Quorum::counts(const Peer& peer) const {
    if (mutated(Mutation::count_strangers)) return true;
    const auto is_mine = [&peer](std::uint64_t digest) {
        return digest != 0 && (peer.config_digest == digest || peer.staged.digest == digest);
    };
    return is_mine(params_->config_digest) ||
           (reload_->is_joint() && is_mine(reload_->staged()->digest));
}

Instant Quorum::acknowledged_by_majority_of(HostSet configured) const {
    std::vector<Instant> acknowledged;
    if (configured.contains(self_->id)) acknowledged.push_back(listening_->now());
    for (const auto& [id, peer] : peers_->all())
        if ((configured.contains(id) || mutated(Mutation::count_strangers)) && counts(peer) &&
            may_begin(peer.flags, peer.state) && !has_withdrawn(peer.flags))
            acknowledged.push_back(std::min(peer.acknowledged, listening_->now()));
    std::sort(acknowledged.rbegin(), acknowledged.rend());
    const std::size_t majority = configured.size() / 2;
    return acknowledged.size() <= majority ? kLongAgo : acknowledged[majority];
}

}  // namespace nlb
