// Heartbeats of Windows NLB, and the clusters that they tell of. tests/wireshark compares every
// field with Wireshark's; here are bounds, differences and what is written.
#include <gtest/gtest.h>

#include "cli/windows/observed_view.hpp"
#include "config/format.hpp"
#include "config/load.hpp"
#include "tests/unit/cli/windows/texts.hpp"

namespace nlb::cli::windows {
namespace {

class FrameBuilder {
public:
    explicit FrameBuilder(std::uint32_t signature, std::uint32_t id = 1, Byte host = 11,
                          Byte cluster = 80) {
        for (int i = 0; i < 6; ++i) frame_.push_back(0xff);
        for (const int byte : {0x02, 0x01, 192, 0, 2, 80})
            frame_.push_back(static_cast<Byte>(byte));
        frame_.push_back(0x88);
        frame_.push_back(0x6f);
        number(signature).number<std::uint32_t>(0x204).number(id);
        for (const Byte byte : {Byte{192}, Byte{0}, Byte{2}, cluster}) frame_.push_back(byte);
        for (const Byte byte : {Byte{192}, Byte{0}, Byte{2}, host}) frame_.push_back(byte);
    }
    template <class Integer>
    FrameBuilder& number(Integer value) {
        for (std::size_t i = 0; i < sizeof value; ++i)
            frame_.push_back(static_cast<Byte>(value >> 8 * i));
        return *this;
    }
    // One rule and the default rule; `first` buckets are this host's.
    FrameBuilder& membership(std::uint16_t id, std::uint64_t buckets, std::uint32_t code = 7,
                             std::uint16_t rules = 1) {
        number(id).number<std::uint16_t>(1).number<std::uint16_t>(3).number(rules);
        number<std::uint32_t>(99).number<std::uint32_t>(1234).number<std::uint32_t>(0);
        number<std::uint32_t>(0);
        for (std::size_t i = 0; i < kRuleSlots; ++i) number<std::uint32_t>(i == 0 ? code : 0);
        for (int map = 0; map < 4; ++map)
            for (std::size_t i = 0; i < kRuleSlots; ++i)
                number<std::uint64_t>(i == 0 ? buckets : 0);
        for (std::size_t i = 0; i < 2 * kRuleSlots; ++i) number<std::uint32_t>(i == 0 ? 50 : 0);
        return *this;
    }
    FrameBuilder& name(const std::string& ascii) {
        number<std::uint64_t>(0x0601);
        for (const char c : ascii)
            number(static_cast<std::uint16_t>(static_cast<unsigned char>(c)));
        return number<std::uint64_t>(0);  // the end of the name, and padding
    }
    FrameBuilder& to(std::array<Byte, 6> mac) {
        std::copy(mac.begin(), mac.end(), frame_.begin());
        return *this;
    }
    [[nodiscard]] const std::vector<Byte>& frame() const { return frame_; }

private:
    std::vector<Byte> frame_;
};

constexpr std::uint64_t kFirstHalf = (std::uint64_t{1} << 30) - 1;

// Two hosts that share slot 1 half and half.
Observation two_hosts(std::uint64_t of_second = kFirstHalf << 30, std::uint32_t code = 7,
                      std::uint16_t rules = 1) {
    Observation seen;
    const auto second = std::chrono::seconds{1};
    seen.take(FrameBuilder(kMembershipSignature).membership(1, kFirstHalf).frame(), second);
    seen.take(FrameBuilder(kIdentitySignature).name("web1.example.com").frame(), second);
    seen.take(
        FrameBuilder(kMembershipSignature, 2, 12).membership(2, of_second, code, rules).frame(),
        2 * second);
    return seen;
}

TEST(HeartbeatFrame, AMembershipHeartbeatIs1510Bytes) {
    const auto frame = FrameBuilder(kMembershipSignature).membership(1, 5).frame();
    EXPECT_EQ(frame.size(), 1510U);
    WindowsHeartbeat heartbeat;
    ASSERT_EQ(decode_heartbeat(frame, heartbeat), FrameKind::heartbeat);
    const auto& body = std::get<MembershipBody>(heartbeat.body);
    EXPECT_EQ(body.packets_handled, 1234U);
    EXPECT_EQ(body.rule_codes[0], 7U);
    EXPECT_EQ(body.current_map[0], 5U);
    EXPECT_EQ(body.load_weights[0], 50U);
    EXPECT_EQ(config::to_string(heartbeat.header.cluster), "192.0.2.80");
}

TEST(HeartbeatFrame, AnIdentityHeartbeatTellsNameAndAddress) {
    auto builder = FrameBuilder(kIdentitySignature).name("web1");
    builder.number<std::uint64_t>(0x0202).number<std::uint16_t>(2).number<std::uint32_t>(
        0x0b0200c0);
    WindowsHeartbeat heartbeat;
    ASSERT_EQ(decode_heartbeat(builder.frame(), heartbeat), FrameKind::heartbeat);
    const auto& body = std::get<IdentityBody>(heartbeat.body);
    EXPECT_EQ(body.name, "web1");
    ASSERT_EQ(body.addresses.size(), 1U);
    EXPECT_EQ(config::to_string(body.addresses[0]), "192.0.2.11");
}

TEST(HeartbeatFrame, EveryCutIsDamagedOrOther) {
    const auto whole = FrameBuilder(kMembershipSignature).membership(1, 5).frame();
    WindowsHeartbeat heartbeat;
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_NE(decode_heartbeat({whole.data(), length}, heartbeat), FrameKind::heartbeat)
            << length;
}

TEST(HeartbeatFrame, VlanTagsAreLookedThroughAndOtherFramesAreNot) {
    auto frame = FrameBuilder(kMembershipSignature).membership(1, 5).frame();
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x0a});
    WindowsHeartbeat heartbeat;
    EXPECT_EQ(decode_heartbeat(frame, heartbeat), FrameKind::heartbeat);
    frame[16] = 0x08;
    EXPECT_EQ(decode_heartbeat(frame, heartbeat), FrameKind::other);
    EXPECT_EQ(decode_heartbeat(FrameBuilder(0xc0de0000).membership(1, 5).frame(), heartbeat),
              FrameKind::other);
}

TEST(Observed, HostsComeTogetherByTheClustersAddress) {
    const Observation seen = two_hosts();
    ASSERT_EQ(seen.clusters().size(), 1U);
    const ObservedCluster& cluster = seen.clusters().begin()->second;
    EXPECT_EQ(cluster.hosts.size(), 2U);
    EXPECT_EQ(cluster.hosts.at(1).name, "web1.example.com");
    const OwnersSeen owners = owners_seen(cluster, 0);
    EXPECT_EQ(owners.owners[0], 1);
    EXPECT_EQ(owners.owners[59], 2);
    EXPECT_EQ(owners.claimed_twice, 0U);
    EXPECT_EQ(slots_used(cluster), 2U);
    EXPECT_TRUE(warnings_of(seen, nullptr).empty());
    const std::string text = text_of(seen, false);
    EXPECT_NE(text.find("web1.example.com"), std::string::npos) << text;
    EXPECT_NE(text.find("111111111111111111111111111111222222222222222222222222222222"),
              std::string::npos)
        << text;
}

TEST(Observed, WhatKeepsThemFromConvergingIsWarnedOf) {
    EXPECT_TRUE(mentions(warnings_of(two_hosts(kFirstHalf << 30, 8), nullptr),
                         "192.0.2.11 and 192.0.2.12 differ in a port rule's code"));
    EXPECT_TRUE(mentions(warnings_of(two_hosts(kFirstHalf << 30, 7, 2), nullptr),
                         "have 1 and 2 port rules"));
    EXPECT_TRUE(mentions(warnings_of(two_hosts(kFirstHalf), nullptr),
                         "30 buckets of slot 1 are claimed by two hosts"));
}

TEST(Observed, AClusterThatUsesOurAddressIsWarnedOf) {
    const config::Config ours = filled_in(import_of({{"web1.txt", params_text()}}).yaml);
    const auto warnings = warnings_of(two_hosts(), &ours);
    EXPECT_TRUE(mentions(warnings, "our address 192.0.2.80 is the primary address of the Windows"));
    EXPECT_TRUE(mentions(warnings, "our host WEB1's 192.0.2.11 is also host 1"));
    EXPECT_EQ(warnings.size(), 2U);
}

TEST(Observed, MemoryIsBoundedWhateverIsHeard) {
    Observation seen;
    for (std::uint32_t id = 0; id < 200; ++id)
        for (int cluster = 0; cluster < 256; ++cluster)
            seen.take(FrameBuilder(kIdentitySignature, id, 11, static_cast<Byte>(cluster)).frame(),
                      std::chrono::seconds{1});
    EXPECT_EQ(seen.clusters().size(), kObservedClustersMax);
    for (const auto& known : seen.clusters()) EXPECT_EQ(known.second.hosts.size(), kHostsMax);
    EXPECT_EQ(seen.unlisted(), 200U * (256 - kObservedClustersMax));
    EXPECT_EQ(seen.clusters().begin()->second.bad_ids, 200U - kHostsMax);
}

TEST(Observed, TheModeIsThatOfTheDestination) {
    const auto mode = [](std::array<Byte, 6> mac) {
        Observation seen;
        seen.take(FrameBuilder(kMembershipSignature).membership(1, 1).to(mac).frame(),
                  std::chrono::seconds{1});
        return mode_of(seen.clusters().begin()->second);
    };
    EXPECT_EQ(mode({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), LinkMode::unicast);
    EXPECT_EQ(mode({0x03, 0xbf, 192, 0, 2, 80}), LinkMode::multicast);
    EXPECT_EQ(mode({0x01, 0x00, 0x5e, 0x7f, 2, 80}), LinkMode::igmp);
}

TEST(Observed, AConfigurationComesOfItThatWantsTheRest) {
    const std::string yaml = yaml_of(two_hosts());
    EXPECT_FALSE(config::load_text(yaml, "seen.yaml").ok());
    EXPECT_NE(yaml.find("port_rules: \"TODO\""), std::string::npos) << yaml;
    const std::string named = replaced(yaml, "- name: \"TODO\"", "- name: web");
    const config::Config config = filled_in(named);
    ASSERT_EQ(config.clusters.front().hosts.size(), 2U);
    EXPECT_EQ(config.clusters.front().hosts[0].name, "web1.example.com");
}

TEST(Observed, AHostilesNameDrivesNoTerminalAndBreaksNoYaml) {
    Observation seen;
    seen.take(FrameBuilder(kIdentitySignature).name("a\" #\n\x1b[2J\x9b\\b").frame(),
              std::chrono::seconds{1});
    EXPECT_EQ(text_of(seen, false).find('\x1b'), std::string::npos);
    EXPECT_EQ(text_of(seen, false).find('\x9b'), std::string::npos);
    const std::string yaml = replaced(yaml_of(seen), "- name: \"TODO\"", "- name: web");
    EXPECT_EQ(filled_in(yaml).clusters.front().hosts.front().name, "a------2J--b") << yaml;
}

TEST(Observed, MetricsAreInPrometheusTextFormat) {
    const std::string text = metrics_of(two_hosts());
    EXPECT_NE(text.find("nlb_observed_hosts{cluster=\"192.0.2.80\"} 2\n"), std::string::npos);
    EXPECT_NE(text.find("nlb_observed_buckets{cluster=\"192.0.2.80\",host=\"1\",slot=\"1\"} 30\n"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace nlb::cli::windows
