// What the product's recorder makes of a simulated control plane, as files below a directory: the
// same segments, shorter than the product's so that a run has many.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "controlplane/flight/agent_recorder.hpp"
#include "controlplane/flight/segment.hpp"

namespace nlb::sim {

class RecordedLife final : private controlplane::SegmentSink {
public:
    static constexpr Duration kFlushEvery = std::chrono::milliseconds{250};

    // `directory` is made. `life` names the files; the sinks outlive it.
    RecordedLife(std::string directory, std::uint32_t life, Duration segment_lasts,
                 controlplane::MessageSink& messages, controlplane::EventSink& events);

    [[nodiscard]] controlplane::AgentRecorder& recorder() { return recorder_; }
    // Between two calls of the agent; `now` by the host's clock, `wall` by everybody's.
    void look(Instant now, Duration wall);
    void flush(Instant now, Duration wall) { recorder_.flush(now, wall.count()); }

private:
    bool begin(const controlplane::SegmentHead& head) override;
    bool append(std::vector<Byte> records) override;
    void write(const std::vector<Byte>& bytes);

    std::string directory_;
    std::uint32_t life_;
    std::uint32_t segments_ = 0;
    std::ofstream file_;
    std::unique_ptr<controlplane::SegmentEncoder> encoder_;
    Instant flushed_at_ = kLongAgo;
    controlplane::AgentRecorder recorder_;
};

}  // namespace nlb::sim
