#include "controlplane/agent/dataplane_commands.hpp"

#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/ipc/messages.hpp"
#include "core/ipc/tables_codec.hpp"

namespace nlb::controlplane {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// Whoever buried me heard me T*P ago for the last time; what I say under a lease is at most L younger than that.
Duration frames_keep(const Timing& timing) {
    return timing.bury_after - timing.lease;
}

}  // namespace

Outlet::Outlet(const ClusterSettings& settings, const Authenticator& authenticator, MessageSink& sink, OnUse on_use)
    : settings_(settings),
      authenticator_(&authenticator),
      sink_(sink),
      on_use_(std::move(on_use)),
      destination_(heartbeat_destination(settings.cluster.mode, settings.cluster.address.address)),
      frames_keep_(frames_keep(Timing::from(settings.cluster.heartbeat.period, settings.cluster.heartbeat.tolerance))) {}

std::vector<Report> Outlet::carry_out(Instant now, const Actions& actions) {
    std::vector<Report> reports;
    for (const Action& action : actions) {
        std::visit(Overloaded{
                       [&](const SendFrame& wish) { send_frame(wish.frame, now + frames_keep_); },
                       [&](const InstallTables& wish) { install(wish); },
                       [&](const UseConfig& wish) {
                           last_.reset();
                           on_use_(wish);
                       },
                       [&](const SetLease& wish) { set_lease(wish.valid_until); },
                       [&](const StoreBlock& wish) {
                           sink_.send(link::write_message(link::MessageType::store, settings_.index, {}, encode_block(wish.block)));
                       },
                       [&](const Report& report) { reports.push_back(report); },
                       [&](const GiveGrants& wish) { give_grants(wish); },
                   },
                   action);
    }
    return reports;
}

void Outlet::send_frame(const ClusterFrame& frame, Instant not_after) {
    const auto bytes = wrap_frame(destination_, encode_frame(frame, *authenticator_));
    const link::Send send{not_after.time_since_epoch().count()};
    sink_.send(link::write_message(link::MessageType::send, settings_.index, link::bytes_of(send), bytes));
    ++frames_sent_;
}

void Outlet::install(const InstallTables& wish) {
    last_ = wish;
    const config::Ownership ownership{wish.epoch, wish.own, wish.dirty_elsewhere, wish.owner, wish.era, wish.settled};
    const Tables tables = config::build_tables(settings_.cluster, settings_.host, settings_.hash_key, ownership);
    const link::Install install{wish.token};
    sink_.send(link::write_message(link::MessageType::install, settings_.index, link::bytes_of(install), encode_tables(tables)));
}

void Outlet::reinstall() {
    if (last_) install(InstallTables{*last_});
}

void Outlet::set_lease(Instant valid_until) {
    const link::Lease lease{valid_until.time_since_epoch().count()};
    sink_.send(link::write_message(link::MessageType::lease, settings_.index, link::bytes_of(lease)));
}

void Outlet::give_grants(const GiveGrants& wish) {
    const link::Grants grants{wish.era, wish.grants.size()};
    const std::span<const Byte> rest{reinterpret_cast<const Byte*>(wish.grants.data()), wish.grants.size() * sizeof(GivenGrant)};
    sink_.send(link::write_message(link::MessageType::grants, settings_.index, link::bytes_of(grants), rest));
}

void Outlet::use_keys(const Authenticator& authenticator) {
    authenticator_ = &authenticator;
    tell_seal_keys();
}

void Outlet::tell_seal_keys() {
    const SealKeys keys = authenticator_->seal_keys();
    sink_.send(link::write_message(link::MessageType::seal_keys, settings_.index, link::bytes_of(keys)));
}

void Outlet::request_status() {
    sink_.send(link::write_message(link::MessageType::status_request, settings_.index));
}

void Outlet::request_counters() {
    sink_.send(link::write_message(link::MessageType::counters_request, settings_.index));
}

}  // namespace nlb::controlplane
