#include "controlplane/agent/dataplane_commands.hpp"

#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/ipc/messages.hpp"
#include "core/ipc/tables_codec.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// Whoever buried me heard me T*P ago for the last time; what I say under a lease is at most L
// younger than that.
Duration frames_keep(const Timing& timing) {
    return timing.bury_after - timing.lease;
}

}  // namespace

DataplaneCommands::DataplaneCommands(const ClusterSettings& settings,
                                     const Authenticator& authenticator, MessageSink& sink,
                                     OnUse on_use)
    : settings_(settings),
      authenticator_(&authenticator),
      sink_(sink),
      on_use_(std::move(on_use)),
      destination_(heartbeat_destination(settings.cluster.mode, settings.cluster.address.address)),
      frames_keep_(frames_keep(
          Timing::from(settings.cluster.heartbeat.period, settings.cluster.heartbeat.tolerance))) {}

std::vector<Report> DataplaneCommands::carry_out(Instant now, const Actions& actions) {
    std::vector<Report> reports;
    for (const Action& action : actions) {
        std::visit(Overloaded{
                       [&](const SendFrame& asked) { send_frame(asked.frame, now + frames_keep_); },
                       [&](const InstallTables& asked) { install(asked); },
                       [&](const UseConfig& asked) {
                           last_.reset();
                           on_use_(asked);
                       },
                       [&](const SetLease& asked) { set_lease(asked.valid_until); },
                       [&](const StoreCheckpoint& asked) {
                           sink_.send(ipc::write_message(ipc::MessageType::store, settings_.index,
                                                         {}, encode_checkpoint(asked.checkpoint)));
                       },
                       [&](const Report& report) { reports.push_back(report); },
                       [&](const GiveGrants& asked) { give_grants(asked); },
                   },
                   action);
    }
    return reports;
}

void DataplaneCommands::send_frame(const ClusterFrame& frame, Instant not_after) {
    const auto bytes = wrap_frame(destination_, encode_frame(frame, *authenticator_));
    const ipc::Send send{not_after.time_since_epoch().count()};
    sink_.send(
        ipc::write_message(ipc::MessageType::send, settings_.index, ipc::bytes_of(send), bytes));
    ++frames_sent_;
}

void DataplaneCommands::install(const InstallTables& action) {
    last_ = action;
    const config::Ownership ownership{action.epoch, action.own, action.dirty_elsewhere,
                                      action.owner, action.era, action.settled};
    const Tables tables =
        config::build_tables(settings_.cluster, settings_.host, settings_.hash_key, ownership);
    const ipc::Install install{action.token};
    sink_.send(ipc::write_message(ipc::MessageType::install, settings_.index,
                                  ipc::bytes_of(install), encode_tables(tables)));
}

void DataplaneCommands::reinstall() {
    if (last_) install(InstallTables{*last_});
}

void DataplaneCommands::set_lease(Instant valid_until) {
    const ipc::Lease lease{valid_until.time_since_epoch().count()};
    sink_.send(ipc::write_message(ipc::MessageType::lease, settings_.index, ipc::bytes_of(lease)));
}

void DataplaneCommands::give_grants(const GiveGrants& action) {
    const ipc::Grants grants{action.era, action.grants.size()};
    const std::span<const Byte> rest{reinterpret_cast<const Byte*>(action.grants.data()),
                                     action.grants.size() * sizeof(GivenGrant)};
    sink_.send(
        ipc::write_message(ipc::MessageType::grants, settings_.index, ipc::bytes_of(grants), rest));
}

void DataplaneCommands::use_keys(const Authenticator& authenticator) {
    authenticator_ = &authenticator;
    tell_seal_keys();
}

void DataplaneCommands::tell_seal_keys() {
    const SealKeys keys = authenticator_->seal_keys();
    sink_.send(
        ipc::write_message(ipc::MessageType::seal_keys, settings_.index, ipc::bytes_of(keys)));
}

void DataplaneCommands::request_status() {
    sink_.send(ipc::write_message(ipc::MessageType::status_request, settings_.index));
}

void DataplaneCommands::request_counters() {
    sink_.send(ipc::write_message(ipc::MessageType::counters_request, settings_.index));
}

}  // namespace nlb::controlplane
