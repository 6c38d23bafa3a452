// How much of the disk a steady cluster's recordings take: the product's recorder beside the agent
// of one host of 32, whose 31 peers speak as hosts do, each at its own moment. Weights, health and
// thereby buckets change each minute, some heartbeats are lost, clients never rest.
// NLB_STEADY_MINUTES=60 measures the whole hour; without it five minutes stand for it.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <queue>

#include "controlplane/agent/frame_envelope.hpp"
#include "core/base/prng.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/unit/controlplane/flight/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Bench;
using testing::MemorySegments;
using testing::RecordedBench;

constexpr std::size_t kHosts = 32;
constexpr std::size_t kRules = 8;
constexpr Duration kPeriod = milliseconds{100};
constexpr double kBytesKept = 64.0 * (1 << 20);  // FlightStore::kBytesMax

ClusterSettings crowd_settings() {
    ClusterSettings settings = testing::small_settings(kHosts);
    settings.cluster.port_rules.resize(1);
    for (std::size_t i = 1; i < kRules; ++i) {
        config::PortRule rule = settings.cluster.port_rules.front();
        rule.name = "service" + std::to_string(i);
        rule.ports = {static_cast<std::uint16_t>(8000 + i), static_cast<std::uint16_t>(8000 + i)};
        settings.cluster.port_rules.push_back(rule);
    }
    return settings;
}

// Thirty-one real agents admit the recorded one and converge with it. From then on each peer's
// heartbeats are made of its last one: what changes in them is what a living host changes.
class Crowd {
public:
    Crowd() : bench(crowd_settings(), AgentRecorder::kSegmentLasts) {
        bench.hello();
        for (std::size_t i = 1; i < kHosts; ++i) {
            ClusterSettings settings = crowd_settings();
            settings.host = settings.cluster.hosts[i];
            peers_.push_back(std::make_unique<Bench>(settings));
            EXPECT_EQ(peers_.back()->hello(Bench::fresh_hello()), "");
        }
        carried_.resize(peers_.size());
    }

    void converge() {
        for (Duration gone{}; gone < seconds{4}; gone += milliseconds{5}) {
            bench.pass(milliseconds{5});
            for (auto& peer : peers_) peer->pass(milliseconds{5});
            carry();
        }
        ASSERT_TRUE(bench.agent.membership().converged());
        ASSERT_EQ(bench.agent.membership().members().size(), kHosts);
        for (auto& peer : peers_) take_words(*peer);
        ASSERT_EQ(words_.size(), peers_.size());
        peers_.clear();
        take_own_words();
        for (std::size_t i = 0; i < words_.size(); ++i)
            sends_.push({bench.now + microseconds{chance_.below(100'000)}, i});
    }

    void pass(Duration time) {
        const Instant end = bench.now + time;
        Instant flush_at = bench.now;
        Instant change_at = bench.now + seconds{20};
        while (bench.now < end) {
            const Instant next = std::min({sends_.top().at, bench.agent.next_wake(), flush_at});
            bench.now = std::max(bench.now, next);
            answer();
            if (bench.now >= sends_.top().at) speak();
            if (bench.now >= bench.agent.next_wake()) bench.agent.on_tick(bench.now);
            take_own_words();
            if (bench.now >= flush_at) {
                bench.flush();
                flush_at += milliseconds{250};
            }
            if (bench.now >= change_at) {
                change();
                change_at += seconds{20};
            }
        }
    }

    [[nodiscard]] std::uint64_t bytes() const {
        std::uint64_t all = 0;
        for (const auto& file : bench.segments.files) all += file.size();
        return all;
    }

    RecordedBench bench;
    std::uint64_t heard = 0;

private:
    struct Due {
        Instant at;
        std::size_t peer;
        bool operator<(const Due& other) const { return at > other.at; }
    };

    static std::optional<Heartbeat> heartbeat_in(const std::vector<Byte>& datagram) {
        static const std::uint32_t cluster = cluster_number(crowd_settings().cluster);
        static const auto keys = Bench::keys({7});
        const auto message = *ipc::read_message(datagram);
        if (message.type != ipc::MessageType::send) return std::nullopt;
        const auto envelope = unwrap_frame(message.rest_after<ipc::Send>());
        if (!envelope) return std::nullopt;
        const auto decoded = decode_frame(envelope->body, cluster, *keys);
        const auto* const heartbeat = std::get_if<Heartbeat>(&decoded.frame);
        return decoded.fault == FrameFault::none && heartbeat != nullptr ? std::optional{*heartbeat}
                                                                         : std::nullopt;
    }

    // Every frame of this turn to everybody else.
    void carry() {
        const auto punt = [](auto& to, const std::vector<Byte>& datagram) {
            const auto message = *ipc::read_message(datagram);
            if (message.type != ipc::MessageType::send) return;
            const auto bytes = message.rest_after<ipc::Send>();
            to.deliver(ipc::MessageType::punted, ipc::Punted{to.now.time_since_epoch().count()},
                       {bytes.begin(), bytes.end()});
        };
        for (std::size_t i = 0; i < peers_.size(); ++i)
            for (; carried_[i] < peers_[i]->sink.datagrams.size(); ++carried_[i]) {
                const auto datagram = peers_[i]->sink.datagrams[carried_[i]];
                punt(bench, datagram);
                for (auto& other : peers_)
                    if (other != peers_[i]) punt(*other, datagram);
            }
        for (; own_carried_ < bench.sink.datagrams.size(); ++own_carried_) {
            const auto datagram = bench.sink.datagrams[own_carried_];
            for (auto& other : peers_) punt(*other, datagram);
        }
    }

    void take_words(const Bench& peer) {
        for (auto at = peer.sink.datagrams.rbegin(); at != peer.sink.datagrams.rend(); ++at)
            if (auto heartbeat = heartbeat_in(*at)) return words_.push_back(std::move(*heartbeat));
    }

    // Peers follow the epochs of the recorded host, which has the lowest id: they give back at once
    // and take what is theirs a little later.
    void take_own_words() {
        for (const auto& datagram : bench.sink.datagrams)
            if (auto heartbeat = heartbeat_in(datagram)) own_ = std::move(*heartbeat);
        if (bench.answered != bench.sink.datagrams.size()) return;
        bench.sink.datagrams.clear();
        bench.answered = 0;
    }

    void follow(Heartbeat& words) {
        const bool is_new = words.header.epoch != own_.header.epoch;
        words.header.epoch = own_.header.epoch;
        words.view = own_.view;
        words.map_digest = own_.map_digest;
        const OwnerMap& targets = bench.agent.membership().map().targets;
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
            BucketMask meant = 0;
            for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
                if (targets[slot][bucket] == words.header.id) meant |= BucketMask{1} << bucket;
            words.rules[slot].own = is_new ? words.rules[slot].own & meant : meant;
        }
    }

    void speak() {
        const auto [at, peer] = sends_.top();
        sends_.pop();
        sends_.push({at + kPeriod + microseconds{chance_.below(2000)} - milliseconds{1}, peer});
        Heartbeat& words = words_[peer];
        ++words.header.sequence;
        follow(words);
        for (PeerReport& report : words.peers) {
            const bool is_own = report.id == own_.header.id;
            const auto of = std::find_if(words_.begin(), words_.end(), [&](const auto& one) {
                return one.header.id == report.id;
            });
            if (is_own)
                report.sequence = own_.header.sequence;
            else if (of != words_.end())
                report.sequence = of->header.sequence;
        }
        if (chance_.below(1000) == 0) return;  // lost on its way
        ++heard;
        bench.punt(wrap_frame(heartbeat_destination(bench.agent.settings().cluster),
                              encode_frame(words, *keys_)));
    }

    // One thing a time: a weight, a server's health.
    void change() {
        Heartbeat& words = words_[chance_.below(words_.size())];
        RuleReport& rule = words.rules[chance_.below(kRules)];
        if (chance_.below(2) == 0)
            rule.offer = static_cast<std::uint8_t>(10 + chance_.below(90));
        else
            rule.state = rule.state == RuleState::enabled ? RuleState::failed : RuleState::enabled;
    }

    // A dataplane under load: every counter runs, at a pace that is never the same.
    void answer() {
        for (; bench.answered < bench.sink.datagrams.size(); ++bench.answered) {
            const auto datagram = bench.sink.datagrams[bench.answered];
            const auto type = ipc::read_message(datagram)->type;
            if (type == ipc::MessageType::install)
                bench.deliver(
                    ipc::MessageType::installed,
                    ipc::Installed{ipc::read_message(datagram)->body<ipc::Install>()->token, {}});
            if (type == ipc::MessageType::status_request)
                bench.deliver(ipc::MessageType::status, status());
            if (type == ipc::MessageType::counters_request)
                bench.deliver(ipc::MessageType::counters, counters());
        }
    }
    ipc::Status status() {
        ipc::Status status{};
        status.link_up = 1;
        status.last_rx_ns = bench.now.time_since_epoch().count() -
                            static_cast<std::int64_t>(chance_.below(3'000'000));
        status.oldest_poll_ns =
            bench.now.time_since_epoch().count() - static_cast<std::int64_t>(chance_.below(40'000));
        status.cluster_bursts = counted_ += chance_.below(3000);
        for (std::size_t rule = 0; rule < kRules; ++rule)
            status.connections[rule] = 1000 + chance_.below(200);
        return status;
    }
    ipc::CountersReport counters() {
        Counters& all = report_.counters;
        for (std::uint64_t& reason : all.reasons) reason += chance_.below(500);
        for (std::size_t rule = 0; rule < kRules; ++rule) {
            all.accepted[rule] += chance_.below(10'000);
            all.rejected[rule] += chance_.below(300'000);
            all.dropped[rule] += chance_.below(10);
            all.connections[rule] = 1000 + chance_.below(200);
        }
        report_.cycles_per_second = 2'400'000'000;
        report_.cycles_now += 600'000'000 + chance_.below(1'000'000);
        report_.worker_count = 4;
        for (std::size_t worker = 0; worker < 4; ++worker)
            report_.busy_cycles[worker] += chance_.below(600'000'000);
        report_.buffers = 65535;
        report_.buffers_free = 60'000 + chance_.below(1000);
        return report_;
    }

    Prng chance_{4711};
    std::unique_ptr<const Authenticator> keys_ = Bench::keys({7});
    std::vector<std::unique_ptr<Bench>> peers_;
    std::vector<std::size_t> carried_;
    std::size_t own_carried_ = 0;
    Heartbeat own_;
    std::vector<Heartbeat> words_;
    std::priority_queue<Due> sends_;
    std::uint64_t counted_ = 0;
    ipc::CountersReport report_{};
};

std::int64_t minutes_to_measure() {
    const char* const said = std::getenv("NLB_STEADY_MINUTES");
    const std::int64_t wanted = said == nullptr ? 5 : std::strtol(said, nullptr, 10);
    return std::clamp<std::int64_t>(wanted, 1, 60);
}

TEST(SteadyHour, ThirtyTwoHostsFitIntoWhatIsKept) {
    Crowd crowd;
    crowd.converge();
    const auto epoch = crowd.bench.agent.membership().epoch();
    const std::uint64_t before = crowd.bytes();
    const auto lasted = minutes{minutes_to_measure()};
    crowd.pass(lasted);
    const std::uint64_t bytes = crowd.bytes() - before;
    const double an_hour = static_cast<double>(bytes) * 60.0 / static_cast<double>(lasted.count());
    std::cout << "# " << crowd.heard << " heartbeats in " << lasted.count() << " minutes: " << bytes
              << " bytes, " << static_cast<double>(bytes) / static_cast<double>(crowd.heard)
              << " for each; an hour is " << an_hour / (1 << 20) << " MiB\n";
    // What was measured is a cluster that lives, and stays one.
    EXPECT_GT(crowd.heard, static_cast<std::uint64_t>(lasted.count()) * 60 * 300);
    EXPECT_TRUE(crowd.bench.recorder.recording());
    EXPECT_EQ(crowd.bench.agent.membership().members().size(), kHosts);
    EXPECT_GT(crowd.bench.agent.membership().epoch().counter, epoch.counter + 2);
    EXPECT_EQ(crowd.bench.events.last("reset"), nullptr);
    EXPECT_EQ(crowd.bench.events.last("peer_lost"), nullptr);
    EXPECT_LT(an_hour, kBytesKept);
}

}  // namespace
}  // namespace nlb::controlplane
