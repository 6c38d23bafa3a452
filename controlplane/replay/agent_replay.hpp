// One recorded agent, run again: the product's own state machine in the time of its recording. It
// needs no key: whether a tag was right is what the recording says. It compares what comes out with
// what came out then, and stops nothing when they differ.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/flight/record.hpp"
#include "core/base/fnv.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// A frame of its own that a step handed to the dataplane.
struct SentFrame {
    Incarnation incarnation;
    std::uint64_t sequence = 0;
};

// What came of the last step.
struct StepResult {
    std::vector<Event> events;
    std::vector<SentFrame> sent;
    std::optional<RuleMasks> installs;  // what the cores are told to own; the newest
    std::uint64_t install_token = 0;
    std::optional<std::uint64_t> installed_token;  // the dataplane's answer came in
    std::optional<Instant> lease;
    std::string difference;  // to the recording; empty: none
};

class AgentReplay final : private MessageSink, private EventSink {
public:
    // As the agent was when the segment began. An error is one sentence about `name`.
    [[nodiscard]] static Result<std::unique_ptr<AgentReplay>> at(const SegmentHead& head,
                                                                 const std::string& name);

    // Nothing: the record cannot have been made by an agent in this state; the sentence says why.
    [[nodiscard]] Result<StepResult> run(const Record& record);
    // Whether it has come to the state that the next segment begins with, bit for bit.
    [[nodiscard]] bool is_as(const SegmentHead& next) const;
    [[nodiscard]] const ClusterAgent& agent() const { return *agent_; }

private:
    class Keys;

    void send(std::vector<Byte> datagram) override;
    void on_event(const Event& event) override;
    [[nodiscard]] Status enter(const Record& record);
    void enter_message(const Record& record);
    void compare(const Record& record);
    [[nodiscard]] std::unique_ptr<const Authenticator> keys(std::uint16_t id);

    FrameFault verdict_ = FrameFault::none;  // of the frame that enters
    Fnv1a outputs_;
    bool has_outputs_ = false;
    StepResult result_;
    std::unique_ptr<ClusterAgent> agent_;
};

}  // namespace nlb::controlplane
