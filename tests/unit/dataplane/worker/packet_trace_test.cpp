// A trace takes what its filter wants with what was decided about it, and never more than its
// budget and its slots allow; the server that hands traces out refuses with a sentence what it
// cannot do.
#include "dataplane/worker/packet_trace.hpp"

#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/prng.hpp"
#include "core/packet/frame_builder.hpp"
#include "dataplane/control/trace_server.hpp"
#include "dataplane/frames/buffers.hpp"

namespace nlb::dataplane {
namespace {

std::vector<trace::Instruction> compiled(const char* expression) {
    pcap_t* const ethernet = pcap_open_dead(DLT_EN10MB, 65535);
    bpf_program program{};
    EXPECT_EQ(pcap_compile(ethernet, &program, expression, 1, PCAP_NETMASK_UNKNOWN), 0)
        << pcap_geterr(ethernet);
    std::vector<trace::Instruction> instructions;
    for (unsigned i = 0; i < program.bf_len; ++i) {
        const bpf_insn& one = program.bf_insns[i];
        instructions.push_back({one.code, one.jt, one.jf, one.k});
    }
    pcap_freecode(&program);
    pcap_close(ethernet);
    return instructions;
}

trace::Request request_for(std::uint32_t packets_per_second) {
    trace::Request request{};
    request.build = trace::build_of_this();
    request.direction = trace::Direction::both;
    request.packets_per_second = packets_per_second;
    request.snap_bytes = 40;
    return request;
}

class TapTest : public ::testing::Test {
protected:
    TapTest() {
        static rte_mempool* const pool =
            rte_pktmbuf_pool_create("tapped frames", 127, 0, 64, 2176, 0);
        pool_ = pool;
        tables_.epoch = 7;
        tables_.owner[3][17] = 9;
    }
    ~TapTest() override {
        for (rte_mbuf* buffer : buffers_) rte_pktmbuf_free(buffer);
    }
    // A datagram to this port, settled as another host's.
    void add(std::uint16_t port) {
        FrameSpec spec;
        spec.source = IpAddress::v4(0xc6336407);
        spec.destination = IpAddress::v4(0xc0000250);
        spec.protocol = kProtocolUdp;
        spec.source_port = 4000;
        spec.destination_port = port;
        rte_mbuf* const buffer = copy_frame(pool_, build_frame(spec));
        const std::uint32_t slot = burst_.count++;
        burst_.frames[slot] = {rte_pktmbuf_mtod(buffer, Byte*), buffer->data_len, buffer->data_len};
        burst_.info[slot] = {};
        burst_.info[slot].rule = 3;
        burst_.info[slot].bucket = 17;
        burst_.info[slot].vip_port = port;
        burst_.reasons[slot] = Reason::not_owner;
        buffers_.push_back(buffer);
    }
    bool look(PacketTrace& trace, Duration later = {},
              trace::Direction direction = trace::Direction::ingress) {
        const BurstContext context{tables_, ports_, Instant{std::chrono::hours{1}} + later, true};
        return trace.look(burst_, context, direction);
    }
    static std::size_t drain(PacketTrace& trace) {
        std::size_t count = 0;
        while (PacketTrace::Taken* const taken = trace.take()) {
            ++count;
            trace.give_back(taken);
        }
        return count;
    }
    rte_mempool* pool_ = nullptr;
    std::vector<rte_mbuf*> buffers_;
    Tables tables_{};
    PortAddresses ports_{};
    Burst burst_;
};

TEST_F(TapTest, TakesWhatTheFilterWantsWithWhatWasDecided) {
    auto trace =
        PacketTrace::create(request_for(1000), compiled("udp port 53 and host 198.51.100.7"), 1);
    ASSERT_TRUE(trace) << trace.error().message;
    for (const int port : {80, 53, 443}) add(static_cast<std::uint16_t>(port));
    EXPECT_TRUE(look(*trace.value()));
    PacketTrace::Taken* const taken = trace.value()->take();
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(taken->packet.info.vip_port, 53);
    EXPECT_EQ(taken->packet.reason, Reason::not_owner);
    EXPECT_EQ(taken->packet.owner, 9) << "by the map of the tables that decided";
    EXPECT_EQ(taken->packet.epoch, 7U);
    EXPECT_EQ(taken->packet.length, burst_.frames[1].length);
    EXPECT_EQ(taken->captured, 40U);
    EXPECT_TRUE(std::equal(taken->bytes.begin(), taken->bytes.begin() + 40, burst_.frames[1].data));
    EXPECT_EQ(trace.value()->take(), nullptr);
    EXPECT_EQ(trace.value()->progress().looked_at, 3U);
    EXPECT_EQ(trace.value()->progress().passed_by, 0U);
}

TEST_F(TapTest, AnEmptyFilterWantsEverythingOfItsDirection) {
    trace::Request request = request_for(1000);
    request.direction = trace::Direction::egress;
    auto trace = PacketTrace::create(request, compiled(""), 1);
    ASSERT_TRUE(trace);
    for (int i = 0; i < 5; ++i) add(80);
    EXPECT_FALSE(look(*trace.value()));
    EXPECT_EQ(trace.value()->progress().looked_at, 0U);
    EXPECT_TRUE(look(*trace.value(), {}, trace::Direction::egress));
    EXPECT_EQ(drain(*trace.value()), 5U);
}

TEST_F(TapTest, BeyondItsBudgetPacketsArePassedByAndCounted) {
    auto trace = PacketTrace::create(request_for(100), compiled(""), 1);
    ASSERT_TRUE(trace);
    for (int i = 0; i < 50; ++i) add(80);
    EXPECT_TRUE(look(*trace.value()));
    EXPECT_EQ(drain(*trace.value()), 10U) << "a tenth of a second is saved up";
    EXPECT_EQ(trace.value()->progress().passed_by, 40U);
    EXPECT_FALSE(look(*trace.value(), std::chrono::milliseconds{5}));
    EXPECT_TRUE(look(*trace.value(), std::chrono::milliseconds{35}));
    EXPECT_EQ(drain(*trace.value()), 3U);
    EXPECT_EQ(trace.value()->progress().looked_at + trace.value()->progress().passed_by, 150U);
}

TEST_F(TapTest, AReaderThatTakesNothingCostsPlacesAndNothingElse) {
    auto trace = PacketTrace::create(request_for(trace::kRateMax), compiled(""), 1);
    ASSERT_TRUE(trace);
    for (int i = 0; i < 60; ++i) add(80);
    for (int i = 0; i < 60; ++i) look(*trace.value(), std::chrono::seconds{i});
    EXPECT_EQ(drain(*trace.value()), PacketTrace::kSlots);
    EXPECT_EQ(trace.value()->progress().passed_by, 3600 - PacketTrace::kSlots);
    EXPECT_TRUE(look(*trace.value(), std::chrono::seconds{60}))
        << "slots that were given back are used again";
}

TEST_F(TapTest, WhatIsHandedToAnotherLaneIsShownThereAndNotTwice) {
    auto trace = PacketTrace::create(request_for(1000), compiled(""), 2);
    ASSERT_TRUE(trace);
    add(80);
    burst_.reasons[0] = Reason::steered;
    EXPECT_FALSE(look(*trace.value()));
}

TEST_F(TapTest, AProgramThatIsNoneIsRefused) {
    // jumps out of itself
    const std::vector<trace::Instruction> beyond{{0x15, 200, 200, 1}, {0x06, 0, 0, 1}};
    EXPECT_FALSE(PacketTrace::create(request_for(1), beyond, 1));
    const std::vector<trace::Instruction> unknown{{0xffff, 0, 0, 0}};
    EXPECT_FALSE(PacketTrace::create(request_for(1), unknown, 1));
    const std::vector<trace::Instruction> endless{{0x05, 0, 0, 0xffff'ffff}, {0x06, 0, 0, 1}};
    EXPECT_FALSE(PacketTrace::create(request_for(1), endless, 1));
    const std::vector<trace::Instruction> memory{{0x60, 0, 0, 1000}, {0x06, 0, 0, 1}};
    EXPECT_FALSE(PacketTrace::create(request_for(1), memory, 1));
    EXPECT_FALSE(PacketTrace::create(request_for(1), {}, 1));
}

TEST_F(TapTest, FlagsOfTcpAreFoundByTheirNumbers) {
    FrameSpec spec;
    spec.source = IpAddress::v4(0xc6336407);
    spec.destination = IpAddress::v4(0xc0000250);
    std::vector<Byte> syn = build_frame(spec);
    spec.tcp_flags = kTcpAck;
    std::vector<Byte> ack = build_frame(spec);
    const auto size = static_cast<std::uint16_t>(syn.size());
    for (const char* words : {"tcp[13] & 2 != 0", "tcp[13] = 2", "tcp[tcpflags] == tcp-syn"}) {
        const auto filter = TraceFilter::create(compiled(words));
        ASSERT_TRUE(filter) << words;
        EXPECT_TRUE(filter.value().wants({syn.data(), size, size})) << words;
        EXPECT_FALSE(filter.value().wants({ack.data(), size, size})) << words;
    }
}

// Whatever a client of the socket sends: it is refused, or it ends and changes nothing.
TEST_F(TapTest, ARandomProgramIsRefusedOrEnds) {
    Prng random(53);
    int sound = 0;
    const std::vector<Byte> frame =
        build_frame({.source = IpAddress::v4(1), .destination = IpAddress::v4(2)});
    for (int i = 0; i < 300000; ++i) {
        std::vector<trace::Instruction> program(1 + random.below(6));
        for (trace::Instruction& one : program)
            one = {static_cast<std::uint16_t>(random.below(256)),
                   static_cast<std::uint8_t>(random.below(4)),
                   static_cast<std::uint8_t>(random.below(4)),
                   random.chance(500'000) ? static_cast<std::uint32_t>(random.below(70))
                                          : static_cast<std::uint32_t>(random.next())};
        if (random.chance(700'000)) program.back() = {0x06, 0, 0, 1};
        const auto filter = TraceFilter::create(program);
        if (!filter) continue;
        ++sound;
        std::vector<Byte> copy(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(
                                                                  random.below(frame.size() + 1)));
        const std::vector<Byte> before = copy;
        const auto size = static_cast<std::uint16_t>(copy.size());
        static_cast<void>(filter.value().wants({copy.data(), size, size}));
        ASSERT_EQ(copy, before);
    }
    EXPECT_GT(sound, 5000);
}

class TraceServerTest : public ::testing::Test {
protected:
    TraceServerTest() {
        std::array<char, 32> made{"/tmp/nlb-trace-test.XXXXXX"};
        directory_ = mkdtemp(made.data());
        server_.emplace(std::move(SeqpacketServer::listen(directory_ + "/trace.sock").value()),
                        clusters_, rcu_);
    }
    ~TraceServerTest() override {
        server_.reset();
        rmdir(directory_.c_str());
    }
    [[nodiscard]] int connect() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy_n((directory_ + "/trace.sock").c_str(), directory_.size() + 12, address.sun_path);
        const int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        server_->on_newcomer();
        return fd;
    }
    // The sentence of the refusal that lies in the socket.
    static std::string refusal(int fd) {
        std::vector<Byte> datagram(4096);
        const ssize_t bytes = recv(fd, datagram.data(), datagram.size(), MSG_DONTWAIT);
        datagram.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
        const auto message = ipc::read_message(datagram);
        if (!message || message->type != ipc::MessageType::refused) return "";
        return {message->payload.begin(), message->payload.end()};
    }
    std::string refused(const trace::Request& request, std::size_t instructions) {
        const int fd = connect();
        const std::vector<Byte> rest(instructions * sizeof(trace::Instruction));
        const auto datagram =
            ipc::write_message(ipc::MessageType::trace_request, 0, ipc::bytes_of(request), rest);
        EXPECT_EQ(send(fd, datagram.data(), datagram.size(), 0),
                  static_cast<ssize_t>(datagram.size()));
        server_->on_readable();
        EXPECT_FALSE(server_->socket().connected());
        const std::string sentence = refusal(fd);
        close(fd);
        return sentence;
    }
    std::string directory_;
    TraceServer::Clusters clusters_;
    Rcu rcu_{1};
    std::optional<TraceServer> server_;
};

TEST_F(TraceServerTest, WhoeverAsksForNothingKeepsNobodyOut) {
    const int silent = connect();
    const int asking = connect();
    char byte;
    EXPECT_EQ(recv(silent, &byte, 1, MSG_DONTWAIT), 0) << "it was cut off";
    ASSERT_EQ(send(asking, "hello", 5, 0), 5);
    server_->on_readable();
    EXPECT_EQ(refusal(asking), "that is no trace request of this build");
    close(silent);
    close(asking);
}

TEST_F(TraceServerTest, RequestsThatCannotBeServedAreRefusedWithASentence) {
    trace::Request request = request_for(1000);
    request.instruction_count = 1;
    std::copy_n("webb", 4, request.cluster.begin());
    EXPECT_EQ(refused(request, 1), "this dataplane has no cluster \"webb\"");
    EXPECT_NE(refused(request, 2).find("the filter has 1 instructions"), std::string::npos);
    request.packets_per_second = 0;
    EXPECT_NE(refused(request, 1).find("out of bounds"), std::string::npos);
    request.build += 1;
    EXPECT_NE(refused(request, 1).find("different builds"), std::string::npos);
}

TEST_F(TraceServerTest, GarbageIsRefused) {
    const int fd = connect();
    ASSERT_EQ(send(fd, "hello", 5, 0), 5);
    server_->on_readable();
    EXPECT_EQ(refusal(fd), "that is no trace request of this build");
    close(fd);
}

}  // namespace
}  // namespace nlb::dataplane
