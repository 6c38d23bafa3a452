// Who is behind, and what to type where.
#include "controlplane/agent/configuration_age.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

config::Cluster three_hosts(bool remote, bool configure) {
    config::Cluster cluster;
    for (HostId id = 1; id <= 3; ++id) {
        config::Host host;
        host.name = "edge" + std::to_string(id);
        host.id = id;
        cluster.hosts.push_back(host);
    }
    cluster.remote_control.enabled = remote;
    cluster.remote_control.configure = configure;
    return cluster;
}

TEST(ConfigurationAge, BothSidesNameTheSameHostAndTheSameCommand) {
    const auto cluster = three_hosts(true, true);
    const auto newer = age_of_configuration(cluster, 1, 8, 3, 7, true);
    const auto older = age_of_configuration(cluster, 3, 7, 1, 8, true);
    EXPECT_EQ(newer.older, 3);
    EXPECT_EQ(older.older, 3);
    EXPECT_EQ(newer.mend, "on edge1: nlb config push --host edge3");
    EXPECT_EQ(older.mend, newer.mend);
    EXPECT_EQ(newer.there, 7U);
    EXPECT_EQ(older.here, 7U);
}

TEST(ConfigurationAge, WithoutRemoteControlTheFileIsCopied) {
    for (const auto& cluster : {three_hosts(false, false), three_hosts(true, false)}) {
        const auto age = age_of_configuration(cluster, 1, 8, 3, 7, true);
        EXPECT_EQ(age.mend, "copy the configuration file of edge1 to edge3, and there: nlb reload");
    }
}

TEST(ConfigurationAge, NobodyIsBehindWithinAGenerationOrAReload) {
    const auto cluster = three_hosts(true, true);
    EXPECT_EQ(age_of_configuration(cluster, 1, 7, 3, 7, true).older, kNoHost);
    const auto staged = age_of_configuration(cluster, 1, 8, 3, 7, false);
    EXPECT_EQ(staged.older, kNoHost);
    EXPECT_EQ(staged.mend, "");
}

TEST(ConfigurationAge, AHostThatTheFileDoesNotNameHasANumber) {
    const auto age = age_of_configuration(three_hosts(true, true), 1, 8, 9, 7, true);
    EXPECT_EQ(age.mend, "on edge1: nlb config push --host host 9");
}

}  // namespace
}  // namespace nlb::controlplane
