// R16: hosts of two builds form one cluster by the older one's rules, rise when the last one can,
// and fall back for a newcomer; nobody resets for it, and no recording does it.
#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

constexpr FrameVersions kOld{kFrameVersion, kFrameVersion};
constexpr FrameVersions kNew{kFrameVersion, kFrameVersion + 1};

struct VersionsTest : ::testing::Test {
    SmallCluster cluster{{50, 50, 50}};

    void begin_as(const FrameVersions& one, const FrameVersions& two, const FrameVersions& three) {
        const FrameVersions all[] = {one, two, three};
        for (HostId id = 1; id <= 3; ++id) cluster.restart(id, 50, all[id - 1]);
        cluster.run(ms(2500));
    }
    void replace(HostId id, const FrameVersions& versions) {
        cluster.crash(id);
        cluster.run(ms(1000));
        cluster.restart(id, 50, versions);
        cluster.run(ms(1500));
    }
    void expect_all_speak(std::uint8_t version) {
        for (HostId id = 1; id <= 3; ++id) {
            EXPECT_TRUE(cluster[id].membership->converged()) << "host " << int{id};
            EXPECT_EQ(cluster[id].membership->members(), HostSet::first(3)) << "host " << int{id};
            EXPECT_EQ(cluster[id].membership->version(), version) << "host " << int{id};
        }
    }
};

TEST(FrameVersions, WhatTwoHaveInCommon) {
    EXPECT_EQ(common(FrameVersions{3, 5}, FrameVersions{4, 7}), (FrameVersions{4, 5}));
    EXPECT_EQ(common(FrameVersions{3, 3}, FrameVersions{3, 4}), (FrameVersions{3, 3}));
    EXPECT_EQ(common(FrameVersions{3, 3}, FrameVersions{4, 5}), std::nullopt);
    EXPECT_EQ(common(FrameVersions{3, 3}, FrameVersions{}), std::nullopt) << "not known";
    EXPECT_TRUE((FrameVersions{3, 4}.include(4)));
    EXPECT_FALSE((FrameVersions{3, 4}.include(5)));
    EXPECT_FALSE((FrameVersions{0, 4}.include(0)));
}

TEST_F(VersionsTest, HostsOfTwoBuildsGoByTheOlder) {
    begin_as(kNew, kOld, kNew);
    expect_all_speak(kFrameVersion);
    for (HostId id = 1; id <= 3; ++id) EXPECT_EQ(cluster[id].membership->behind(), HostSet{0b010});
    const std::uint64_t unread = cluster[2].unread;
    cluster.run(ms(1000));
    EXPECT_EQ(cluster[2].unread, unread) << "in the cluster nobody writes what one cannot read";
}

TEST_F(VersionsTest, ItRisesWithTheLastOneAndNoBucketMovesForIt) {
    begin_as(kNew, kNew, kOld);
    replace(3, kNew);
    expect_all_speak(kFrameVersion + 1);
    EXPECT_TRUE(cluster[1].membership->behind().empty());
    for (HostId id = 1; id <= 3; ++id) EXPECT_EQ(cluster.owned(id), 20U);
}

// The control plane alone was replaced: same life, and a newer word of what it can speak.
TEST_F(VersionsTest, ARiseKeepsEveryBucketWhereItIs) {
    begin_as(kNew, kNew, kOld);
    const OwnerMap before = cluster[1].membership->map().targets;
    const Epoch epoch = cluster[1].membership->epoch();
    const auto memory = cluster[3].memory;
    ASSERT_TRUE(memory);
    MembershipParams params = SmallCluster::params(3, 3, false);
    params.versions = cluster[3].versions = kNew;
    DataplaneMemory kept = *memory;
    kept.valid_until = cluster[3].valid_until;
    kept.own = cluster[3].installed;
    cluster[3].membership = std::make_unique<Membership>(params, SmallCluster::desired(3, 50));
    cluster.perform(3, cluster[3].membership->on_start(cluster.now(), 9, kept));
    cluster.run(ms(500));
    expect_all_speak(kFrameVersion + 1);
    EXPECT_GT(cluster[1].membership->epoch(), epoch);
    EXPECT_EQ(cluster[1].membership->map().targets, before);
    for (HostId id = 1; id <= 3; ++id) EXPECT_FALSE(cluster.reported(id, Report::Kind::reset));
}

TEST_F(VersionsTest, AnOlderHostIsLetInAndTheOthersFallBackForIt) {
    begin_as(kNew, kNew, kNew);
    expect_all_speak(kFrameVersion + 1);
    replace(1, kOld);
    expect_all_speak(kFrameVersion);
    EXPECT_EQ(cluster[2].membership->behind(), HostSet{0b001});
    for (HostId id = 2; id <= 3; ++id) EXPECT_FALSE(cluster.reported(id, Report::Kind::reset));
}

TEST_F(VersionsTest, ARecordingOfAnOlderHostCostsAFrameAndNothingElse) {
    begin_as(kNew, kNew, kOld);
    cluster.record(3);
    cluster.run(ms(300));
    ASSERT_FALSE(cluster.recorded().empty());
    const auto recording = cluster.recorded();
    cluster.record(kNoHost);
    replace(3, kNew);
    replace(2, kNew);  // it knows nothing of the former life of host 3
    expect_all_speak(kFrameVersion + 1);
    const Epoch epoch = cluster[1].membership->epoch();
    const std::uint64_t sent = cluster[2].sent;
    for (int beat = 0; beat < 50; ++beat) {
        for (HostId id = 1; id <= 2; ++id)
            cluster.deliver(id, recording[static_cast<std::size_t>(beat) % recording.size()]);
        cluster.run(ms(100));
    }
    EXPECT_EQ(cluster[1].membership->epoch(), epoch);
    expect_all_speak(kFrameVersion + 1);
    EXPECT_LE(cluster[2].sent - sent, 2U * (50 + 3)) << "one more frame for each heartbeat";
    const std::uint64_t then = cluster[2].sent;
    cluster.run(ms(2000));
    EXPECT_LE(cluster[2].sent - then, 20U + 7) << "and that ends T*P after the last of it";
}

TEST_F(VersionsTest, WhoeverHasNoVersionInCommonWithTheMembersIsNotAdmitted) {
    begin_as(kOld, kNew, kNew);
    cluster.crash(3);
    cluster.run(ms(1000));
    cluster.restart(3, 50, {kFrameVersion + 1, kFrameVersion + 2});
    cluster.run(ms(3000));
    for (HostId id = 1; id <= 2; ++id) {
        EXPECT_TRUE(cluster[id].membership->converged());
        EXPECT_EQ(cluster[id].membership->version(), kFrameVersion);
        EXPECT_EQ(cluster[id].membership->members(), HostSet::first(2));
        EXPECT_FALSE(cluster.reported(id, Report::Kind::reset));
    }
    EXPECT_NE(cluster[3].membership->state(), MembershipState::member)
        << "host 2 answers it in a version that it reads";
}

TEST_F(VersionsTest, TwoBuildsThatOverlapOnlyAboveTheLeastMeetThere) {
    const FrameVersions newer{kFrameVersion + 1, kFrameVersion + 2};
    begin_as(kNew, newer, newer);
    expect_all_speak(kFrameVersion + 1);
    EXPECT_EQ(cluster[2].membership->behind(), HostSet{0b001});
}

using HeardVersionsTest = Parts;

TEST_F(HeardVersionsTest, WhoeverCannotReadWhatIsWrittenGetsTheNewestThatItCan) {
    constexpr FrameVersions kOwn{3, 6};
    EXPECT_TRUE(heard_versions.besides(6, kOwn).empty());
    EXPECT_TRUE(heard_versions.note({3, 6}));
    EXPECT_TRUE(heard_versions.besides(6, kOwn).empty());
    EXPECT_TRUE(heard_versions.note({2, 4}));
    EXPECT_FALSE(heard_versions.note({2, 4})) << "that is known";
    EXPECT_TRUE(heard_versions.note({3, 4}));
    EXPECT_TRUE(heard_versions.note({5, 5}));
    EXPECT_TRUE(heard_versions.note({1, 2})) << "for that one nothing can be done";
    EXPECT_EQ(heard_versions.besides(6, kOwn), (std::vector<std::uint8_t>{4, 5}));
    EXPECT_EQ(heard_versions.besides(4, kOwn), (std::vector<std::uint8_t>{5}));
    pass(ms(501));
    EXPECT_TRUE(heard_versions.besides(6, kOwn).empty()) << "nobody has been heard for T*P";
    EXPECT_TRUE(heard_versions.note({2, 4}));
}

}  // namespace
}  // namespace nlb::test
