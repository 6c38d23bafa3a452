// Runs the segments of one host, in their order, and notes what they tell. A step that differs from
// its recording is noted; the next segment begins with its own snapshot again.
#pragma once

#include <memory>
#include <string>

#include "controlplane/flight/segment.hpp"
#include "controlplane/replay/agent_replay.hpp"
#include "controlplane/replay/history.hpp"

namespace nlb::controlplane {

// Buckets that the cores certainly serve, as spans.
class OwnershipTrack {
public:
    OwnershipTrack(History& history, std::size_t life) : history_(history), life_(life) {}
    void owns(Instant now, const RuleMasks& own, std::uint64_t config_digest);
    void lease(Instant now, Instant valid_until);
    void end(Instant now) { close(now); }
    [[nodiscard]] const RuleMasks& own() const { return own_; }

private:
    void close(Instant now);

    History& history_;
    std::size_t life_;
    RuleMasks own_{};
    std::uint64_t config_digest_ = 0;
    Instant from_ = kLongAgo;
    Instant valid_until_ = kLongAgo;
};

// One cluster of one host, over all its lives.
class ClusterHistory {
public:
    ClusterHistory(History& history, std::string folder)
        : history_(history), folder_(std::move(folder)) {}
    // Segments in the order of their recording. An error: it is of another build.
    [[nodiscard]] Status add(const Segment& segment, const std::string& name);
    void finish();

private:
    [[nodiscard]] bool continues(const SegmentHead& head) const;
    [[nodiscard]] Status restart(const SegmentHead& head, const std::string& name);
    void begin_life(const SegmentHead& head);
    void take_step(const Record& record, const StepResult& result);
    void note_input(const Record& record);
    void note_frame(const Record& record);
    void note_ownership(const Record& record, const StepResult& result);
    void note_owned(Instant now);
    void note_map(Instant now);
    void note(Instant at, EntryKind kind, std::string name, std::string text,
              std::uint8_t level = 0);
    void differ(Instant at, std::uint64_t step, std::string what);

    History& history_;
    std::string folder_;
    std::unique_ptr<AgentReplay> replay_;
    std::size_t life_ = 0;
    std::uint32_t next_number_ = 0;
    std::optional<OwnershipTrack> track_;
    std::optional<RuleMasks> installing_;
    std::uint64_t install_token_ = 0;
    RuleMasks shown_{};
    Epoch epoch_;
    bool leased_ = false;
    bool differed_ = false;  // in this segment: what follows a difference differs too
};

}  // namespace nlb::controlplane
