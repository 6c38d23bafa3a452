#include "controlplane/replay/agent_replay.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "controlplane/flight/agent_snapshot.hpp"
#include "controlplane/flight/withheld.hpp"
#include "core/ipc/tables_codec.hpp"

namespace nlb::controlplane {
namespace {

RecordedEvent recorded(const Event& event) {
    RecordedEvent same;
    same.id = static_cast<std::uint16_t>(event.id);
    for (const auto& [name, value] : event.fields) same.fields.emplace_back(name, value);
    return same;
}

std::string names_of(const std::vector<RecordedEvent>& events) {
    std::string names;
    for (const RecordedEvent& event : events) {
        const bool known = event.id < config::kEvents.size();
        names += (names.empty() ? "" : " ") +
                 (known ? std::string{config::kind_of(static_cast<EventId>(event.id)).name}
                        : std::to_string(event.id));
    }
    return names.empty() ? "none" : names;
}

std::string words_of(const RecordedEvent& event) {
    std::string words = names_of({event});
    for (const auto& [name, value] : event.fields) words += " " + name + "=" + value;
    return words;
}

// Names, and of the first event that is another all that it said.
std::string difference_of(const std::vector<RecordedEvent>& then,
                          const std::vector<RecordedEvent>& now) {
    const auto [one, other] = std::mismatch(then.begin(), then.end(), now.begin(), now.end());
    std::string words = "events: recorded " + names_of(then) + ", replayed " + names_of(now);
    if (one != then.end() && other != now.end())
        words += " (" + words_of(*one) + "; " + words_of(*other) + ")";
    return words;
}

}  // namespace

// Calls a tag right or wrong as it was then: recorded frames bear zeros.
class AgentReplay::Keys : public Authenticator {
public:
    Keys(const AgentReplay& replay, std::uint16_t id) : replay_(replay), id_(id) {}
    [[nodiscard]] std::uint16_t sending_key() const override { return id_; }
    [[nodiscard]] bool holds(std::uint16_t) const override {
        return replay_.verdict_ != FrameFault::key;
    }
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t,
                                                  std::span<const Byte>) const override {
        std::array<Byte, kTagBytes> tag{};
        if (replay_.verdict_ == FrameFault::tag) tag.fill(1);
        return tag;
    }

private:
    const AgentReplay& replay_;
    std::uint16_t id_;
};

std::unique_ptr<const Authenticator> AgentReplay::keys(std::uint16_t id) {
    return std::make_unique<const Keys>(*this, id);
}

Result<std::unique_ptr<AgentReplay>> AgentReplay::at(const SegmentHead& head,
                                                     const std::string& name) {
    const Error other{name + ": recorded by nlb " + head.version +
                      ", whose state is laid out otherwise; replay it with that version"};
    if (head.layout != snapshot_layout() || head.boot == 0) return other;
    auto settings = decode_settings(head.settings);
    if (!settings) return other;
    auto replay = std::make_unique<AgentReplay>();
    MessageSink& messages = *replay;
    EventSink& events = *replay;
    replay->agent_ =
        std::make_unique<ClusterAgent>(std::move(*settings), replay->keys(head.sending_key),
                                       messages, events, StoredCluster{}, head.boot);
    const Status restored =
        restore(*replay->agent_, head.state, [&](std::uint16_t id) { return replay->keys(id); });
    if (!restored) return other;
    return replay;
}

bool AgentReplay::is_as(const SegmentHead& next) const {
    return snapshot_of(*agent_) == next.state &&
           encode_settings(agent_->settings()) == next.settings &&
           agent_->authenticator().sending_key() == next.sending_key;
}

void AgentReplay::send(std::vector<Byte> datagram) {
    add_output(outputs_, datagram);
    has_outputs_ = true;
    const auto message = ipc::read_message(datagram);
    if (message->type == ipc::MessageType::install) {
        result_.install_token = message->body<ipc::Install>()->token;
        result_.installs = decode_tables(message->rest_after<ipc::Install>()).value().own;
    } else if (message->type == ipc::MessageType::lease) {
        result_.lease = Instant{Duration{message->body<ipc::Lease>()->valid_until_ns}};
    } else if (message->type == ipc::MessageType::send) {
        const auto envelope = unwrap_frame(message->rest_after<ipc::Send>());
        if (!envelope) return;
        // Its own frame, under whatever the verdict on another's was.
        const FrameFault verdict = std::exchange(verdict_, FrameFault::none);
        const DecodedFrame frame = decode_frame(envelope->body, agent_->params().cluster,
                                                agent_->authenticator(), agent_->params().versions);
        verdict_ = verdict;
        if (frame.fault != FrameFault::none) return;
        const FrameHeader& header = header_of(frame.frame);
        result_.sent.push_back({header.incarnation, header.sequence});
    }
}

void AgentReplay::on_event(const Event& event) {
    result_.events.push_back(event);
}

Result<StepResult> AgentReplay::run(const Record& record) {
    result_ = {};
    outputs_ = Fnv1a{};
    has_outputs_ = false;
    verdict_ = record.verdict;
    const Status entered = enter(record);
    verdict_ = FrameFault::none;
    if (!entered) return entered.error();
    compare(record);
    return std::exchange(result_, {});
}

void AgentReplay::compare(const Record& record) {
    std::vector<RecordedEvent> told;
    for (const Event& event : result_.events) told.push_back(recorded(event));
    const std::uint64_t digest = outputs_.digest();
    const std::uint32_t outputs =
        has_outputs_ ? static_cast<std::uint32_t>(digest ^ digest >> 32) : 0;
    if (told != record.events)
        result_.difference = difference_of(record.events, told);
    else if (outputs != record.outputs)
        result_.difference = "what the dataplane is told is not what it was told then";
}

void AgentReplay::enter_message(const Record& record) {
    const ipc::MessageView message{record.type, record.cluster, record.payload};
    if (record.type == ipc::MessageType::installed)
        if (const auto installed = message.body<ipc::Installed>())
            result_.installed_token = installed->token;
    if (record.kind != RecordKind::hello) return agent_->on_message(record.now, message);
    // The hash key is not recorded: which layout the dataplane had is told apart by equality alone.
    const ClusterSettings& settings = agent_->settings();
    const std::uint64_t ours =
        config::build_tables(settings.cluster, settings.host, settings.hash_key, {}).layout;
    auto hello = *message.body<ipc::Hello>();
    hello.layout = record.same_layout ? ours : ~ours;
    std::vector<Byte> payload = record.payload;
    std::memcpy(payload.data(), &hello, sizeof hello);
    static_cast<void>(agent_->on_hello(record.now, {record.type, record.cluster, payload}));
}

Status AgentReplay::enter(const Record& record) {
    const Error impossible{std::string{name_of(record.kind)} + " cannot have entered here"};
    switch (record.kind) {
        case RecordKind::hello:
        case RecordKind::frame:
        case RecordKind::message:
            enter_message(record);
            break;
        case RecordKind::tick:
            agent_->on_tick(record.now);
            break;
        case RecordKind::lost:
            agent_->on_dataplane_lost(record.now);
            break;
        case RecordKind::checks_taken:
            static_cast<void>(agent_->take_due_checks(record.now));
            break;
        case RecordKind::check:
            agent_->on_check(record.now, record.token, record.result);
            break;
        case RecordKind::host_command:
            static_cast<void>(agent_->command_host(record.now, record.command));
            break;
        case RecordKind::rule_command:
            static_cast<void>(agent_->command_rules(record.now, record.rules, record.wanted));
            break;
        case RecordKind::unknown_rule:
            agent_->note_unknown_rule(record.now, record.text);
            break;
        case RecordKind::begin_alone:
            static_cast<void>(agent_->begin_alone(record.now));
            break;
        case RecordKind::local:
        case RecordKind::hold: {
            auto settings = decode_settings(record.settings);
            const bool held = record.kind == RecordKind::hold;
            if (!settings || (held && agent_->reload_is_under_way())) return impossible;
            if (held)
                agent_->hold(record.now,
                             {std::move(*settings), keys(record.key), keys(record.next_key)});
            else
                agent_->apply_local(record.now, *settings);
            break;
        }
        case RecordKind::drop_staged:
            if (agent_->reload_is_under_way()) return impossible;
            agent_->drop_staged(record.now);
            break;
        case RecordKind::keys:
            agent_->use_keys(keys(record.key));
            break;
        case RecordKind::neighbours:
            agent_->use_neighbours(record.neighbours);
            break;
        case RecordKind::depart:
            agent_->depart(record.now);
            break;
        case RecordKind::wall:
            break;
    }
    return Done{};
}

}  // namespace nlb::controlplane
