// A recorded agent with a dataplane that obeys, and its segments in memory.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "controlplane/flight/agent_recorder.hpp"
#include "controlplane/flight/segment.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane::testing {

class MemorySegments : public SegmentSink {
public:
    bool begin(const SegmentHead& head) override {
        if (refuses) return false;
        heads.push_back(head);
        encoders.push_back(std::make_unique<SegmentEncoder>());
        files.push_back(encoders.back()->begin(head));
        return true;
    }
    bool append(std::vector<Byte> records) override {
        if (refuses) return false;
        const auto block = encoders.back()->append(records);
        files.back().insert(files.back().end(), block.begin(), block.end());
        return true;
    }
    [[nodiscard]] Segment segment(std::size_t at) const {
        auto read = read_segment(files.at(at), "test");
        NLB_ASSERT(read.ok());
        return std::move(read.value());
    }

    bool refuses = false;
    std::vector<SegmentHead> heads;
    std::vector<std::unique_ptr<SegmentEncoder>> encoders;
    std::vector<std::vector<Byte>> files;
};

class RecordedBench {
public:
    static constexpr Duration kSegment = std::chrono::seconds{1};

    explicit RecordedBench(ClusterSettings settings = small_settings(1),
                           Duration segment = kSegment)
        : recorder(sink, events, segments, "test", segment),
          agent(std::move(settings), Bench::keys({7}), recorder, recorder, {}, 4711) {
        recorder.watch(agent, now, kWall);
    }
    void hello() {
        const auto datagram =
            ipc::write_message(ipc::MessageType::hello, 0, ipc::bytes_of(Bench::fresh_hello()));
        ASSERT_EQ(agent.on_hello(now, *ipc::read_message(datagram)), "");
    }
    template <class Body>
    void deliver(ipc::MessageType type, const Body& body, const std::vector<Byte>& rest = {}) {
        const auto datagram = ipc::write_message(type, 0, ipc::bytes_of(body), rest);
        agent.on_message(now, *ipc::read_message(datagram));
    }
    void punt(const std::vector<Byte>& frame) {
        deliver(ipc::MessageType::punted, ipc::Punted{now.time_since_epoch().count()}, frame);
    }
    void flush() { recorder.flush(now, kWall); }
    // As Bench, with a hand-over each 50 ms.
    void pass(Duration time) {
        const Instant end = now + time;
        for (int step = 0; now < end; ++step) {
            now += std::chrono::milliseconds{5};
            answer();
            if (now >= agent.next_wake()) agent.on_tick(now);
            if (step % 10 == 0) flush();
        }
    }
    void answer() {
        for (; answered < sink.datagrams.size(); ++answered) {
            const auto datagram = sink.datagrams[answered];
            const auto message = *ipc::read_message(datagram);
            if (message.type == ipc::MessageType::install)
                deliver(ipc::MessageType::installed,
                        ipc::Installed{message.body<ipc::Install>()->token, {}});
            if (message.type != ipc::MessageType::status_request) continue;
            ipc::Status status{};
            status.link_up = 1;
            status.last_rx_ns = status.oldest_poll_ns = now.time_since_epoch().count();
            deliver(ipc::MessageType::status, status);
        }
    }

    static constexpr std::int64_t kWall = 1'764'291'234'000'000'000;
    Instant now{std::chrono::seconds{1000}};
    RecordingSink sink;
    RecordingEvents events;
    MemorySegments segments;
    AgentRecorder recorder;
    ClusterAgent agent;
    std::size_t answered = 0;
};

}  // namespace nlb::controlplane::testing
