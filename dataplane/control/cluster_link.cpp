// What is kept and told for one cluster; see the header.
#include "dataplane/control/cluster_link.hpp"

#include <utility>

namespace nlb::dataplane {

ClusterLink::ClusterLink(std::string name, std::string settings, const Tables& tables,
                         std::uint32_t clients_max)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      clients_max_(clients_max),
      tables_(tables) {}

bool ClusterLink::install(std::uint64_t token, const Tables& tables, const Publish& publish) {
    Tables numbered = tables;
    if (clients_ == nullptr && has_sticky_rules(tables))
        clients_ = std::make_unique<ClientTable>(clients_max_);
    if (clients_ != nullptr) clients_->enter(numbered);
    if (!publish(numbered, clients_.get())) return false;
    tables_ = numbered;
    token_ = token;
    return true;
}

void ClusterLink::set_lease(Instant valid_until, Instant now) {
    // A lease may run out and be renewed between two looks.
    if (staged_ && token_ != 0 && now >= fence_.valid_until()) ++fenced_intervals_;
    fence_.set_lease(valid_until);
    staged_ = now < valid_until;
}

void ClusterLink::note_verified(const ipc::Verified& verified) {
    for (std::size_t i = 0; i < verified.hosts.size(); ++i) {
        const ipc::VerifiedLife& life = verified.hosts[i];
        verified_.note(static_cast<HostId>(i + 1), {{life.boot, life.term}, life.sequence});
    }
}

void ClusterLink::give_grants(std::uint64_t era, std::span<const GivenGrant> grants, Instant now) {
    if (clients_ == nullptr) return;
    for (const GivenGrant& grant : grants) static_cast<void>(clients_->give(era, grant, now));
}

std::size_t ClusterLink::take_requests(std::span<GrantRequest> into) {
    return clients_ == nullptr ? 0 : clients_->take_requests(into);
}

bool ClusterLink::note_inside(const ipc::Inside& inside) {
    const bool news = inside.state != inside_.state || inside.missing != inside_.missing ||
                      inside.first_missing != inside_.first_missing;
    inside_ = inside;
    return news;
}

ClusterLink::Change ClusterLink::look(bool link_up, Instant now) {
    Change change;
    change.link = link_up != fence_.link_up();
    if (change.link) fence_.set_link(link_up);
    const bool holds = now < fence_.valid_until();
    if (staged_ && !holds && token_ != 0) ++fenced_intervals_;
    change.fenced = reported_ && !holds;
    change.unfenced = !reported_ && holds;
    staged_ = reported_ = holds;
    return change;
}

RuleMasks ClusterLink::dirty(const RuleMasks& held) const {
    RuleMasks dirty{};
    for (std::size_t rule = 0; rule < kRuleSlots; ++rule)
        dirty[rule] = held[rule] & ~tables_.own[rule];
    return dirty;
}

ipc::Hello ClusterLink::hello(std::size_t clusters, const PortAddresses& ports,
                              const RuleMasks& held) const {
    ipc::Hello hello{};
    hello.version = ipc::kProtocolVersion;
    hello.link_up = fence_.link_up() ? 1 : 0;
    hello.build = ipc::layout_digest();
    hello.valid_until_ns = fence_.valid_until().time_since_epoch().count();
    hello.install_token = token_;
    hello.layout = tables_.layout;
    hello.own = tables_.own;
    hello.dirty = dirty(held);
    hello.ports = ports;
    hello.block_bytes = static_cast<std::uint32_t>(block_.size());
    hello.settings_bytes = static_cast<std::uint32_t>(settings_.size());
    hello.cluster_count = static_cast<std::uint32_t>(clusters);
    hello.inside = inside_;
    ipc::set_cluster_name(hello, name_);
    return hello;
}

ipc::Status ClusterLink::status(Instant last_rx, Instant oldest_poll, const RuleMasks& held) const {
    ipc::Status status{};
    status.last_rx_ns = last_rx.time_since_epoch().count();
    status.oldest_poll_ns = oldest_poll.time_since_epoch().count();
    status.link_up = fence_.link_up() ? 1 : 0;
    status.tables_installed = token_ != 0 ? 1 : 0;
    status.inside = inside_;
    status.dirty = dirty(held);
    return status;
}

}  // namespace nlb::dataplane
