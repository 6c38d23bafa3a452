// Claims about seals and the policer: frames of the life that was verified always pass, and
// whatever a flood or a recording is made of shares a budget.
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

class Policer : public ::testing::Test {
protected:
    bool admits(const std::vector<Byte>& frame) {
        return policer_.admits(frame, keys_, verified_, now_);
    }
    // The control plane has verified that frame and believes its sender.
    void verify(HostId host, Incarnation life, std::uint64_t sequence) {
        verified_.note(host, {life, sequence});
    }
    // Frames without a seal, until the budget of this window is gone.
    void flood() {
        const auto forged = frame_of(1, {1, 1}, 1, kOther);
        while (admits(forged)) ++let_in_;
    }
    HeartbeatPolicer policer_;
    VerifiedHeartbeats verified_;
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

TEST_F(Policer, FramesOfTheVerifiedLifePassHoweverMuchElseComes) {
    verify(2, {5, 1}, 100);
    for (std::uint64_t sequence = 101; sequence <= 1100; ++sequence) {
        flood();
        EXPECT_TRUE(admits(frame_of(2, {5, 1}, sequence)));
        verify(2, {5, 1}, sequence);
    }
    EXPECT_EQ(let_in_, HeartbeatPolicer::kOthersPerWindow);
}

TEST_F(Policer, AStalledControlPlaneHearsTheNextSixtyFourFramesAllTheSame) {
    verify(2, {5, 1}, 100);
    flood();
    for (std::uint64_t sequence = 101; sequence <= 164; ++sequence)
        EXPECT_TRUE(admits(frame_of(2, {5, 1}, sequence))) << sequence;
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 165))) << "from the budget of its life";
}

TEST_F(Policer, FramesOutOfOrderPassOnceEach) {
    verify(2, {5, 1}, 100);
    flood();
    for (const std::uint64_t sequence : {103U, 101U, 102U})
        EXPECT_TRUE(admits(frame_of(2, {5, 1}, sequence)));
    for (const std::uint64_t sequence : {103U, 101U, 102U})
        EXPECT_FALSE(admits(frame_of(2, {5, 1}, sequence)));
    verify(2, {5, 1}, 103);
    EXPECT_FALSE(admits(frame_of(2, {5, 1}, 103)));
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 104)));
}

TEST_F(Policer, FramesWithoutASealPassAFewAtATime) {
    for (int i = 0; i < 10; ++i) {
        flood();
        now_ += HeartbeatPolicer::kWindow;
    }
    EXPECT_EQ(let_in_, 10 * HeartbeatPolicer::kOthersPerWindow);
}

// One frame in 2^24 bears a seal by chance. Whatever it says, the host is heard as before.
TEST_F(Policer, AFrameThatBearsASealByChanceCostsOneSequenceAtMost) {
    verify(2, {5, 1}, 100);
    EXPECT_TRUE(admits(frame_of(2, {5, 0xffffffff}, ~std::uint64_t{0})));
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 130)));
    std::uint64_t verified = 100;
    int heard = 0;
    for (std::uint64_t sequence = 101; sequence <= 700; ++sequence, now_ += milliseconds{100}) {
        flood();
        if (!admits(frame_of(2, {5, 1}, sequence))) continue;
        ++heard;
        verify(2, {5, 1}, verified = sequence);
    }
    EXPECT_EQ(heard, 599) << "the forged 130 stood in the way of one";
}

TEST_F(Policer, ARecordingBegunInASilenceDoesNotStandInTheWayOfTheNextLife) {
    verify(2, {70, 1}, 5000);
    now_ += milliseconds{2000};  // life 70 has ended, 33 is a recording, 77 begins
    int heard = 0;
    for (std::uint64_t sequence = 1; sequence <= 600; ++sequence, now_ += milliseconds{100}) {
        flood();
        for (int copies = 0; copies < 50; ++copies)
            static_cast<void>(admits(frame_of(2, {33, 1}, sequence)));
        heard += admits(frame_of(2, {77, 1}, sequence)) ? 1 : 0;
    }
    EXPECT_EQ(heard, 600);
}

TEST_F(Policer, SevenRecordedLivesAtOnceDoNotStandInTheWayOfAnEighth) {
    for (std::uint64_t sequence = 1; sequence <= 200; ++sequence, now_ += milliseconds{100}) {
        for (std::uint32_t boot = 1; boot < HeartbeatPolicer::kLivesPerHost; ++boot)
            for (int copies = 0; copies < 20; ++copies)
                static_cast<void>(admits(frame_of(2, {boot, 1}, sequence)));
        EXPECT_TRUE(admits(frame_of(2, {77, 1}, sequence)));
    }
}

TEST_F(Policer, ThePeriodOfHeartbeatsDoesNotMatter) {
    verify(2, {5, 1}, 1);
    for (std::uint64_t sequence = 2; sequence <= 40; ++sequence, now_ += milliseconds{5000}) {
        flood();
        EXPECT_FALSE(admits(frame_of(2, {5, 1}, 1)));
        EXPECT_TRUE(admits(frame_of(2, {5, 1}, sequence)));
        verify(2, {5, 1}, sequence);
    }
}

TEST_F(Policer, RecordingsOfOneHostCostNoOtherHostAnything) {
    verify(3, {9, 1}, 10);
    for (std::uint32_t boot = 1; boot <= 200; ++boot)
        for (int copies = 0; copies < 20; ++copies)
            static_cast<void>(admits(frame_of(2, {boot, 1}, 7)));
    EXPECT_TRUE(admits(frame_of(3, {9, 1}, 11)));
    EXPECT_TRUE(admits(frame_of(4, {1, 1}, 1))) << "a host that begins";
}

TEST_F(Policer, ACopyOfWhatWasVerifiedSharesTheBudgetOfTheUnsealed) {
    verify(2, {5, 1}, 10);
    flood();
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(admits(frame_of(2, {5, 1}, 10)));
    EXPECT_FALSE(admits(frame_of(2, {5, 1}, 9)));
    EXPECT_TRUE(admits(frame_of(2, {5, 2}, 1))) << "a new term";
}

TEST_F(Policer, WithoutKeysAndForShortFramesThereIsTheBudget) {
    keys_ = {};
    EXPECT_TRUE(admits(frame_of(2, {5, 1}, 1)));
    flood();
    EXPECT_FALSE(admits(frame_of(2, {5, 1}, 2)));
    EXPECT_FALSE(admits({}));
    EXPECT_FALSE(admits(std::vector<Byte>(kSealOffset)));
}

TEST_F(Policer, AHostThatCannotBeSharesTheBudget) {
    flood();
    EXPECT_FALSE(admits(frame_of(0, {5, 1}, 2)));
    EXPECT_FALSE(admits(frame_of(33, {5, 1}, 2)));
}

}  // namespace
}  // namespace nlb
