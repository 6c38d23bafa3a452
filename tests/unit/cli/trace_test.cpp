// What `nlb trace` writes, and how it says that it cannot: the file is read again by this tree's
// own reader here and by tshark in the lab.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/decision_view.hpp"
#include "cli/packet_filter.hpp"
#include "cli/pcap_reader.hpp"
#include "cli/pcapng_writer.hpp"
#include "cli/trace_client.hpp"
#include "config/load.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

TEST(PcapngWriter, WhatIsWrittenIsReadAgain) {
    const Sandbox sandbox;
    const std::string path = sandbox.file("trace.pcapng");
    {
        auto writer = PcapngWriter::create(path, "nlb web", 256);
        ASSERT_TRUE(writer) << writer.error().message;
        for (std::size_t length = 14; length < 30; ++length) {
            const std::vector<Byte> bytes(length, static_cast<Byte>(length));
            const std::string comment(length, 'c');
            const auto time = 1'795'000'000'123'456'789 + static_cast<std::int64_t>(length);
            ASSERT_TRUE(writer.value().write({bytes, 1500, time, length % 2 == 0, comment}));
        }
        EXPECT_EQ(writer.value().packets(), 16U);
    }
    auto reader = PcapReader::open(path);
    ASSERT_TRUE(reader) << reader.error().message;
    for (std::size_t length = 14; length < 30; ++length) {
        const auto packet = reader.value().next();
        ASSERT_TRUE(packet) << packet.error().message;
        ASSERT_TRUE(packet.value());
        EXPECT_EQ(packet.value()->bytes, std::vector<Byte>(length, static_cast<Byte>(length)));
        EXPECT_EQ(packet.value()->wire_bytes, 1500U);
        EXPECT_EQ(packet.value()->time.count(),
                  1'795'000'000'123'456'789 + static_cast<std::int64_t>(length));
    }
    EXPECT_FALSE(reader.value().next().value());
}

TEST(PcapngWriter, AFullDiskIsNamedWithWhatWasWritten) {
    auto writer = PcapngWriter::create("/dev/full", "nlb web", 256);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().message,
              "/dev/full: cannot be written after 0 packets: No space left on device");
    EXPECT_EQ(PcapngWriter::create("/nowhere/t.pcapng", "x", 256).error().message,
              "/nowhere/t.pcapng: cannot be written: No such file or directory");
}

TEST(PacketFilter, TheWordsOfTcpdumpAreCompiled) {
    const auto filter = compile_filter("host 198.51.100.7 and port 80");
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_GT(filter.value().size(), 5U);
    EXPECT_EQ(compile_filter("").value().size(), 1U) << "everything";
}

TEST(PacketFilter, AMistakeIsQuotedWithItsRemedy) {
    const auto filter = compile_filter("hots 198.51.100.7");
    ASSERT_FALSE(filter);
    EXPECT_NE(filter.error().message.find("--filter \"hots 198.51.100.7\": "), std::string::npos)
        << filter.error().message;
    EXPECT_NE(filter.error().message.find("see pcap-filter(7)"), std::string::npos);
}

TEST(DecisionView, ASentenceNamesRuleBucketAndOwner) {
    const Sandbox sandbox;
    const auto loaded = config::load_file(sandbox.write_lab());
    ASSERT_TRUE(loaded);
    const DecisionView view(loaded.value().config.clusters.front());
    EXPECT_EQ(view.sentence({Reason::not_owner, 0, 17, 2}),
              "reject not_owner: rule http, bucket 17, owner host2 (another host owns the bucket)");
    EXPECT_EQ(view.sentence({Reason::truncated, kNoRule, 0, kNoHost}),
              "drop truncated (the frame ends before a header does)");
}

TEST(TraceClient, HearsWhyItWasTurnedAwayAlthoughItsRequestWasNotRead) {
    const Sandbox sandbox;
    const std::string path = sandbox.file("trace.sock");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy_n(path.c_str(), path.size() + 1, address.sun_path);
    const int listening = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    ASSERT_EQ(bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listening, 1), 0);
    auto client = TraceClient::connect(sandbox.path());
    ASSERT_TRUE(client) << client.error().message;
    ASSERT_TRUE(client.value().ask({}, {}));
    const int connected = accept(listening, nullptr, nullptr);
    const std::string_view why = "another trace runs";
    const auto refusal = ipc::write_message(
        ipc::MessageType::refused, 0, {reinterpret_cast<const Byte*>(why.data()), why.size()});
    ASSERT_EQ(send(connected, refusal.data(), refusal.size(), 0),
              static_cast<ssize_t>(refusal.size()));
    close(connected);
    const auto event = client.value().next();
    ASSERT_TRUE(std::holds_alternative<TraceClient::Refused>(event));
    EXPECT_EQ(std::get<TraceClient::Refused>(event).sentence, why);
    EXPECT_TRUE(std::holds_alternative<TraceClient::Gone>(client.value().next()));
    close(listening);
}

TEST(TraceCommand, SaysWhatItMissesAndTheRemedy) {
    SKIP_WITHOUT_PROGRAM();
    const Sandbox sandbox;
    const std::string config = sandbox.write_lab();
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(),
                         {"trace", "--config", config, "--run-dir", sandbox.path()});
        return run_nlb(sandbox.path(), arguments);
    };
    const Outcome nobody = run({});
    EXPECT_EQ(nobody.exit_code, 3);
    EXPECT_NE(nobody.err.find("no dataplane to speak to"), std::string::npos) << nobody.err;
    EXPECT_NE(nobody.err.find("start nlb-dataplane"), std::string::npos);
    EXPECT_EQ(run({"--filter", "port http and and"}).exit_code, 2);
    EXPECT_EQ(run({"--rate", "0"}).exit_code, 2);
    EXPECT_EQ(run({"--snap", "9000"}).exit_code, 2);
    EXPECT_EQ(run({"--direction", "sideways"}).exit_code, 2);
}

}  // namespace
}  // namespace nlb::cli
