// What the dataplane says, as events for the membership.
#include <algorithm>

#include "config/endpoint.hpp"
#include "config/format.hpp"
#include "config/table_builder.hpp"
#include "controlplane/agent/cause_words.hpp"
#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "core/base/durations.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/flow/flow_index.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {
namespace {

bool any(const RuleMasks& masks) {
    return std::any_of(masks.begin(), masks.end(), [](BucketMask mask) { return mask != 0; });
}

template <class Numbers>
bool all_zero(const Numbers& numbers) {
    return std::all_of(numbers.begin(), numbers.end(),
                       [](std::uint64_t number) { return number == 0; });
}

}  // namespace

std::string ClusterAgent::on_hello(Instant now, const ipc::MessageView& message) {
    const auto hello = message.body<ipc::Hello>();
    // Nothing is touched before the layout is known to be ours.
    if (!hello || hello->version != ipc::kProtocolVersion || hello->build != ipc::layout_digest())
        return "the dataplane is of another build; restart both programs from one installation";
    now_ = now;
    bool same_layout = false;
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_hello(now, message, same_layout);
    }};
    lose_dataplane(now);
    dataplane_ = true;
    channel_.open(message.cluster);
    commands_.tell_seal_keys();
    link_up_ = hello->link_up != 0;
    note_inside(hello->inside);
    ports_ = hello->ports;
    witnesses_.use_port(hello->ports.outside);
    addresses_.use_port(hello->ports.outside);
    next_poll_ = now;
    const auto rest = message.rest_after<ipc::Hello>();
    const auto block =
        decode_checkpoint(rest.first(std::min<std::size_t>(rest.size(), hello->block_bytes)));
    const Tables ours =
        config::build_tables(settings_.cluster, settings_.host, settings_.hash_key, {});
    same_layout = hello->layout == ours.layout;
    // Another agreed configuration means other rules and other buckets, and an epoch of a version
    // that this build does not speak was made by rules that it does not know: what it says would
    // be misread.
    const bool speaks_it =
        block && (block->map.epoch == Epoch{} || params_.versions.include(block->map.version));
    if (block && block->config_digest == params_.config_digest && speaks_it) {
        memory_until_ = Instant{Duration{hello->valid_until_ns}};
        memory_ = DataplaneMemory{*block, memory_until_, hello->own, hello->dirty};
        // Its control plane died between a change of configuration and the first install by it:
        // nothing is owned, and where the descriptors are filed is unknown.
        if (!same_layout) {
            memory_->own = {};
            if (any(hello->dirty)) memory_->dirty = kEveryBucket;
        }
    }
    // Tables that own nothing may still let cores serve whom another host has left to this one
    // (R14).
    unknown_tables_ = !memory_ && (any(hello->own) || (hello->install_token != 0 && !same_layout));
    tell(EventId::dataplane_found,
         {{"link", link_up_ ? "up" : "down"}, {"memory", memory_ ? "yes" : "no"}});
    reconcile(now);
    return {};
}

void ClusterAgent::on_message(Instant now, const ipc::MessageView& message) {
    verdict_ = FrameFault::none;
    const AtEnd said{[&] {
        if (observer_ != nullptr) observer_->on_message(now, message, verdict_);
    }};
    now_ = now;
    if (!dataplane_) return;
    if (message.type == ipc::MessageType::punted) {
        on_punted(now, message);
    } else if (message.type == ipc::MessageType::installed) {
        const auto installed = message.body<ipc::Installed>();
        if (installed && active_)
            run(now, membership_.on_installed(now, installed->token, installed->dirty));
    } else if (message.type == ipc::MessageType::requests) {
        const auto requests = message.body<ipc::Requests>();
        const auto items =
            requests ? message.items<ipc::Requests, GrantRequest>(requests->count) : std::nullopt;
        if (items && active_) run(now, membership_.on_grant_requests(now, *items));
    } else if (message.type == ipc::MessageType::status) {
        if (const auto status = message.body<ipc::Status>()) on_status(now, *status);
    } else if (message.type == ipc::MessageType::counters) {
        if (const auto report = message.body<ipc::CountersReport>()) on_counters(now, *report);
    }
    reconcile(now);
}

// IGMP queries of the switch and claims of addresses come the same way as cluster frames. A frame
// is counted under one reason, and only what an operator can act on becomes an event.
void ClusterAgent::on_punted(Instant now, const ipc::MessageView& message) {
    const auto punted = message.body<ipc::Punted>();
    if (!punted) return;
    if (!active_) return overhear(now, message);
    if (igmp_.on_frame(now, message.rest_after<ipc::Punted>())) return;
    if (const auto claim = addresses_.read(message.rest_after<ipc::Punted>()))
        return note_claim(now, *claim);
    const auto envelope = unwrap_frame(message.rest_after<ipc::Punted>());
    DecodedFrame decoded;
    decoded.fault = FrameFault::truncated;
    if (envelope) decoded = decode(*envelope);
    verdict_ = decoded.fault;
    if (decoded.fault != FrameFault::none) return refuse(now, decoded.fault, envelope);
    const FrameHeader& header = header_of(decoded.frame);
    // A host in another VLAN is heard, but no client of ours reaches it: it is no peer.
    if (envelope->vlan != settings_.cluster.vlan)
        return note_stranger(now, sign_of_tagged(*envelope, header));
    const FrameFault fault = membership_.take_in(now, decoded.frame);
    taken_in_ = taken_in_ || membership_.has_news();
    const auto* beat = std::get_if<Heartbeat>(&decoded.frame);
    if (fault == FrameFault::none && beat != nullptr)
        heartbeats_.accepted(header.id, Instant{Duration{punted->received_ns}});
    if (const auto* part = std::get_if<ConfigPart>(&decoded.frame);
        part != nullptr && fault == FrameFault::none)
        exchange_.hear(header.id, *part);
    const bool ordinary = fault == FrameFault::none || fault == FrameFault::own ||
                          fault == FrameFault::unbelieved || fault == FrameFault::config;
    if (fault != FrameFault::none && heartbeats_.refused(fault, now) && !ordinary)
        tell(EventId::frame_refused,
             {{"reason", std::string{name_of(fault)}}, {"from", host_name(header.id)}});
}

DecodedFrame ClusterAgent::decode(const Envelope& envelope) const {
    return decode_frame(envelope.body, params_.cluster, *authenticator_, params_.versions);
}

// A host that could speak a version of this one's does so as soon as it hears this one: that is an
// upgrade, and nothing for people. A beginner waits for it all the same.
void ClusterAgent::refuse(Instant now, FrameFault fault, const std::optional<Envelope>& envelope) {
    const bool first = heartbeats_.refused(fault, now);
    const auto sign = envelope ? sign_of_refused(*envelope, fault, params_.cluster) : std::nullopt;
    if (fault == FrameFault::other_version) {
        if (sign) membership_.note_sign(*sign);
        return;
    }
    if (first) tell_refused(fault, envelope);
    note_stranger(now, sign);
}

// Who sent it, as far as a frame that nobody can verify tells.
void ClusterAgent::tell_refused(FrameFault fault, const std::optional<Envelope>& envelope) {
    Fields fields{{"reason", std::string{name_of(fault)}}};
    if (const auto header = envelope ? read_unverified_header(envelope->body) : std::nullopt) {
        fields.emplace_back("from", host_name(header->host));
        fields.emplace_back("mac", config::to_string(envelope->source));
    }
    tell(EventId::frame_refused, std::move(fields));
}

void ClusterAgent::overhear(Instant now, const ipc::MessageView& message) {
    const auto envelope = unwrap_frame(message.rest_after<ipc::Punted>());
    if (!envelope || envelope->vlan != settings_.cluster.vlan) return;
    const DecodedFrame decoded = decode(*envelope);
    verdict_ = decoded.fault;
    const auto* const beat = std::get_if<Heartbeat>(&decoded.frame);
    if (decoded.fault == FrameFault::none && beat != nullptr) overheard_.take(now, *beat);
}

void ClusterAgent::ask_witnesses(Instant now) {
    witnesses_.ask(now);
    tell(EventId::asks_witnesses, {{"witnesses", std::to_string(witnesses_.present().size())}});
}

void ClusterAgent::note_stranger(Instant now, const std::optional<Sign>& sign) {
    if (!sign || !membership_.note_sign(*sign)) return;
    if (strangers_.should_tell(*sign, now))
        tell(EventId::stranger_serves, fields_of(*sign, params_.versions));
}

// A member's claim is news only to a beginner that hears no member: it serves, and its heartbeats
// are lost on the way. Anybody else's is a conflict: the address is defended, and a beginner waits.
void ClusterAgent::note_claim(Instant now, const VirtualClaim& claim) {
    if (claim.is_clusters) return note_stranger(now, sign_of_claim(claim));
    ++address_conflicts_;
    const bool defended = addresses_.defend(now, claim.address);
    const Sign sign = sign_of_claim(claim);
    if (strangers_.should_tell(sign, now))
        tell(EventId::address_conflict, {{"address", config::to_string(claim.address)},
                                         {"mac", config::to_string(claim.mac)},
                                         {"announced_anew", defended ? "yes" : "no"}});
    membership_.note_sign(sign);
}

void ClusterAgent::guard_addresses(Instant now) {
    const bool is_default =
        active_ && membership_.own()[kDefaultRule] != 0 && membership_.valid_until() > now;
    addresses_.note_default_host(now, is_default);
    if (active_ && membership_.evidence().asks_holders() && link_up_)
        addresses_.ask_holders(now, params_.timing.bootstrap_after - params_.timing.bury_after);
    addresses_.on_tick(now);
}

// The newest frame from outside counts as a sign that this host is not deaf (R12).
void ClusterAgent::on_status(Instant now, const ipc::Status& status) {
    status_ = status;
    note_link(now, status.link_up != 0);
    note_inside(status.inside);
    note_workers(now, Instant{Duration{status.oldest_poll_ns}});
    if (!active_) return;
    membership_.on_dataplane_alive(now, Instant{Duration{status.last_rx_ns}},
                                   status.cluster_bursts);
    run(now, membership_.on_dirty(now, status.dirty));
    // Messages keep their order, so this was counted after the cores let go of the last bucket.
    const bool empty = !any(membership_.own()) && all_zero(status.connections);
    empty_reports_ =
        empty ? static_cast<std::uint8_t>(std::min(empty_reports_ + 1, 100)) : std::uint8_t{0};
    note_drained_rules();
}

void ClusterAgent::on_counters(Instant now, const ipc::CountersReport& report) {
    traffic_.take(report);
    const std::uint64_t full = report.counters.table_full;
    // Once for each time that it begins: a report without a new one ends it.
    if (full > table_full_seen_ && !table_full_told_)
        tell(EventId::connections_full, {{"max", std::to_string(settings_.cluster.connections.max)},
                                         {"untracked", std::to_string(full - table_full_seen_)}});
    table_full_told_ = full > table_full_seen_;
    table_full_seen_ = full;
    for (const PortWatch::News& news : port_watch_.take(now, report.ports))
        tell_port(news, report.ports[news.port]);
    const auto elsewhere = static_cast<std::size_t>(Reason::answered_elsewhere);
    if (const auto count = opening_watch_.take(now, report.counters.reasons[elsewhere]); count != 0)
        tell_openings(count, report.opening);
}

void ClusterAgent::tell_openings(std::uint64_t count, const ipc::Opening& one) {
    Fields fields{{"connections", std::to_string(count)}};
    if (one.from_port != 0) {
        fields.emplace_back("from", config::to_string(config::Endpoint{one.from, one.from_port}));
        fields.emplace_back("to", config::to_string(config::Endpoint{one.to, one.to_port}));
    }
    for (const config::Prefix& own : settings_.host.addresses)
        if (one.from_port == 0 || own.address.is_v4() == one.from.is_v4()) {
            fields.emplace_back("then", "bind to " + config::to_string(own.address));
            break;
        }
    tell(EventId::answers_elsewhere, std::move(fields));
}

void ClusterAgent::tell_port(const PortWatch::News& news, const ipc::PortReport& port) {
    const Fields who{{"port", news.port == 0 ? "outside" : "inside"},
                     {"device", std::string{ipc::text_in(port.name)}}};
    Fields fields = who;
    if (news.loss) {
        fields.insert(fields.end(), {{"counter", std::string{name_of(*news.loss)}},
                                     {"frames", std::to_string(news.frames)},
                                     {"then", std::string{remedy_of(*news.loss)}}});
        return tell(EventId::port_drops, std::move(fields));
    }
    const bool usable = port.state == ipc::PortState::up || port.state == ipc::PortState::down;
    fields.emplace_back("state", std::string{ipc::word_of(port.state, ipc::kPortStateNames)});
    tell(usable ? EventId::port_back : EventId::port_lost, std::move(fields));
}

// The switch may be another one when the link comes back, so the group is joined anew.
void ClusterAgent::note_link(Instant now, bool up) {
    if (link_up_ == up) return;
    link_up_ = up;
    tell(up ? EventId::link_up : EventId::link_down);
    if (active_) run(now, membership_.on_link(now, up && workers_move_));
    if (!up) igmp_.lose();
    if (up && active_) igmp_.join(now);
}

// The step that follows is host_state's: a host that serves nobody takes no bucket, and gives back
// what it has.
void ClusterAgent::note_inside(const ipc::Inside& inside) {
    const std::string before = inside_ ? words_of(*inside_) : "";
    inside_ = inside;
    const std::string because = words_of(inside);
    if (because == before) return;
    if (because.empty()) return tell(EventId::inside_ready);
    const bool ready = inside.state == ipc::InsideState::ready;
    tell(ready ? EventId::inside_incomplete : EventId::inside_not_ready, {{"because", because}});
}

// Flows of all buckets come to each worker: while one does not move, a part of what this host owns
// is answered by nobody, so it owns nothing. That is the same for the others as a link that is
// down.
void ClusterAgent::note_workers(Instant now, Instant oldest_poll) {
    const bool move = oldest_poll == kLongAgo || now - oldest_poll <= params_.timing.bury_after;
    if (workers_move_ == move) return;
    workers_move_ = move;
    tell(move ? EventId::worker_moves : EventId::worker_stuck,
         {{"since_ms", std::to_string(in_milliseconds(now - oldest_poll))}});
    if (active_) run(now, membership_.on_link(now, link_up_ && move));
}

// Told once for each drain.
void ClusterAgent::note_drained_rules() {
    for (const RuleId rule : rule_ids(settings_.cluster)) {
        if (rule_states_[rule] != RuleState::draining || drained_told_[rule] != 0) continue;
        if (membership_.own()[rule] != 0 || status_->connections[rule] != 0) continue;
        drained_told_[rule] = 1;
        tell(EventId::rule_drained, {{"rule", std::string{rule_name(settings_.cluster, rule)}}});
    }
}

}  // namespace nlb::controlplane
