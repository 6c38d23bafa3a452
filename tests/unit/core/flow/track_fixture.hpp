// One host, and one flow of a client whose bucket it owns: what tests of descriptors begin with. It
// claims nothing itself.
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {

struct Track : ::testing::Test {
    Host host{1};
    FrameSpec flow = served_by(host, tcp());
    BucketId bucket = bucket_on(host, flow);

    Reason send(std::uint8_t flags) {
        FrameSpec spec = flow;
        spec.tcp_flags = flags;
        return host.in(build_frame(spec));
    }
    Reason answer(std::uint8_t flags) { return host.out(build_frame(reply_to(flow, flags))); }
    void establish() {
        send(kTcpSyn);
        answer(kTcpSyn | kTcpAck);
        send(kTcpAck);
    }
    // The bucket moves to another host; this one keeps its descriptors.
    void lose_bucket() { host.own(kHttp, bucket, false); }
    // This host has owned the bucket only since now; another one still has flows in it.
    void gain_bucket() {
        host.own(kHttp, bucket, true);
        host.dirty_elsewhere(kHttp, bucket, true);
    }
    Descriptor* descriptor() { return host.descriptor(flow); }
    bool tracked() { return descriptor() != nullptr; }
    std::uint64_t look_ups_of(std::uint8_t flags) {
        const std::uint64_t before = host.connections->look_ups();
        send(flags);
        return host.connections->look_ups() - before;
    }
};

}  // namespace nlb::test
