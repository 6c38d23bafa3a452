// One function for each kind of action. Tables are made here and not in core, because only the
// configuration knows addresses and rules.
#include "controlplane/agent/dataplane_commands.hpp"

#include <cstring>
#include <utility>

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

DataplaneCommands::DataplaneCommands(const ClusterSettings& settings, const RuleStates& rule_states,
                                     const Authenticator& authenticator, ClusterChannel& channel,
                                     OnUse on_use, OnAsk on_ask)
    : settings_(settings),
      rule_states_(rule_states),
      authenticator_(&authenticator),
      channel_(channel),
      on_use_(std::move(on_use)),
      on_ask_(std::move(on_ask)),
      destination_(heartbeat_destination(settings.cluster)),
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
                           channel_.send(ipc::MessageType::store, {},
                                         encode_checkpoint(asked.checkpoint));
                       },
                       [&](const Report& report) { reports.push_back(report); },
                       [&](const GiveGrants& asked) { give_grants(asked); },
                       [&](const AskWitnesses&) { on_ask_(now); },
                   },
                   action);
    }
    return reports;
}

void DataplaneCommands::send_frame(const ClusterFrame& frame, Instant not_after) {
    const auto bytes = wrap_frame(destination_, encode_frame(frame, *authenticator_));
    const ipc::Send send{not_after.time_since_epoch().count()};
    channel_.send(ipc::MessageType::send, ipc::bytes_of(send), bytes);
    ++(std::holds_alternative<Heartbeat>(frame) ? heartbeats_sent_ : other_frames_sent_);
}

void DataplaneCommands::install(const InstallTables& action) {
    last_ = action;
    const config::Ownership ownership{action.epoch,
                                      action.own,
                                      action.dirty_elsewhere,
                                      action.owner,
                                      action.era,
                                      action.settled,
                                      disabled_rules(rule_states_) | failed_rules_};
    const Tables tables =
        config::build_tables(settings_.cluster, settings_.host, settings_.hash_key, ownership);
    const ipc::Install install{action.token};
    channel_.send(ipc::MessageType::install, ipc::bytes_of(install), encode_tables(tables));
}

void DataplaneCommands::reinstall() {
    if (last_) install(InstallTables{*last_});
}

void DataplaneCommands::end_failed(std::uint64_t rules) {
    if (std::exchange(failed_rules_, rules) != rules) reinstall();
}

void DataplaneCommands::set_lease(Instant valid_until) {
    const ipc::Lease lease{valid_until.time_since_epoch().count()};
    channel_.send(ipc::MessageType::lease, ipc::bytes_of(lease));
}

void DataplaneCommands::give_grants(const GiveGrants& action) {
    const ipc::Grants grants{action.era, action.grants.size()};
    const std::span<const Byte> rest{reinterpret_cast<const Byte*>(action.grants.data()),
                                     action.grants.size() * sizeof(GivenGrant)};
    channel_.send(ipc::MessageType::grants, ipc::bytes_of(grants), rest);
}

void DataplaneCommands::use_keys(const Authenticator& authenticator) {
    authenticator_ = &authenticator;
    tell_seal_keys();
}

void DataplaneCommands::tell_seal_keys() {
    const SealKeys keys = authenticator_->seal_keys();
    channel_.send(ipc::MessageType::seal_keys, ipc::bytes_of(keys));
}

void DataplaneCommands::tell_verified(const Peers::Table& peers) {
    ipc::Verified verified{};
    for (const auto& [id, peer] : peers)
        verified.hosts[id - 1U] = {peer.sequence, peer.incarnation.boot, peer.incarnation.term};
    if (std::memcmp(&verified, &verified_, sizeof verified) == 0) return;
    verified_ = verified;
    channel_.send(ipc::MessageType::verified, ipc::bytes_of(verified));
}

void DataplaneCommands::request_status() {
    channel_.send(ipc::MessageType::status_request);
}

void DataplaneCommands::request_counters() {
    channel_.send(ipc::MessageType::counters_request);
}

}  // namespace nlb::controlplane
