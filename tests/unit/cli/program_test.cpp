// The real program: exit codes, one clear line per failure, JSON on the output in every case.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/json.hpp"
#include "core/ipc/tables_codec.hpp"
#include "core/packet/frame_builder.hpp"
#include "tests/unit/cli/capture_bytes.hpp"
#include "tests/unit/cli/fake_control_plane.hpp"
#include "tests/unit/cli/sandbox.hpp"
#include "tests/unit/cli/windows/texts.hpp"

namespace nlb::cli {
namespace {

class Program : public testing::Test {
protected:
    void SetUp() override { SKIP_WITHOUT_PROGRAM(); }
    Outcome run(const std::vector<std::string>& arguments) const {
        return run_nlb(sandbox_.path(), arguments);
    }
    Json json(std::vector<std::string> arguments, int expected_exit) const {
        arguments.push_back("--json");
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, expected_exit) << outcome.out << outcome.err;
        EXPECT_EQ(lines_of(outcome.out).size(), 1U) << outcome.out;
        auto value = parse_json(outcome.out);
        EXPECT_TRUE(value.has_value()) << outcome.out;
        return value.value_or(Json{});
    }
    // Says one line on the error stream, nothing on the output; and the same in JSON.
    void expect_failure(const std::vector<std::string>& arguments, int exit_code, int return_value,
                        const std::string& words) const {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, exit_code) << outcome.out << outcome.err;
        EXPECT_EQ(outcome.out, "");
        EXPECT_EQ(lines_of(outcome.err).size(), 1U) << outcome.err;
        EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
        const Json twin = json(arguments, exit_code);
        EXPECT_FALSE(flag_of(twin, "ok", true));
        EXPECT_EQ(number_of(twin, "return_value"), return_value);
        EXPECT_NE(text_of(twin, "message").find(words), std::string::npos)
            << text_of(twin, "message");
    }
    Sandbox sandbox_;
};

TEST_F(Program, UsageMistakesAreOneLineAndExitTwo) {
    expect_failure({}, 2, 1003, "expected a command");
    expect_failure({"quer"}, 2, 1003, "did you mean query?");
    expect_failure({"query", "--bogus"}, 2, 1003, "--bogus");
    expect_failure({"query", "--timeout", "soon"}, 2, 1003, "--timeout");
    expect_failure({"query", "--timeout", "0s"}, 2, 1003, "above zero");
    expect_failure({"enable"}, 2, 1003, "rule is required");
    expect_failure({"queryport", "http"}, 2, 1003, "expected a port");
    expect_failure({"ip2mac", "nowhere"}, 2, 1003, "expected an IPv4 or IPv6 address");
}

TEST_F(Program, ImportWritesWhatCheckTakesButForWhatWindowsDoesNotSay) {
    const Outcome imported = run({"import", sandbox_.write("web1.txt", windows::params_text())});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_NE(imported.err, "");
    const Outcome checked = run({"check", sandbox_.write("new.yaml", imported.out)});
    EXPECT_EQ(checked.exit_code, 2);
    const auto lines = lines_of(checked.out);
    ASSERT_GT(lines.size(), 1U) << checked.out;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i)
        EXPECT_NE(lines[i].find("TODO"), std::string::npos) << lines[i];
}

TEST_F(Program, HelpAndVersionSucceed) {
    EXPECT_EQ(run({"--help"}).exit_code, 0);
    EXPECT_NE(run({"explain", "--help"}).out.find("--all-hosts"), std::string::npos);
    EXPECT_EQ(run({"--version"}).exit_code, 0);
}

TEST_F(Program, CheckTellsEveryMistakeAndExitsTwo) {
    sandbox_.write("bad.yaml", "clusters: 3\nfoo: 1\n");
    const Outcome outcome = run({"check", "bad.yaml"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.out.find("bad.yaml:1:11: clusters: expected"), std::string::npos)
        << outcome.out;
    EXPECT_NE(outcome.out.find("bad.yaml:2:1: foo: expected"), std::string::npos) << outcome.out;
    EXPECT_EQ(list_of(json({"check", "bad.yaml"}, 2), "mistakes").size(), 2U);
    expect_failure({"plan", "--config", "missing.yaml", "--leave", "x"}, 2, 1003,
                   "missing.yaml:1:1");
}

TEST_F(Program, CheckAcceptsAGoodFileAndLooksAtItsKey) {
    sandbox_.write_lab();
    EXPECT_TRUE(list_of(json({"check", "lab.yaml"}, 0), "warnings").empty());
    EXPECT_NE(run({"--config", "lab.yaml", "check"}).out.find("lease"), std::string::npos);
    ASSERT_EQ(::chmod(sandbox_.file("lab.key").c_str(), 0644), 0);
    EXPECT_EQ(list_of(json({"check", "lab.yaml"}, 2), "mistakes").size(), 1U);
    sandbox_.write("lab.key", "short", 0600);
    EXPECT_EQ(list_of(json({"check", "lab.yaml"}, 2), "mistakes").size(), 1U);
    ASSERT_EQ(::unlink(sandbox_.file("lab.key").c_str()), 0);
    EXPECT_EQ(list_of(json({"check", "lab.yaml"}, 0), "warnings").size(), 1U);
}

TEST_F(Program, KeygenWritesAPrivateKeyAndNeverOverwrites) {
    EXPECT_EQ(run({"keygen", "new.key"}).exit_code, 0);
    struct stat status {};
    ASSERT_EQ(::stat(sandbox_.file("new.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_EQ(status.st_size, 32);
    expect_failure({"keygen", "new.key"}, 1, 1015, "not overwritten");
    EXPECT_EQ(json({"keygen", "other.key"}, 0)["key_id"].get<std::string>().size(), 4U);
    expect_failure({"keygen", "no/such/directory/key"}, 1, 1015, "No such file");
    sandbox_.write_lab();
    ASSERT_EQ(::unlink(sandbox_.file("lab.key").c_str()), 0);
    EXPECT_EQ(run({"keygen", "--config", "lab.yaml"}).exit_code, 0);
    EXPECT_EQ(::stat(sandbox_.file("lab.key").c_str(), &status), 0);
}

TEST_F(Program, Ip2macGivesNlbsAddresses) {
    const Json answer = json({"ip2mac", "192.0.2.80"}, 0);
    EXPECT_EQ(text_of(answer, "unicast"), "02:bf:c0:00:02:50");
    EXPECT_EQ(text_of(answer, "multicast"), "03:bf:c0:00:02:50");
    EXPECT_EQ(text_of(answer, "igmp"), "01:00:5e:7f:02:50");
    EXPECT_EQ(list_of(answer, "masked_sources").size(), 32U);
    EXPECT_EQ(text_of(list_of(answer, "masked_sources")[31], "mac"), "02:20:c0:00:02:50");
    EXPECT_TRUE(member_of(json({"ip2mac", "2001:db8::80"}, 0), "igmp").is_null());
    sandbox_.write_lab();
    EXPECT_EQ(
        list_of(json({"ip2mac", "192.0.2.80", "--config", "lab.yaml"}, 0), "masked_sources").size(),
        3U);
    expect_failure({"ip2mac", "192.0.2.81", "--config", "lab.yaml"}, 2, 1003,
                   "no cluster has the primary address");
}

TEST_F(Program, Ip2macSaysWhatToTypeOnASwitch) {
    EXPECT_EQ(list_of(json({"ip2mac", "192.0.2.80", "--switch", "cisco"}, 0), "snippets").size(),
              3U);
    sandbox_.write_lab();
    const Json answer =
        json({"ip2mac", "192.0.2.80", "--switch", "linux", "--config", "lab.yaml"}, 0);
    EXPECT_EQ(list_of(answer, "snippets").size(), 1U);
    expect_failure({"ip2mac", "192.0.2.80", "--switch", "abacus"}, 2, 1003,
                   "--switch: expected cisco, arista, juniper or linux");
}

TEST_F(Program, TablesAreWhatTheDataplaneDecodes) {
    sandbox_.write_lab();
    const Json answer = json({"tables", "--config", "lab.yaml", "--host", "host3", "--members",
                              "host1,host3", "-o", "t.bin"},
                             0);
    const Json& cluster = list_of(answer, "clusters")[0];
    EXPECT_EQ(list_of(list_of(cluster, "rules")[0], "own").size(), 30U);
    struct stat status {};
    ASSERT_EQ(::stat(sandbox_.file("t.bin").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << "it holds the hash key";
    std::FILE* file = std::fopen(sandbox_.file("t.bin").c_str(), "rb");
    ASSERT_NE(file, nullptr);
    std::vector<Byte> bytes(static_cast<std::size_t>(status.st_size));
    EXPECT_EQ(std::fread(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
    const auto tables = decode_tables_file(bytes, "t.bin");
    ASSERT_TRUE(tables.ok()) << tables.error().message;
    EXPECT_EQ(tables.value().front().tables.self, 3);
    EXPECT_EQ(__builtin_popcountll(tables.value().front().tables.own[0]), 30);
    EXPECT_EQ(tables.value().front().tables.own[kDefaultRule], 0U);
    expect_failure({"tables", "--config", "lab.yaml", "--host", "host9", "-o", "t.bin"}, 2, 1003,
                   "host9");
    expect_failure({"tables", "--config", "lab.yaml", "--host", "host1", "-o", "no/dir/t.bin"}, 1,
                   1015, "No such file");
}

TEST_F(Program, PlanSpeaksTheContractsJson) {
    sandbox_.write_lab();
    const Json answer = json(
        {"plan", "--config", "lab.yaml", "--members", "host1,host2,host3", "--leave", "host2"}, 0);
    EXPECT_EQ(list_of(answer, "moves").size(), 40U);
    EXPECT_EQ(list_of(answer, "moves")[0],
              parse_json(R"({"rule":"http","bucket":20,"from":"host2","to":"host1"})"));
    EXPECT_EQ(number_of(member_of(answer, "moved"), "http"), 20);
    EXPECT_EQ(number_of(member_of(answer, "least"), "http"), 20);
    EXPECT_EQ(member_of(member_of(answer, "share_after"), "http"),
              parse_json(R"({"host1":0.5,"host3":0.5})"));
    EXPECT_NE(run({"plan", "--config", "lab.yaml", "--join", "host3"}).out.find("^^^"),
              std::string::npos);
    expect_failure({"plan", "--config", "lab.yaml"}, 2, 1003, "expected one of --leave");
    expect_failure({"plan", "--config", "lab.yaml", "--members", "host1", "--leave", "host2"}, 2,
                   1003, "not among the members");
    expect_failure({"plan", "--config", "lab.yaml", "--members", "host1,host2", "--join", "host2"},
                   2, 1003, "among the members already");
}

std::string hand_made_capture() {
    FrameSpec spec{.source = IpAddress::v4(0xc6336407),
                   .destination = IpAddress::v4(0xc0000250),
                   .source_port = 4000,
                   .destination_port = 80};
    std::vector<std::vector<Byte>> frames;
    for (std::uint16_t port = 4000; port < 4100; ++port) {
        spec.source_port = port;
        frames.push_back(build_frame(spec));
    }
    spec.tcp_flags = kTcpAck;
    frames.push_back(build_frame(spec));
    frames.push_back(std::vector<Byte>(9));
    return capture_of(frames);
}

TEST_F(Program, ExplainOfACapturePrintsOneLinePerPacketAndHost) {
    sandbox_.write_lab();
    sandbox_.write("c.pcap", hand_made_capture());
    const Outcome outcome =
        run({"explain", "--config", "lab.yaml", "--pcap", "c.pcap", "--all-hosts", "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto lines = lines_of(outcome.out);
    ASSERT_EQ(lines.size(), 102U * 3);
    std::map<std::int64_t, int> accepts;
    for (const std::string& line : lines) {
        const Json json = *parse_json(line);
        EXPECT_EQ(json.size(), 8U);
        EXPECT_EQ(text_of(json, "map"), "ideal");
        if (text_of(json, "verdict") == "accept") {
            ++accepts[number_of(json, "n")];
            EXPECT_EQ(text_of(json, "host"), text_of(json, "owner"));
        }
    }
    for (int n = 1; n <= 101; ++n) EXPECT_EQ(accepts[n], 1) << n;
    EXPECT_EQ(accepts[102], 0);
    EXPECT_EQ(
        lines.back(),
        R"({"n":102,"host":"host3","verdict":"drop","reason":"truncated","rule":null,"bucket":null,"owner":null,"map":"ideal"})");
    const Outcome human =
        run({"explain", "--config", "lab.yaml", "--pcap", "c.pcap", "--all-hosts"});
    EXPECT_NE(human.out.find(
                  "102 packets at 3 hosts: 101 accepted by exactly one, 1 by none, 0 by several"),
              std::string::npos);
    EXPECT_EQ(lines_of(run({"explain", "--config", "lab.yaml", "--pcap", "c.pcap", "--host",
                            "host2", "--json"})
                           .out)
                  .size(),
              102U);
}

TEST_F(Program, ExplainOfATruncatedCaptureEndsWithOneClearLine) {
    sandbox_.write_lab();
    const std::string whole = hand_made_capture();
    sandbox_.write("cut.pcap", whole.substr(0, whole.size() - 30));
    const Outcome outcome =
        run({"explain", "--config", "lab.yaml", "--pcap", "cut.pcap", "--json"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_FALSE(flag_of(*parse_json(lines_of(outcome.out).back()), "ok", true));
    expect_failure({"explain", "--config", "lab.yaml", "--pcap", "none.pcap"}, 2, 1003,
                   "No such file");
    sandbox_.write("text.pcap", "this is no capture");
    expect_failure({"explain", "--config", "lab.yaml", "--pcap", "text.pcap"}, 2, 1003,
                   "not a capture");
}

// The hand-made capture's first frame, as `tcpdump -i any` keeps it.
std::string cooked_capture() {
    const std::string ethernet = hand_made_capture().substr(24 + 16, 54);
    const std::string frame = CaptureBytes(true)
                                  .u16(0x0800)
                                  .u16(0)
                                  .u32(3)
                                  .u16(1)
                                  .u16(0x0006)
                                  .run(std::string(8, '\0') + ethernet.substr(14))
                                  .text();
    CaptureBytes file(false);
    file.pcap_header(kMicrosecondMagic, 276);
    return file.record(1, 0, frame, static_cast<std::uint32_t>(frame.size())).text();
}

TEST_F(Program, ExplainOfACookedCaptureSaysWhatItDoesNotKnow) {
    sandbox_.write_lab();
    sandbox_.write("any.pcap", cooked_capture());
    const Outcome outcome =
        run({"explain", "--config", "lab.yaml", "--pcap", "any.pcap", "--all-hosts", "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    int accepts = 0;
    for (const std::string& line : lines_of(outcome.out)) {
        const Json json = *parse_json(line);
        EXPECT_EQ(member_of(json, "unknown"), parse_json(R"(["destination_mac"])"));
        if (text_of(json, "verdict") == "accept") ++accepts;
    }
    EXPECT_EQ(accepts, 1) << "it is taken as sent to the cluster";
    const Outcome human =
        run({"explain", "--config", "lab.yaml", "--pcap", "any.pcap", "--all-hosts"});
    EXPECT_NE(human.out.find("destination MAC not captured"), std::string::npos) << human.out;
}

TEST_F(Program, ExplainGivesOneExitCodeForOneMistakeInEitherFormat) {
    sandbox_.write_lab();
    sandbox_.write("classic.pcap", CaptureBytes(false).pcap_header(kMicrosecondMagic, 147).text());
    CaptureBytes file(false);
    file.section().block(1, file.part().u16(147).u16(0).u32(0).text());
    file.block(6, file.part().u32(0).u32(0).u32(0).u32(2).u32(2).run("hi").text());
    sandbox_.write("next.pcapng", file.text());
    for (const char* name : {"classic.pcap", "next.pcapng"})
        expect_failure({"explain", "--config", "lab.yaml", "--pcap", name}, 2, 1003,
                       "link type 147");
}

TEST_F(Program, ExplainOfATupleNamesTheContractsFields) {
    sandbox_.write_lab();
    const Json answer = json({"explain", "--config", "lab.yaml", "tcp", "198.51.100.7:4000",
                              "192.0.2.80:9999", "--host", "host2"},
                             0);
    EXPECT_EQ(text_of(answer, "verdict"), "reject");
    EXPECT_EQ(text_of(answer, "rule"), "default");
    EXPECT_EQ(text_of(answer, "owner"), "host1");
    EXPECT_EQ(text_of(json({"explain", "--config", "lab.yaml", "icmp", "2001:db8::7",
                            "2001:db8::80", "--host", "host1"},
                           0),
                      "verdict"),
              "accept");
    expect_failure({"explain", "--config", "lab.yaml"}, 2, 1003, "expected either");
    expect_failure({"explain", "--config", "lab.yaml", "tcp", "198.51.100.7"}, 2, 1003,
                   "destination is missing");
    ASSERT_EQ(::unlink(sandbox_.file("lab.key").c_str()), 0);
    expect_failure({"explain", "--config", "lab.yaml", "tcp", "198.51.100.7", "192.0.2.80:80"}, 2,
                   1003, "lab.key");
}

TEST_F(Program, NoControlPlaneIsExitThree) {
    for (const std::string command : {"query", "params", "display", "start", "drainstop", "reload"})
        expect_failure({command, "--run-dir", sandbox_.path()}, 3, 1102,
                       "no control plane to speak to");
    FakeControlPlane silent(sandbox_.path(), [](const std::string&) { return std::string(); });
    expect_failure({"query", "--run-dir", sandbox_.path(), "--timeout", "100ms"}, 3, 1103,
                   "did not answer within 100ms");
}

TEST_F(Program, QueryShowsPeopleAPictureAndProgramsTheVeryAnswer) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [](const std::string&) { return converged_answer() + "\n"; });
    const Outcome human = run({"query", "--run-dir", sandbox_.path()});
    EXPECT_EQ(human.exit_code, 0) << human.err;
    EXPECT_NE(human.out.find("edge1: converged as default host (NLB 1008)"), std::string::npos)
        << human.out;
    EXPECT_EQ(human.out.find('\x1b'), std::string::npos);
    EXPECT_EQ(run({"--json", "query", "--run-dir", sandbox_.path()}).out,
              converged_answer() + "\n");
    EXPECT_EQ(run({"query", "--run-dir", sandbox_.path(), "--host", "edge1"}).exit_code, 0);
    EXPECT_EQ(run({"queryport", "80", "--run-dir", sandbox_.path()}).exit_code, 0);
    EXPECT_EQ(run({"display", "--run-dir", sandbox_.path()}).exit_code, 0);
    expect_failure({"query", "--run-dir", sandbox_.path(), "--host", "edge2"}, 1, 1015,
                   "needs remote control");
}

TEST_F(Program, ACommandForAnotherHostNeverReachesThisOne) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [](const std::string&) { return converged_answer() + "\n"; });
    expect_failure({"stop", "--run-dir", sandbox_.path(), "--host", "edge2"}, 1, 1015,
                   "needs remote control");
    expect_failure({"stop", "--run-dir", sandbox_.path(), "--host", "all"}, 1, 1015,
                   "needs remote control");
    expect_failure({"events", "--run-dir", sandbox_.path(), "--host", "all"}, 1, 1015,
                   "one host at a time");
    for (const std::string& request : control_plane.requests())
        EXPECT_EQ(request.find("stop"), std::string::npos) << request;
    EXPECT_EQ(run({"stop", "--run-dir", sandbox_.path(), "--host", "edge1", "--cluster", "web"})
                  .exit_code,
              0);
    const Json sent = *parse_json(control_plane.requests().back());
    EXPECT_EQ(text_of(sent, "command"), "stop");
    EXPECT_EQ(text_of(sent, "cluster"), "web");
}

TEST_F(Program, WhatRemoteControlNeedsIsSaid) {
    expect_failure({"--remote", "192.0.2.80", "query"}, 1, 1015, "--remote needs --key-file");
    expect_failure({"--remote", "edge1", "--key-file", "k", "query"}, 1, 1015, "\"edge1\"");
    expect_failure({"--remote", "127.0.0.1", "--key-file", "none.key", "query"}, 2, 1003,
                   "none.key");
    ASSERT_EQ(run({"keygen", "remote.key"}).exit_code, 0);
    expect_failure(
        {"--remote", "127.0.0.1:9", "--key-file", "remote.key", "--timeout", "50ms", "query"}, 3,
        1103, "nobody answers remote control at 127.0.0.1:9 within 50 ms");
}

TEST_F(Program, RefusalsOfTheControlPlaneAreExitOne) {
    const std::string refusal =
        R"({"ok":false,"return_value":1004,"message":"there is no rule ftp","clusters":[]})";
    FakeControlPlane control_plane(sandbox_.path(),
                                   [&](const std::string&) { return refusal + "\n"; });
    expect_failure({"enable", "ftp", "--run-dir", sandbox_.path()}, 1, 1004,
                   "there is no rule ftp");
    EXPECT_EQ(text_of(*parse_json(control_plane.requests().back()), "rule"), "ftp");
    EXPECT_EQ(run({"query", "--run-dir", sandbox_.path()}).exit_code, 1);
}

TEST_F(Program, ARuleMayBeNamedLikeACommand) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [](const std::string&) { return converged_answer() + "\n"; });
    EXPECT_EQ(run({"drain", "stop", "--run-dir", sandbox_.path()}).exit_code, 0);
    EXPECT_EQ(text_of(*parse_json(control_plane.requests().back()), "rule"), "stop");
}

}  // namespace
}  // namespace nlb::cli
