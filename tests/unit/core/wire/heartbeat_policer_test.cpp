// Claims about seals and the gate: the cluster's own frames always pass, and whatever a flood is
// made of shares a budget.
#include "core/wire/heartbeat_policer.hpp"

#include <gtest/gtest.h>
#include <numeric>

#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb {
namespace {

using std::chrono::milliseconds;
constexpr SealKey kKey{{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
constexpr SealKey kOther{{1, 2}};
constexpr Instant kStart{std::chrono::hours{1}};

class Sealing : public Authenticator {
public:
    explicit Sealing(SealKey key) : key_(key) {}
    [[nodiscard]] std::uint16_t sending_key() const override { return plain_.sending_key(); }
    [[nodiscard]] bool holds(std::uint16_t key_id) const override { return plain_.holds(key_id); }
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t key_id,
                                                  std::span<const Byte> bytes) const override {
        return plain_.tag(key_id, bytes);
    }
    [[nodiscard]] SealKeys seal_keys() const override { return {{key_}, 1}; }

private:
    test::PlainAuthenticator plain_;
    SealKey key_;
};

std::vector<Byte> frame_of(HostId host, Incarnation life, std::uint64_t sequence,
                           SealKey key = kKey) {
    Heartbeat beat;
    beat.header.cluster = 1;
    beat.header.id = host;
    beat.header.slots = 2;
    beat.header.incarnation = life;
    beat.header.sequence = sequence;
    return encode_frame(beat, Sealing{key});
}

class Gate : public ::testing::Test {
protected:
    bool admits(const std::vector<Byte>& frame) { return gate_.admits(frame, keys_, now_); }
    // Other frames, until the budget of this window is gone.
    void flood() {
        const auto forged = frame_of(1, {1, 1}, 1, kOther);
        while (admits(forged)) ++let_in_;
    }
    HeartbeatPolicer gate_;
    SealKeys keys_{{kKey}, 1};
    Instant now_ = kStart;
    std::uint32_t let_in_ = 0;
};

TEST(Seal, SipHashIsTheOneOfThePaper) {
    std::vector<Byte> bytes(15);
    std::iota(bytes.begin(), bytes.end(), Byte{0});
    EXPECT_EQ(siphash(kKey, bytes), 0xa129ca6149be45e5ULL);
    EXPECT_EQ(siphash(kKey, {}), 0x726fdb47dd0e0e31ULL);
    EXPECT_EQ(siphash(kKey, std::span{bytes}.first(8)), 0x93f5f5799a932462ULL);
}

TEST(Seal, EveryBitOfTheHeaderIsSealed) {
    const auto frame = frame_of(3, {7, 1}, 9);
    const SealKeys keys{{kKey}, 1};
    EXPECT_TRUE(is_sealed(frame, keys));
    for (std::size_t bit = 0; bit < 8 * (kSealOffset + kSealBytes); ++bit) {
        auto flipped = frame;
        flipped[bit / 8] = static_cast<Byte>(flipped[bit / 8] ^ 1U << bit % 8);
        EXPECT_FALSE(is_sealed(flipped, keys)) << bit;
    }
}

TEST(Seal, AnyOfTheKeysWillDoAndNoKeySealsNothing) {
    const auto frame = frame_of(3, {7, 1}, 9);
    EXPECT_TRUE(is_sealed(frame, {{kOther, kKey}, 2}));
    EXPECT_FALSE(is_sealed(frame, {{kOther, kKey}, 1}));
    EXPECT_FALSE(is_sealed(frame, {}));
}

TEST(Seal, AFrameWithoutTheRightSealIsRefusedLikeOneWithoutTheRightTag) {
    auto frame = frame_of(3, {7, 1}, 9);
    EXPECT_EQ(decode_frame(frame, 1, Sealing{kKey}).fault, FrameFault::none);
    EXPECT_EQ(decode_frame(frame, 1, Sealing{kOther}).fault, FrameFault::tag);
    frame[kSealOffset] ^= 1;
    EXPECT_EQ(decode_frame(frame, 1, Sealing{kKey}).fault, FrameFault::tag);
}

TEST_F(Gate, NewsOfMembersPassHoweverMuchElseComes) {
    for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) {
        flood();
        EXPECT_TRUE(admits(frame_of(2, {5, 1}, sequence)));
    }
    EXPECT_EQ(let_in_, HeartbeatPolicer::kOthersPerWindow);
}

TEST_F(Gate, OthersPassAFewAtATime) {
    for (int i = 0; i < 10; ++i) {
        flood();
        now_ += HeartbeatPolicer::kWindow;
    }
    EXPECT_EQ(let_in_, 10 * HeartbeatPolicer::kOthersPerWindow);
}

TEST_F(Gate, ARecordingIsNoNews) {
    const auto recorded = frame_of(2, {5, 1}, 10);
    EXPECT_TRUE(admits(recorded));
    flood();
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(admits(recorded));
    EXPECT_FALSE(admits(frame_of(2, {5, 1}, 9)));
    EXPECT_FALSE(admits(frame_of(2, {5, 0}, 99)));
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 11)));
    EXPECT_TRUE(admits(frame_of(2, {5, 2}, 1)));
}

TEST_F(Gate, ARecordingOfAFormerLifeDoesNotStandInTheWayOfThePresentOne) {
    std::uint64_t sequence = 0;
    for (int i = 0; i < 100; ++i, now_ += milliseconds{100}) {
        EXPECT_TRUE(admits(frame_of(2, {5, 1}, ++sequence)));
        flood();
        EXPECT_FALSE(admits(frame_of(2, {4, 1}, 1'000'000 + sequence)));
    }
}

TEST_F(Gate, ANewLifeIsNewsWhenTheFormerOneHasBeenSilent) {
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 100)));
    now_ += milliseconds{500};
    EXPECT_TRUE(admits(frame_of(2, {6, 1}, 1))) << "from the budget";
    flood();
    EXPECT_FALSE(admits(frame_of(2, {6, 1}, 2)));
    now_ += HeartbeatPolicer::kBootPatience;
    flood();
    EXPECT_TRUE(admits(frame_of(2, {6, 1}, 3)));
}

TEST_F(Gate, WithoutKeysAndForShortFramesThereIsTheBudget) {
    keys_ = {};
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 1)));
    flood();
    EXPECT_FALSE(admits(frame_of(2, {5, 1}, 2)));
    EXPECT_FALSE(admits({}));
    EXPECT_FALSE(admits(std::vector<Byte>(kSealOffset)));
}

TEST_F(Gate, AHostThatCannotBeIsNoNews) {
    EXPECT_TRUE(admits(frame_of(1, {5, 1}, 1)));
    flood();
    EXPECT_FALSE(admits(frame_of(0, {5, 1}, 2)));
    EXPECT_FALSE(admits(frame_of(33, {5, 1}, 2)));
}

}  // namespace
}  // namespace nlb
