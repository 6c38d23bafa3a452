// Each fault of files that is seeded is found, and none on files that are right.
#include "cli/doctor/file_findings.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <set>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

using config::FindingId;
using Names = std::set<std::string>;

Names names_of(const config::Findings& findings) {
    Names names;
    for (const config::Finding& finding : findings) {
        names.emplace(config::kind_of(finding.id).name);
        if (config::is_bad(finding) && finding.mend.empty()) names.insert("no mend");
    }
    return names;
}

const Runner kRoot{0, false};
const Runner kUnits{990, true};

TEST(FileFindings, EachLineOfTheLoaderIsAMistake) {
    const auto findings = judge_mistakes("nlb.yaml:3:1: one\nnlb.yaml:9:2: two");
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[1].says, "nlb.yaml:9:2: two");
    EXPECT_EQ(names_of(judge_warnings({"odd"})), Names{"configuration_warning"});
    config::Cluster cluster;
    EXPECT_EQ(names_of(judge_timing(cluster)), Names{});
    cluster.heartbeat = {std::chrono::milliseconds{5}, 3};
    EXPECT_EQ(names_of(judge_timing(cluster)), Names{"timing_tight"});
}

class Keys : public ::testing::Test {
protected:
    [[nodiscard]] KeyFacts read(const std::string& name) const {
        config::Cluster cluster;
        cluster.name = "web";
        cluster.key_file = sandbox_.file(name);
        const config::Host host;
        return read_keys({{&cluster, &host}}).front();
    }
    [[nodiscard]] Names found(const std::string& name, const Runner& runner = kRoot) const {
        return names_of(judge_keys({read(name)}, runner));
    }
    const Sandbox sandbox_;
};

TEST_F(Keys, AGoodKeyIsRightAndEachBadOneIsNamed) {
    sandbox_.write("good", std::string(32, 'k'), 0600);
    sandbox_.write("open", std::string(32, 'k'), 0644);
    sandbox_.write("short", std::string(31, 'k'), 0600);
    EXPECT_EQ(found("good"), Names{});
    EXPECT_EQ(found("open"), Names{"key_open"});
    EXPECT_EQ(found("short"), Names{"key_unusable"});
    EXPECT_EQ(found("none"), Names{"key_missing"});
    EXPECT_EQ(judge_keys({read("none")}, kRoot)[0].mend, "nlb keygen " + sandbox_.file("none"));
}

TEST_F(Keys, TheUnitsUserMustOwnIt) {
    sandbox_.write("good", std::string(32, 'k'), 0600);
    EXPECT_EQ(found("good", {::geteuid() + 1, true}), Names{"key_of_another_user"});
    EXPECT_EQ(found("good", {::geteuid(), true}), Names{});
}

TEST_F(Keys, OneKeyForTwoUsesIsNoticed) {
    sandbox_.write("a", std::string(32, 'k'), 0600);
    sandbox_.write("b", std::string(32, 'k'), 0600);
    sandbox_.write("c", std::string(32, 'l'), 0600);
    EXPECT_EQ(names_of(judge_keys({read("a"), read("c")}, kRoot)), Names{});
    EXPECT_EQ(names_of(judge_keys({read("a"), read("c"), read("b")}, kRoot)), Names{"key_shared"});
}

DirectoryFacts directory(FindingId id = FindingId::run_dir_unusable) {
    DirectoryFacts facts;
    facts.unusable = id;
    facts.what = "run directory";
    facts.path = "/run/nlb";
    facts.ancestor = "/run";
    facts.exists = facts.is_directory = true;
    facts.mode = 0755;
    return facts;
}

TEST(Directories, WhoOwnsThemAndWhoMayWrite) {
    EXPECT_EQ(names_of(judge_directory(directory(), kRoot)), Names{});
    EXPECT_EQ(names_of(judge_directory(directory(), kUnits)), Names{"run_dir_unusable"});
    DirectoryFacts facts = directory();
    facts.owner = kUnits.uid;
    EXPECT_EQ(names_of(judge_directory(facts, kUnits)), Names{});
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{"run_dir_unusable"});
    facts = directory();
    facts.mode = 0777;
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{"run_dir_unusable"});
    facts.exists = facts.is_directory = false;
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{}) << "it will be made";
    facts.ancestor_is_directory = false;
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{"run_dir_unusable"});
    facts = directory();
    facts.is_directory = false;
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{"run_dir_unusable"});
}

TEST(Directories, AFullDiskMattersForTheState) {
    DirectoryFacts facts = directory(FindingId::state_dir_unusable);
    facts.free_bytes = 1024;
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{"state_dir_full"});
    facts.unusable = FindingId::run_dir_unusable;
    EXPECT_EQ(names_of(judge_directory(facts, kRoot)), Names{});
}

TEST(Directories, AreReadAsTheyAre) {
    const Sandbox sandbox;
    sandbox.write("file", "");
    const auto of = [&](const std::string& name) {
        return read_directory(FindingId::state_dir_unusable, "state directory", sandbox.file(name));
    };
    EXPECT_TRUE(of("").is_directory);
    EXPECT_FALSE(of("none/below").exists);
    EXPECT_EQ(of("none/below").ancestor, sandbox.path());
    EXPECT_FALSE(of("file/below").ancestor_is_directory);
    EXPECT_GT(of("").free_bytes, 0U);
}

TEST(Listeners, APortThatIsTakenOrNotHere) {
    EXPECT_EQ(names_of(judge_listener({"metrics", "127.0.0.1:9780", 0, false})), Names{});
    EXPECT_EQ(names_of(judge_listener({"metrics", "127.0.0.1:9780", EADDRINUSE, true})), Names{});
    EXPECT_EQ(names_of(judge_listener({"metrics", "127.0.0.1:9780", EADDRINUSE, false})),
              Names{"listen_taken"});
    EXPECT_EQ(names_of(judge_listener(read_listener("metrics", "192.0.2.77:9780", "/metrics"))),
              Names{"listen_not_here"});
    EXPECT_EQ(names_of(judge_listener(read_listener("metrics", "", "/metrics"))), Names{});
}

}  // namespace
}  // namespace nlb::cli
