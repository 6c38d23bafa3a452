// R14 (clients of rules with a time-out), asked of Grants alone; grants_test.cpp asks whole
// clusters.
#include "core/cluster/grants.hpp"
#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct GrantRules : Parts {
    GrantRules() {
        params.sticky = true;
        become_member({1, 2}, 2);  // host 2 owns rule 0
        exchange({2});
    }
    [[nodiscard]] GrantList from_owner(std::uint64_t sequence) const {
        GrantList list;
        list.header = beat_of(2, 9).header;
        list.grants.push_back({1, 0, 7, self.incarnation, sequence, 77, 60'000});
        return list;
    }
    [[nodiscard]] GrantRequest request() const {
        return {map.digest(), 77, now.time_since_epoch().count(), 60'000, 2, 0, 7, 0};
    }
};

TEST_F(GrantRules, R14AGrantCountsFromTheFrameThatItAcknowledges) {
    const Instant sent_at = now;
    pass(ms(500));
    const auto given = grants.accept(from_owner(sent.sequence()), false);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->grants[0].until_ns, (sent_at + ms(60'000)).time_since_epoch().count());
    EXPECT_EQ(given->era, map.digest());
}

TEST_F(GrantRules, R14OnlyTheBucketsOwnerInThisEpochGrantsAnything) {
    GrantList other_epoch = from_owner(sent.sequence());
    other_epoch.header.epoch.counter = 9;
    EXPECT_FALSE(grants.accept(other_epoch, false));
    become_member({1, 2}, 1, 2);  // now this host owns it
    EXPECT_FALSE(grants.accept(from_owner(sent.sequence()), false));
    EXPECT_EQ(grants.counts().refused, 2U);
}

TEST_F(GrantRules, R14AGrantThatAcknowledgesNothingOfThisLifeIsRefused) {
    EXPECT_FALSE(grants.accept(from_owner(sent.sequence() + 1), false));
    sent.begin_incarnation();
    EXPECT_FALSE(grants.accept(from_owner(sent.sequence()), false));
    EXPECT_FALSE(grants.accept(from_owner(sent.sequence()), true)) << "a host that leaves";
}

TEST_F(GrantRules, R14ARequestIsPassedOnOnlyFreshAndByTheTablesOfThisEpoch) {
    become_member({1, 2}, 1, 2);
    const GrantRequest fresh = request();
    ASSERT_EQ(grants.pass_on({&fresh, 1}, true, {}).size(), 1U);
    EXPECT_TRUE(grants.pass_on({&fresh, 1}, false, {}).empty()) << "this host may not speak";
    GrantRequest former = fresh;
    ++former.era;
    EXPECT_TRUE(grants.pass_on({&former, 1}, true, {}).empty());
    pass(ms(60));
    EXPECT_TRUE(grants.pass_on({&fresh, 1}, true, {}).empty()) << "older than kGrantPatience";
}

TEST_F(GrantRules, R14AnEpochIsNotStatedWhileCoresServeByTheFormerOne) {
    ASSERT_TRUE(grants.accept(from_owner(sent.sequence()), false));
    become_member({1, 2}, 2, 2);
    grants.note_new_epoch();
    EXPECT_TRUE(grants.serves_past_epoch());
    EXPECT_TRUE(grants.install_is_stale());
    grants.note_install(map.digest());
    EXPECT_TRUE(grants.note_installed());
    EXPECT_FALSE(grants.serves_past_epoch());
}

}  // namespace
}  // namespace nlb::test
