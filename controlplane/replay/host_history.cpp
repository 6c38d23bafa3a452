#include "controlplane/replay/host_history.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "controlplane/agent/frame_envelope.hpp"
#include "controlplane/flight/record_reader.hpp"
#include "controlplane/flight/state_archive.hpp"
#include "core/base/byte_stream.hpp"
#include "core/base/rule_masks.hpp"

namespace nlb::controlplane {
namespace {

// Of each host's frames every so many are kept to compare clocks by.
constexpr std::uint64_t kPassageEvery = 8;
constexpr std::size_t kBootAt = 36;
constexpr std::size_t kSequenceEnd = 52;

std::uint64_t digest_of(const ClusterMap& map) {
    StateWriter writer;
    writer(map);
    Fnv1a digest;
    digest.add(writer.take());
    return digest.digest();
}

RuleMasks meant_by(const ClusterMap& map) {
    RuleMasks meant{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            if (map.targets[slot][bucket] != kNoHost) meant[slot] |= BucketMask{1} << bucket;
    return meant;
}

constexpr std::string_view kHostCommands[] = {"start", "stop", "drainstop", "suspend", "resume"};

}  // namespace

void OwnershipTrack::close(Instant now) {
    const Instant until = std::min(now, valid_until_);
    if (any(own_) && until > from_)
        history_.spans.push_back({life_, from_, until, config_digest_, own_});
    from_ = now;
}

void OwnershipTrack::owns(Instant now, const RuleMasks& own, std::uint64_t config_digest) {
    if (own == own_ && config_digest == config_digest_) return;
    close(now);
    own_ = own;
    config_digest_ = config_digest;
}

// A lease that goes on needs no new span.
void OwnershipTrack::lease(Instant now, Instant valid_until) {
    if (now >= valid_until_ || valid_until < valid_until_) close(now);
    valid_until_ = valid_until;
}

bool ClusterHistory::continues(const SegmentHead& head) const {
    return replay_ && history_.lives[life_].boot == head.boot && next_number_ == head.number &&
           !head.after_gap;
}

void ClusterHistory::note(Instant at, EntryKind kind, std::string name, std::string text,
                          std::uint8_t level) {
    history_.entries.push_back({life_, at, kind, std::move(name), std::move(text), level});
}

void ClusterHistory::differ(Instant at, std::uint64_t step, std::string what) {
    note(at, EntryKind::difference, "differs", what, 2);
    history_.differences.push_back({life_, at, step, std::move(what)});
}

void ClusterHistory::begin_life(const SegmentHead& head) {
    life_ = history_.lives.size();
    Life& life = history_.lives.emplace_back();
    life.host = head.host;
    life.cluster = head.cluster;
    life.recorded_in = folder_;
    life.boot = head.boot;
    life.wall_minus_clock = head.wall_ns - head.now.time_since_epoch().count();
}

Status ClusterHistory::restart(const SegmentHead& head, const std::string& name) {
    finish();
    const bool same_life =
        !history_.lives.empty() && replay_ && history_.lives[life_].boot == head.boot;
    auto begun = AgentReplay::at(head, name);
    if (!begun) return begun.error();
    if (!same_life) begin_life(head);
    replay_ = std::move(begun.value());
    track_.emplace(history_, life_);
    const Membership& membership = replay_->agent().membership();
    track_->owns(head.now, membership.own(), membership.config_digest());
    track_->lease(head.now, membership.valid_until());
    shown_ = membership.own();
    epoch_ = {};
    installing_.reset();
    leased_ = membership.valid_until() > head.now;
    if (head.number == 0 && !head.after_gap) {
        note(head.now, EntryKind::recording, "control plane starts", "nlb " + head.version);
    } else {
        if (same_life) ++history_.gaps;
        note(head.now, EntryKind::recording, same_life ? "gap" : "recording begins",
             "what came before is not kept");
    }
    return Done{};
}

Status ClusterHistory::add(const Segment& segment, const std::string& name) {
    const SegmentHead& head = segment.head;
    if (!continues(head)) {
        if (const Status begun = restart(head, name); !begun) return begun;
    } else if (!replay_->is_as(head)) {
        if (!differed_)
            differ(head.now, 0, "the state at the end of a segment is not what it was then");
        if (const Status begun = restart(head, name); !begun) return begun;
    }
    next_number_ = head.number + 1;
    differed_ = false;
    Life& life = history_.lives[life_];
    life.id = replay_->agent().settings().host.id;
    life.first = std::min(life.first, head.now);
    life.last = std::max(life.last, head.now);
    RecordReader reader(segment.records, head.now, head.wall_ns);
    while (const auto record = reader.next()) {
        life.last = std::max(life.last, record->now);
        if (record->kind == RecordKind::wall) continue;
        ++life.steps;
        auto result = replay_->run(*record);
        if (!result) {
            differ(record->now, life.steps, result.error().message);
            replay_.reset();
            track_.reset();
            return Done{};
        }
        take_step(*record, result.value());
        if (!result.value().difference.empty() && !std::exchange(differed_, true))
            differ(record->now, life.steps,
                   std::string{name_of(record->kind)} + ": " + result.value().difference);
    }
    life.rules.clear();
    for (const config::PortRule& rule : replay_->agent().settings().cluster.port_rules)
        life.rules.push_back(rule.name);
    life.rules.emplace_back("default");
    if (!reader.ok()) {
        ++history_.gaps;
        note(life.last, EntryKind::recording, "gap", "a record cannot be read", 2);
        finish();
        replay_.reset();
    }
    return Done{};
}

void ClusterHistory::finish() {
    if (track_) track_->end(history_.lives[life_].last);
    track_.reset();
}

void ClusterHistory::take_step(const Record& record, const StepResult& result) {
    note_input(record);
    for (const Event& event : result.events) {
        std::string text;
        for (const auto& [name, value] : event.fields)
            if (name != "cluster" && name != "host")
                text += (text.empty() ? "" : " ") + std::string{name} + "=" + value;
        note(record.now, EntryKind::event, std::string{event.name()}, text,
             static_cast<std::uint8_t>(config::kind_of(event.id).level));
    }
    for (const SentFrame& frame : result.sent)
        if (frame.sequence % kPassageEvery == 0)
            history_.sent.push_back({life_, {frame.incarnation, frame.sequence}, record.now});
    note_ownership(record, result);
    note_map(record.now);
}

void ClusterHistory::note_input(const Record& record) {
    if (record.kind == RecordKind::frame) return note_frame(record);
    if (record.kind == RecordKind::host_command)
        note(record.now, EntryKind::command,
             std::string{kHostCommands[static_cast<std::size_t>(record.command)]}, "");
    if (record.kind == RecordKind::rule_command)
        note(record.now, EntryKind::command, "rules " + std::string{name_of(record.wanted)}, "");
    if (record.kind == RecordKind::hold || record.kind == RecordKind::local)
        note(record.now, EntryKind::command, "reload",
             record.kind == RecordKind::hold ? "held until every host holds it" : "");
    if (record.kind == RecordKind::depart) note(record.now, EntryKind::command, "ends", "");
}

// Bytes of a verified frame's header, as core/wire/cluster_frames.hpp draws them.
void ClusterHistory::note_frame(const Record& record) {
    if (record.verdict != FrameFault::none) return;
    const auto envelope =
        unwrap_frame(std::span<const Byte>{record.payload}.subspan(sizeof(ipc::Punted)));
    if (!envelope || envelope->body.size() < kSequenceEnd) return;
    ByteReader header(envelope->body.subspan(kBootAt));
    Incarnation incarnation;
    incarnation.boot = header.u32();
    incarnation.term = header.u32();
    const std::uint64_t sequence = header.u64();
    if (sequence % kPassageEvery == 0)
        history_.heard.push_back({life_, {incarnation, sequence}, record.now});
}

// An install takes away at once and gives only when the dataplane has said that it is done.
void ClusterHistory::note_ownership(const Record& record, const StepResult& result) {
    const Membership& membership = replay_->agent().membership();
    const Instant now = record.now;
    if (record.kind == RecordKind::lost) track_->owns(now, {}, membership.config_digest());
    if (record.kind == RecordKind::hello) {
        ipc::Hello hello;
        std::memcpy(&hello, record.payload.data(), sizeof hello);
        track_->owns(now, hello.own, membership.config_digest());
        track_->lease(now, Instant{Duration{hello.valid_until_ns}});
    }
    if (installing_ && result.installed_token == install_token_) {
        track_->owns(now, *installing_, membership.config_digest());
        installing_.reset();
    }
    if (result.installs) {
        track_->owns(now, common(track_->own(), *result.installs), membership.config_digest());
        installing_ = result.installs;
        install_token_ = result.install_token;
    }
    if (result.lease) {
        track_->lease(now, *result.lease);
        const bool holds = *result.lease > now;
        if (holds != leased_)
            note(now, EntryKind::lease, holds ? "lease begins" : "lease ends", "");
        leased_ = holds;
    }
    if (result.installs && *result.installs != shown_) {
        shown_ = *result.installs;
        note_owned(now);
    }
}

void ClusterHistory::note_owned(Instant now) {
    const auto& rules = replay_->agent().settings().cluster.port_rules;
    std::string text;
    for (std::size_t rule = 0; rule <= rules.size(); ++rule) {
        const std::size_t slot = rule == rules.size() ? kDefaultRule : rule;
        text += (text.empty() ? "" : ", ") +
                (rule == rules.size() ? std::string{"default"} : rules[rule].name) + " " +
                std::to_string(std::popcount(shown_[slot]));
    }
    note(now, EntryKind::owns, "owns", text);
}

void ClusterHistory::note_map(Instant now) {
    const Membership& membership = replay_->agent().membership();
    if (membership.epoch() == epoch_) return;
    epoch_ = membership.epoch();
    if (epoch_ == Epoch{}) return;
    history_.maps.push_back({life_, now, epoch_, membership.map().config_digest,
                             digest_of(membership.map()), meant_by(membership.map())});
}

}  // namespace nlb::controlplane
