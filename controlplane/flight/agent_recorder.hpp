// Records one agent: stands between it and its sinks, is told what enters it, and makes segments of
// that. It opens no file and reads no clock; where the segments go, and whether there is room, is
// its sink's to say. It changes nothing of what the agent does.
#pragma once

#include <string>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/flight/differences.hpp"
#include "controlplane/flight/record.hpp"
#include "core/base/fnv.hpp"

namespace nlb::controlplane {

// Takes segments as bytes, before they are compressed. Thread: the recorder's.
class SegmentSink {
public:
    virtual ~SegmentSink() = default;
    // False: there is no room, or it failed lately; it is asked again later.
    [[nodiscard]] virtual bool begin(const SegmentHead& head) = 0;
    // Of the segment that was begun last. False: it ends here; what follows needs a new one.
    [[nodiscard]] virtual bool append(std::vector<Byte> records) = 0;
};

// Thread: the agent's.
class AgentRecorder final : public MessageSink, public EventSink, private InputObserver {
public:
    static constexpr Duration kSegmentLasts = std::chrono::minutes{5};
    static constexpr std::size_t kSegmentBytesMax = 16 * 1024 * 1024;  // before compression
    // Whatever is not handed over in time is handed over by size.
    static constexpr std::size_t kPendingBytesMax = 256 * 1024;

    // All outlive it.
    AgentRecorder(MessageSink& messages, EventSink& events, SegmentSink& sink, std::string version,
                  Duration segment_lasts = kSegmentLasts,
                  std::size_t segment_bytes_max = kSegmentBytesMax)
        : messages_(messages),
          events_(events),
          sink_(sink),
          version_(std::move(version)),
          segment_lasts_(segment_lasts),
          segment_bytes_max_(segment_bytes_max) {}

    // Once, before anything enters the agent. Both times are of one moment.
    void watch(ClusterAgent& agent, Instant now, std::int64_t wall_ns);
    // Hands over what has come since, and begins another segment when it is time. Called between
    // two calls of the agent.
    void flush(Instant now, std::int64_t wall_ns);
    [[nodiscard]] bool recording() const { return recording_; }

    void send(std::vector<Byte> datagram) override;
    void on_event(const Event& event) override;

private:
    void on_hello(Instant now, const ipc::MessageView& message, bool same_layout) override;
    void on_message(Instant now, const ipc::MessageView& message, FrameFault verdict) override;
    void on_dataplane_lost(Instant now) override { close(begin(RecordKind::lost, now)); }
    void on_tick(Instant now) override { close(begin(RecordKind::tick, now)); }
    void on_checks_taken(Instant now) override { close(begin(RecordKind::checks_taken, now)); }
    void on_check(Instant now, std::uint64_t token, const CheckResult& result) override;
    void on_host_command(Instant now, HostCommand command) override;
    void on_rule_command(Instant now, const std::vector<RuleId>& rules, RuleState wanted) override;
    void on_unknown_rule(Instant now, const std::string& text) override;
    void on_local(Instant now, const ClusterSettings& fresh) override;
    void on_begin_alone(Instant now) override { close(begin(RecordKind::begin_alone, now)); }
    void on_hold(Instant now, const ClusterSettings& next, std::uint16_t until_then,
                 std::uint16_t from_then) override;
    void on_drop_staged(Instant now) override { close(begin(RecordKind::drop_staged, now)); }
    void on_keys(std::uint16_t sending) override;
    void on_neighbours(const std::vector<IpAddress>& neighbours) override;
    void on_depart(Instant now) override { close(begin(RecordKind::depart, now)); }

    void begin_segment(Instant now, std::int64_t wall_ns);
    void hand_over();
    // What came out belongs to the record that is closed next.
    [[nodiscard]] bool begin(RecordKind kind, Instant now);
    void close(bool begun);

    MessageSink& messages_;
    EventSink& events_;
    SegmentSink& sink_;
    std::string version_;
    Duration segment_lasts_;
    std::size_t segment_bytes_max_;
    ClusterAgent* agent_ = nullptr;
    bool recording_ = false;
    bool after_gap_ = false;
    std::uint32_t number_ = 0;
    Instant begun_at_ = kLongAgo;
    std::size_t segment_bytes_ = 0;
    Instant last_ = kLongAgo;
    std::int64_t wall_minus_clock_ = 0;  // when the segment began
    Differences differences_;
    FlightWriter out_;
    Fnv1a outputs_;
    bool has_outputs_ = false;
    std::vector<RecordedEvent> told_;
};

}  // namespace nlb::controlplane
