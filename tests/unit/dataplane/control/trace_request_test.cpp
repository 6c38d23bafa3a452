// Every field of a trace request at and beyond its bounds.
#include "dataplane/control/trace_request.hpp"

#include <functional>
#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

trace::Request sound() {
    trace::Request request{};
    request.build = trace::build_of_this();
    request.direction = trace::Direction::both;
    request.packets_per_second = trace::kRateMax;
    request.snap_bytes = trace::kSnapBytesMax;
    request.instruction_count = 1;
    return request;
}

std::string fault_of(const std::function<void(trace::Request&)>& change,
                     std::size_t instructions = 1) {
    trace::Request request = sound();
    change(request);
    const std::vector<Byte> filter(instructions * sizeof(trace::Instruction));
    const auto read = read_trace_request(ipc::write_message(
        ipc::MessageType::trace_request, 0, ipc::bytes_of(request), std::span{filter}));
    return read ? "" : read.error().message;
}

TEST(TraceRequest, WhatIsWithinItsBoundsIsRead) {
    EXPECT_EQ(fault_of([](trace::Request&) {}), "");
    EXPECT_EQ(fault_of([](trace::Request& r) { r.snap_bytes = 14; }), "");
    EXPECT_EQ(fault_of([](trace::Request& r) { r.instruction_count = trace::kInstructionsMax; },
                       trace::kInstructionsMax),
              "");
}

TEST(TraceRequest, WhatIsBeyondThemIsRefusedWithASentence) {
    const auto refused = [](const std::string& sentence, const char* word) {
        EXPECT_NE(sentence.find(word), std::string::npos) << sentence;
    };
    refused(fault_of([](trace::Request& r) { ++r.build; }), "different builds");
    refused(fault_of([](trace::Request& r) { r.direction = trace::Direction{4}; }), "direction");
    refused(fault_of([](trace::Request& r) { r.packets_per_second = 0; }), "rate");
    refused(fault_of([](trace::Request& r) { ++r.packets_per_second; }), "rate");
    refused(fault_of([](trace::Request& r) { r.snap_bytes = 13; }), "snap length");
    refused(fault_of([](trace::Request& r) { r.cluster.fill('a'); }), "cluster");
    refused(fault_of([](trace::Request& r) { r.instruction_count = 2; }), "2 instructions");
    refused(fault_of([](trace::Request& r) { r.instruction_count = 0; }, 0), "0 instructions");
    refused(fault_of([](trace::Request& r) { r.instruction_count = trace::kInstructionsMax + 1; },
                     trace::kInstructionsMax + 1),
            "at most 1024");
    EXPECT_FALSE(read_trace_request({}).ok());
}

}  // namespace
}  // namespace nlb::dataplane
