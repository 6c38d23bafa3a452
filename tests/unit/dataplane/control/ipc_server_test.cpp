// The dataplane's socket against a peer that says everything: the right things take effect in
// order, garbage is refused, and nothing harms.
#include "dataplane/control/ipc_server.hpp"

#include <array>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/prng.hpp"
#include "core/ipc/tables_codec.hpp"
#include "dataplane/worker/clock.hpp"
#include "tests/unit/dataplane/control/ipc_peer.hpp"

namespace nlb::dataplane {
namespace {

using ipc::MessageType;
using testing::FakeOperations;
using testing::Peer;

class IpcServerTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-link.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
        auto socket = SeqpacketServer::listen(path());
        ASSERT_TRUE(socket.ok());
        socket_ = std::make_unique<SeqpacketServer>(std::move(socket.value()));
        Operations& operations = operations_;
        server_ = std::make_unique<IpcServer>(*socket_, operations);
    }
    void TearDown() override {
        server_.reset();
        socket_.reset();
        std::filesystem::remove_all(root_);
    }
    [[nodiscard]] std::string path() const { return root_ + "/dataplane.sock"; }
    std::unique_ptr<Peer> greeted_peer() {
        auto peer = std::make_unique<Peer>(path());
        server_->on_newcomer();
        EXPECT_EQ(peer->hear_type(), MessageType::hello);
        EXPECT_EQ(peer->hear_type(), MessageType::hello);
        return peer;
    }
    void serve() {
        for (int i = 0; i < 8; ++i)
            if (socket_->connected()) server_->on_readable();
    }
    void expect_refused(const std::vector<Byte>& datagram) {
        const auto peer = greeted_peer();
        ASSERT_TRUE(peer->say(datagram));
        serve();
        EXPECT_EQ(peer->hear_type(), MessageType::refused);
        EXPECT_TRUE(peer->is_cut_off());
        EXPECT_FALSE(socket_->connected());
    }

    std::string root_;
    FakeOperations operations_;
    std::unique_ptr<SeqpacketServer> socket_;
    std::unique_ptr<IpcServer> server_;
};

std::vector<Byte> lease_message(std::int64_t valid_until_ns, std::uint16_t cluster = 0) {
    return ipc::write_message(MessageType::lease, cluster,
                              ipc::bytes_of(ipc::Lease{valid_until_ns}));
}

std::vector<Byte> install_message(std::uint64_t token, std::span<const Byte> tables) {
    return ipc::write_message(MessageType::install, 0, ipc::bytes_of(ipc::Install{token}), tables);
}

std::vector<Byte> send_message(Instant not_after, std::size_t frame_bytes) {
    const ipc::Send send{not_after.time_since_epoch().count()};
    return ipc::write_message(MessageType::send, 0, ipc::bytes_of(send),
                              std::vector<Byte>(frame_bytes, 7));
}

Tables some_tables() {
    Tables tables{};
    tables.self = 1;
    tables.tcp_idle_s = tables.half_open_s = tables.closing_s = tables.ipsec_idle_s = 60;
    return tables;
}

TEST_F(IpcServerTest, OnlyTheOwnerMayConnect) {
    struct stat about {};
    ASSERT_EQ(stat(path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(IpcServerTest, WhatIsSentTakesEffect) {
    const auto peer = greeted_peer();
    ASSERT_TRUE(peer->say(lease_message(12345)));
    const SealKeys keys{{SealKey{{1, 2}}}, 1};
    ASSERT_TRUE(peer->say(ipc::write_message(MessageType::seal_keys, 0, ipc::bytes_of(keys))));
    ipc::Verified verified{};
    verified.hosts[1] = {77, 5, 1};
    ASSERT_TRUE(peer->say(ipc::write_message(MessageType::verified, 0, ipc::bytes_of(verified))));
    ASSERT_TRUE(
        peer->say(ipc::write_message(MessageType::store, 1, {}, std::vector<Byte>{1, 2, 3})));
    ASSERT_TRUE(peer->say(send_message(kForever, 60)));
    ASSERT_TRUE(peer->say(install_message(9, encode_tables(some_tables()))));
    ASSERT_TRUE(peer->say(ipc::write_message(MessageType::status_request, 1)));
    ASSERT_TRUE(peer->say(ipc::write_message(MessageType::counters_request, 1)));
    serve();
    EXPECT_EQ(operations_.lease.time_since_epoch().count(), 12345);
    EXPECT_EQ(operations_.seal_keys, keys);
    EXPECT_EQ(operations_.verified.hosts[1].sequence, 77U);
    const GivenGrant grant{77, 5, 0, 3, {}};
    ASSERT_TRUE(peer->say(ipc::write_message(
        MessageType::grants, 0, ipc::bytes_of(ipc::Grants{9, 1}), ipc::bytes_of(grant))));
    serve();
    EXPECT_EQ(operations_.era, 9U);
    ASSERT_EQ(operations_.grants.size(), 1U);
    EXPECT_EQ(operations_.grants[0].client, 77U);
    EXPECT_EQ(operations_.stored, (std::vector<Byte>{1, 2, 3}));
    EXPECT_EQ(operations_.frame.size(), 60U);
    EXPECT_EQ(operations_.token, 9U) << operations_.last_reason;
    EXPECT_EQ(peer->hear_type(), MessageType::status);
    EXPECT_EQ(peer->hear_type(), MessageType::counters);
    server_->on_installed(0, {9, {}});
    EXPECT_EQ(peer->hear_type(), MessageType::installed);
    EXPECT_TRUE(server_->send_punted(0, {1}, std::vector<Byte>(64)));
    EXPECT_EQ(peer->hear_type(), MessageType::punted);
}

TEST_F(IpcServerTest, AFrameThatComesTooLateIsLostRatherThanSent) {
    const auto peer = greeted_peer();
    ASSERT_TRUE(peer->say(send_message(monotonic_now() - std::chrono::milliseconds{1}, 60)));
    serve();
    EXPECT_TRUE(operations_.frame.empty());
    ASSERT_TRUE(peer->say(send_message(monotonic_now() + std::chrono::seconds{10}, 61)));
    serve();
    EXPECT_EQ(operations_.frame.size(), 61U);
}

TEST_F(IpcServerTest, EveryMalformedMessageIsRefusedWithASentence) {
    const std::vector<Byte> tables = encode_tables(some_tables());
    expect_refused({1, 2, 3});
    expect_refused(std::vector<Byte>(ipc::kMessageBytesMax + 1));
    expect_refused(ipc::write_message(MessageType::lease, 2, ipc::bytes_of(ipc::Lease{1})));
    expect_refused(ipc::write_message(MessageType::lease, 0));
    expect_refused(ipc::write_message(MessageType::lease, 0, ipc::bytes_of(ipc::Lease{1}),
                                      std::vector<Byte>{0}));
    expect_refused(
        ipc::write_message(MessageType::store, 0, {}, std::vector<Byte>(ipc::kBlockBytesMax + 1)));
    expect_refused(send_message(kForever, ipc::kFrameBytesMax + 1));
    expect_refused(
        ipc::write_message(MessageType::send, 0, {}, std::vector<Byte>(sizeof(ipc::Send) - 1)));
    expect_refused(ipc::write_message(MessageType::seal_keys, 0,
                                      ipc::bytes_of(SealKeys{{}, kSealKeysMax + 1})));
    expect_refused(ipc::write_message(MessageType::seal_keys, 0));
    expect_refused(ipc::write_message(MessageType::verified, 0));
    expect_refused(ipc::write_message(MessageType::grants, 0, ipc::bytes_of(ipc::Grants{9, 1})));
    expect_refused(
        ipc::write_message(MessageType::grants, 0, ipc::bytes_of(ipc::Grants{9, 1ULL << 61})));
    expect_refused(ipc::write_message(MessageType::status_request, 0, {}, std::vector<Byte>{0}));
    expect_refused(ipc::write_message(MessageType::counters_request, 0, {}, std::vector<Byte>{0}));
    expect_refused(ipc::write_message(MessageType::hello, 0));
    expect_refused(ipc::write_message(MessageType{999}, 0));
    expect_refused(ipc::write_message(MessageType::install, 0));
    expect_refused(install_message(0, tables));
    expect_refused(install_message(1, std::span(tables).first(tables.size() - 1)));
    std::vector<Byte> too_many = tables;
    Tables broken = some_tables();
    broken.address_count = 5000;
    std::memcpy(too_many.data() + (too_many.size() - sizeof broken), &broken, sizeof broken);
    expect_refused(install_message(1, too_many));
    EXPECT_EQ(operations_.token, 0U);
    EXPECT_EQ(operations_.lease, kLongAgo);
}

TEST_F(IpcServerTest, GarbageOfEveryKindHarmsNobody) {
    Prng prng(7);
    const std::vector<std::vector<Byte>> good{
        lease_message(1), install_message(3, encode_tables(some_tables())),
        ipc::write_message(MessageType::store, 0, {}, std::vector<Byte>(100, 1)),
        send_message(kForever, 100)};
    auto peer = greeted_peer();
    for (int i = 0; i < 5000; ++i) {
        std::vector<Byte> datagram = good[prng.below(good.size())];
        for (std::uint64_t flips = prng.below(4); flips > 0; --flips)
            datagram[prng.below(datagram.size())] = static_cast<Byte>(prng.next());
        if (prng.chance(300'000)) datagram.resize(prng.below(datagram.size()) + 1);
        static_cast<void>(peer->say(datagram));
        serve();
        for (; operations_.installs > 0; --operations_.installs) server_->on_installed(0, {3, {}});
        while (!peer->hear().empty()) continue;
        if (!socket_->connected()) peer = greeted_peer();
    }
    EXPECT_LE(operations_.stored.size(), ipc::kBlockBytesMax);
    EXPECT_LE(operations_.frame.size(), ipc::kFrameBytesMax);
}

TEST_F(IpcServerTest, ASecondControlPlaneIsTurnedAwayAndTheFirstGoesOn) {
    const auto first = greeted_peer();
    ASSERT_TRUE(first->say(lease_message(76)));
    Peer second(path());
    server_->on_newcomer();
    const auto datagram = second.hear();
    const auto message = ipc::read_message(datagram);
    ASSERT_TRUE(message && message->type == MessageType::refused);
    const std::string sentence(reinterpret_cast<const char*>(message->payload.data()),
                               message->payload.size());
    EXPECT_NE(sentence.find("another control plane"), std::string::npos);
    EXPECT_NE(sentence.find(std::to_string(getpid())), std::string::npos);
    EXPECT_TRUE(second.is_cut_off());
    ASSERT_TRUE(first->say(lease_message(77)));
    serve();
    EXPECT_EQ(operations_.lease.time_since_epoch().count(), 77);
}

TEST_F(IpcServerTest, WhoeverSaysNothingKeepsNoControlPlaneOut) {
    const auto silent = greeted_peer();
    const auto late = greeted_peer();
    EXPECT_TRUE(silent->is_cut_off());
    ASSERT_TRUE(late->say(lease_message(78)));
    serve();
    EXPECT_EQ(operations_.lease.time_since_epoch().count(), 78);
}

TEST_F(IpcServerTest, WhoIsHungUpOnComesAgainAndHearsWhatIsStoredThen) {
    server_->hang_up("nobody is there");
    const auto first = greeted_peer();
    ASSERT_TRUE(first->say(lease_message(77)));
    serve();
    operations_.lease = kLongAgo;
    server_->hang_up("this machine stood still");
    EXPECT_TRUE(first->is_cut_off());
    Peer again(path());
    server_->on_newcomer();
    const auto datagram = again.hear();
    const auto message = ipc::read_message(datagram);
    ASSERT_TRUE(message && message->type == MessageType::hello);
    EXPECT_EQ(message->body<ipc::Hello>()->valid_until_ns, kLongAgo.time_since_epoch().count());
}

TEST_F(IpcServerTest, ASuccessorHearsWhatItsDeadPredecessorSaidLast) {
    const auto first = greeted_peer();
    // More than one reading takes.
    for (std::int64_t i = 1; i <= 3 * IpcServer::kDatagramsAtOnce; ++i)
        ASSERT_TRUE(first->say(lease_message(i)));
    first->hang_up();
    Peer second(path());
    std::vector<Byte> datagram;
    for (int i = 0; i < 8 && datagram.empty(); ++i) {
        server_->on_newcomer();
        datagram = second.hear();
    }
    const auto message = ipc::read_message(datagram);
    ASSERT_TRUE(message && message->type == MessageType::hello);
    EXPECT_EQ(message->body<ipc::Hello>()->valid_until_ns, 3 * IpcServer::kDatagramsAtOnce);
}

TEST_F(IpcServerTest, ASuccessorIsGreetedOnlyWhenItsPredecessorsInstallsAreOver) {
    const auto first = greeted_peer();
    ASSERT_TRUE(first->say(install_message(7, encode_tables(some_tables()))));
    first->hang_up();
    Peer second(path());
    for (int i = 0; i < 8; ++i) server_->on_newcomer();
    EXPECT_EQ(operations_.token, 7U);
    EXPECT_FALSE(server_->takes_newcomers());
    EXPECT_TRUE(second.hear().empty()) << "a core may still use the former tables";
    server_->on_installed(0, {7, {}});
    EXPECT_TRUE(server_->takes_newcomers());
    server_->on_newcomer();
    EXPECT_EQ(second.hear_type(), MessageType::hello);
    EXPECT_EQ(second.hear_type(), MessageType::hello);
    EXPECT_TRUE(second.hear().empty()) << "it asked for no installation";
}

TEST_F(IpcServerTest, InstalledGoesToTheOneWhoAskedForIt) {
    const auto peer = greeted_peer();
    ASSERT_TRUE(peer->say(install_message(1, encode_tables(some_tables()))));
    ASSERT_TRUE(peer->say(install_message(2, encode_tables(some_tables()))));
    serve();
    for (const std::uint64_t token : {std::uint64_t{1}, std::uint64_t{2}}) {
        server_->on_installed(0, {token, {}});
        const auto datagram = peer->hear();
        const auto message = ipc::read_message(datagram);
        ASSERT_TRUE(message && message->type == MessageType::installed);
        EXPECT_EQ(message->body<ipc::Installed>()->token, token);
    }
}

TEST_F(IpcServerTest, HelloCarriesTheStoredBlock) {
    operations_.stored = {9, 8, 7};
    Peer peer(path());
    server_->on_newcomer();
    const auto datagram = peer.hear();
    const auto message = ipc::read_message(datagram);
    ASSERT_TRUE(message);
    const auto hello = *message->body<ipc::Hello>();
    const auto rest = message->rest_after<ipc::Hello>();
    ASSERT_EQ(rest.size(), hello.block_bytes + hello.settings_bytes);
    const auto block = rest.first(hello.block_bytes);
    EXPECT_EQ(std::vector<Byte>(block.begin(), block.end()), operations_.stored);
}

TEST_F(IpcServerTest, HelloSaysNameNumberAndSettingsOfEachCluster) {
    Peer peer(path());
    server_->on_newcomer();
    for (const std::uint16_t number : {std::uint16_t{0}, std::uint16_t{1}}) {
        const auto datagram = peer.hear();
        const auto message = ipc::read_message(datagram);
        ASSERT_TRUE(message && message->type == MessageType::hello);
        EXPECT_EQ(message->cluster, number);
        const auto hello = *message->body<ipc::Hello>();
        EXPECT_EQ(ipc::cluster_name_of(hello), number == 0 ? "web" : "mail");
        EXPECT_EQ(hello.cluster_count, 2U);
        const auto settings = message->rest_after<ipc::Hello>().subspan(hello.block_bytes);
        EXPECT_EQ((std::string{settings.begin(), settings.end()}), operations_.settings(number));
    }
}

TEST_F(IpcServerTest, AControlPlaneThatRefusesIsNamedOnceAndNeverCountsAsConnected) {
    const auto refuse = [this](const std::string& sentence) {
        const auto peer = greeted_peer();
        ASSERT_TRUE(peer->say(ipc::write_refusal(sentence)));
        serve();
        EXPECT_TRUE(peer->is_cut_off());
        EXPECT_FALSE(socket_->connected());
    };
    for (int i = 0; i < 3; ++i) refuse("the control plane has cluster \"x\"");
    EXPECT_EQ(operations_.refusals,
              std::vector<std::string>{"the control plane has cluster \"x\""});
    EXPECT_EQ(operations_.connections, 0);
    EXPECT_EQ(operations_.last_reason, "") << "nobody was there to be lost";
    {
        const auto peer = greeted_peer();
        ASSERT_TRUE(peer->say(lease_message(3)));
        serve();
        EXPECT_EQ(operations_.connections, 1);
    }
    serve();
    refuse("the control plane has cluster \"x\"");
    EXPECT_EQ(operations_.refusals.size(), 2U) << "there was a right one in between";
    refuse(std::string(100'000 / 2, 'y'));
    EXPECT_EQ(operations_.refusals.back().size(), 1024U);
}

TEST_F(IpcServerTest, WhileInstallationsAreUnderWayNothingIsRead) {
    const auto peer = greeted_peer();
    operations_.busy = true;
    ASSERT_TRUE(peer->say(lease_message(5)));
    serve();
    EXPECT_EQ(operations_.lease, kLongAgo);
    operations_.busy = false;
    serve();
    EXPECT_EQ(operations_.lease.time_since_epoch().count(), 5);
}

TEST_F(IpcServerTest, APeerThatReadsNothingLosesHeartbeatsFirstAndIsCutOffAtLast) {
    const auto peer = greeted_peer();
    int taken = 0;
    while (server_->send_punted(0, {1}, std::vector<Byte>(1000)) && taken < 100'000) ++taken;
    EXPECT_LT(taken, 100'000);
    server_->send_status(0);
    EXPECT_TRUE(socket_->wants_to_write()) << "what must not be lost waits";
    for (std::size_t i = 0; i <= SeqpacketServer::kQueueMost; ++i) server_->send_status(0);
    EXPECT_FALSE(socket_->connected());
    EXPECT_EQ(operations_.last_reason, "it reads too slowly");
}

TEST(SeqpacketServer, APathThatIsTooLongIsRefused) {
    const auto socket = SeqpacketServer::listen("/tmp/" + std::string(200, 'x'));
    ASSERT_FALSE(socket.ok());
    EXPECT_NE(socket.error().message.find("too long"), std::string::npos);
}

}  // namespace
}  // namespace nlb::dataplane
