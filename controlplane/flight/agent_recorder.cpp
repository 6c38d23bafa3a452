#include "controlplane/flight/agent_recorder.hpp"

#include "controlplane/flight/agent_snapshot.hpp"
#include "controlplane/flight/withheld.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

// Differences of messages and of cluster frames are kept apart.
constexpr std::uint32_t kMessageLikeness = 0x10000;

}  // namespace

std::string_view name_of(RecordKind kind) {
    constexpr std::string_view kNames[kRecordKinds] = {
        "tick",         "dataplane lost", "hello",        "frame",        "message",
        "checks taken", "check result",   "host command", "rule command", "unknown rule",
        "local reload", "begin alone",    "hold",         "drop held",    "keys",
        "neighbours",   "depart",         "time of day",
    };
    return kNames[static_cast<std::size_t>(kind)];
}

void AgentRecorder::watch(ClusterAgent& agent, Instant now, std::int64_t wall_ns) {
    NLB_ASSERT(agent_ == nullptr);
    agent_ = &agent;
    agent.observe_with(this);
    begin_segment(now, wall_ns);
}

void AgentRecorder::begin_segment(Instant now, std::int64_t wall_ns) {
    SegmentHead head;
    head.version = version_;
    head.layout = snapshot_layout();
    head.host = agent_->settings().host.name;
    head.cluster = agent_->settings().cluster.name;
    head.boot = agent_->boot();
    head.number = number_;
    head.after_gap = after_gap_;
    head.now = now;
    head.wall_ns = wall_ns;
    head.sending_key = agent_->authenticator().sending_key();
    head.settings = encode_settings(agent_->settings());
    head.state = snapshot_of(*agent_);
    differences_.forget();
    static_cast<void>(out_.take());
    begun_at_ = last_ = now;
    wall_minus_clock_ = wall_ns - now.time_since_epoch().count();
    segment_bytes_ = 0;
    recording_ = sink_.begin(head);
    after_gap_ = !recording_;
    if (recording_) ++number_;
}

void AgentRecorder::flush(Instant now, std::int64_t wall_ns) {
    if (recording_ && begin(RecordKind::wall, now)) {
        out_.offset(wall_ns - now.time_since_epoch().count() - wall_minus_clock_);
        close(true);
        hand_over();
    }
    const bool full = now - begun_at_ >= segment_lasts_ || segment_bytes_ >= segment_bytes_max_;
    if (!recording_ || full) begin_segment(now, wall_ns);
}

void AgentRecorder::hand_over() {
    segment_bytes_ += out_.size();
    if (out_.size() != 0 && !sink_.append(out_.take())) {
        recording_ = false;
        after_gap_ = true;
    }
}

void AgentRecorder::send(std::vector<Byte> datagram) {
    if (recording_) {
        add_output(outputs_, datagram);
        has_outputs_ = true;
    }
    messages_.send(std::move(datagram));
}

void AgentRecorder::on_event(const Event& event) {
    if (recording_) {
        RecordedEvent& told = told_.emplace_back();
        told.id = static_cast<std::uint16_t>(event.id);
        for (const auto& [name, value] : event.fields) told.fields.emplace_back(name, value);
    }
    events_.on_event(event);
}

bool AgentRecorder::begin(RecordKind kind, Instant now) {
    if (!recording_) return false;
    const bool came_out = has_outputs_ || !told_.empty();
    out_.u8(static_cast<std::uint8_t>(static_cast<unsigned>(kind) | (came_out ? 0x80U : 0U)));
    out_.offset((now - last_).count());
    last_ = now;
    return true;
}

// Behind the record: what came of it.
void AgentRecorder::close(bool begun) {
    if (begun && (has_outputs_ || !told_.empty())) {
        const std::uint64_t digest = outputs_.digest();
        out_.u32(has_outputs_ ? static_cast<std::uint32_t>(digest ^ digest >> 32) : 0);
        out_.number(told_.size());
        for (const RecordedEvent& event : told_) {
            out_.number(event.id);
            out_.number(event.fields.size());
            for (const auto& [name, value] : event.fields) {
                out_.text(name);
                out_.text(value);
            }
        }
    }
    outputs_ = Fnv1a{};
    has_outputs_ = false;
    told_.clear();
    if (out_.size() >= kPendingBytesMax) hand_over();
}

// Behind the block of the control plane before this one stands what both programs must hold alike:
// that is the roster's, no agent reads it.
void AgentRecorder::on_hello(Instant now, const ipc::MessageView& message, bool same_layout) {
    const bool begun = begin(RecordKind::hello, now);
    if (begun) {
        auto hello = *message.body<ipc::Hello>();
        const auto rest = message.rest_after<ipc::Hello>();
        const auto block = rest.first(std::min<std::size_t>(rest.size(), hello.block_bytes));
        hello.layout = 0;
        hello.settings_bytes = 0;
        out_.u8(same_layout ? 1 : 0);
        out_.number(message.cluster);
        std::vector<Byte> payload;
        const auto body = ipc::bytes_of(hello);
        payload.insert(payload.end(), body.begin(), body.end());
        payload.insert(payload.end(), block.begin(), block.end());
        out_.run(payload);
    }
    close(begun);
}

void AgentRecorder::on_message(Instant now, const ipc::MessageView& message, FrameFault verdict) {
    const auto punted = message.type == ipc::MessageType::punted ? message.body<ipc::Punted>()
                                                                 : std::optional<ipc::Punted>{};
    const bool begun = begin(punted ? RecordKind::frame : RecordKind::message, now);
    if (begun && punted) {
        const auto frame = message.rest_after<ipc::Punted>();
        const std::uint32_t likeness = likeness_of(frame);
        out_.u8(static_cast<std::uint8_t>(verdict));
        out_.offset(now.time_since_epoch().count() - punted->received_ns);
        out_.number(likeness);
        differences_.write(likeness, without_secrets(frame, verdict), out_);
    } else if (begun) {
        out_.number(static_cast<std::uint64_t>(message.type));
        differences_.write(kMessageLikeness + static_cast<std::uint32_t>(message.type),
                           message.payload, out_);
    }
    close(begun);
}

void AgentRecorder::on_check(Instant now, std::uint64_t token, const CheckResult& result) {
    const bool begun = begin(RecordKind::check, now);
    if (begun) {
        out_.number(token);
        out_.u8(static_cast<std::uint8_t>(result.outcome));
        out_.text(result.because);
        out_.offset(result.took.count());
    }
    close(begun);
}

void AgentRecorder::on_host_command(Instant now, HostCommand command) {
    const bool begun = begin(RecordKind::host_command, now);
    if (begun) out_.u8(static_cast<std::uint8_t>(command));
    close(begun);
}

void AgentRecorder::on_rule_command(Instant now, const std::vector<RuleId>& rules,
                                    RuleState wanted) {
    const bool begun = begin(RecordKind::rule_command, now);
    if (begun) {
        out_.run(rules);
        out_.u8(static_cast<std::uint8_t>(wanted));
    }
    close(begun);
}

void AgentRecorder::on_unknown_rule(Instant now, const std::string& text) {
    const bool begun = begin(RecordKind::unknown_rule, now);
    if (begun) out_.text(text);
    close(begun);
}

void AgentRecorder::on_local(Instant now, const ClusterSettings& fresh) {
    const bool begun = begin(RecordKind::local, now);
    if (begun) out_.run(encode_settings(fresh));
    close(begun);
}

void AgentRecorder::on_hold(Instant now, const ClusterSettings& next, std::uint16_t until_then,
                            std::uint16_t from_then) {
    const bool begun = begin(RecordKind::hold, now);
    if (begun) {
        out_.run(encode_settings(next));
        out_.number(until_then);
        out_.number(from_then);
    }
    close(begun);
}

void AgentRecorder::on_keys(std::uint16_t sending) {
    const bool begun = begin(RecordKind::keys, last_);
    if (begun) out_.number(sending);
    close(begun);
}

void AgentRecorder::on_neighbours(const std::vector<IpAddress>& neighbours) {
    const bool begun = begin(RecordKind::neighbours, last_);
    if (begun) {
        out_.number(neighbours.size());
        for (const IpAddress& address : neighbours) out_.raw(address.bytes);
    }
    close(begun);
}

}  // namespace nlb::controlplane
