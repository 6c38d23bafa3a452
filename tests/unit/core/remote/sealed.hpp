// Sealers of both ends as the programs have them, and a conversation between one client and some
// hosts on a wire that loses what it is told to lose.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>

#include "config/remote_sealer.hpp"
#include "core/remote/remote_client.hpp"
#include "core/remote/remote_host.hpp"

namespace nlb::remote {

inline config::ClusterKey key_of(Byte seed) {
    EXPECT_TRUE(config::prepare_sealing());
    config::ClusterKey key;
    key.bytes.fill(seed);
    return key;
}

inline const Peer kClient{IpAddress::v4(0xc6336401), 40000, IpAddress::v4(0xc0000250), {}};
inline constexpr Instant kStart{std::chrono::seconds{100}};
inline constexpr Duration kMs = std::chrono::milliseconds{1};

struct TestHost {
    explicit TestHost(std::string name, HostId id, std::size_t hosts = 1, Byte key = 7)
        : sealer(key_of(key)), self{std::move(name), id, "web", static_cast<std::uint8_t>(hosts)} {}
    config::RemoteSealer sealer;
    OutcomeCounts counts{};
    RemoteHost host{sealer, counts};
    Identity self;
    std::vector<RemoteHost::Run> runs;
    std::string answer;  // empty: it does not answer

    [[nodiscard]] std::uint64_t counted(Outcome outcome) const {
        return counts[static_cast<std::size_t>(outcome)];
    }
    RemoteHost::Wishes hear(Instant now, std::span<const Byte> bytes, const Peer& from = kClient) {
        auto wishes = host.on_datagram(now, self, from, bytes);
        if (wishes.run) {
            runs.push_back(*wishes.run);
            if (!answer.empty()) host.on_answer(now, wishes.run->client, answer);
        }
        return wishes;
    }
};

// Every datagram of the client reaches every host, as at a virtual address; where it has several
// destinations, the host of that number alone. `lost(n)`: of the n-th datagram on the wire.
class Conversation {
public:
    Conversation(Errand errand, std::vector<TestHost*> hosts, Byte key = 7)
        : sealer_(key_of(key)),
          each_has_its_own_(errand.destinations > 1),
          client_(kStart, std::move(errand), sealer_),
          hosts_(std::move(hosts)) {}

    std::function<bool(std::size_t)> lost = [](std::size_t) { return false; };
    std::vector<std::vector<Byte>> said;  // by the client, in order
    std::size_t back = 0;                 // datagrams that came back

    RemoteClient& run(Duration at_most = std::chrono::seconds{5}) {
        Instant now = kStart;
        std::size_t turns = 0;
        for (; now < kStart + at_most && !client_.done(now); now = next(now)) {
            ++turns;
            for (const auto& one : client_.on_tick(now)) {
                said.push_back(one.bytes);
                if (lost(wire_++)) continue;
                for (std::size_t i = 0; i < hosts_.size(); ++i) {
                    if (each_has_its_own_ && i != one.to) continue;
                    if (const auto wishes = hosts_[i]->hear(now, one.bytes); wishes.send)
                        give_back(now, i, wishes.send->bytes);
                }
            }
            for (std::size_t i = 0; i < hosts_.size(); ++i)
                for (const auto& one : hosts_[i]->host.on_tick(now)) give_back(now, i, one.bytes);
            if (client_.done(now)) break;
        }
        ended = now;
        EXPECT_LT(turns, 300U) << "it wakes for nothing";
        return client_;
    }
    Instant ended;

private:
    [[nodiscard]] Instant next(Instant now) const {
        Instant wake = client_.next_wake(now);
        for (const TestHost* host : hosts_) wake = std::min(wake, host->host.next_wake());
        return std::max(wake, now + kMs);
    }
    void give_back(Instant now, std::size_t host, const std::vector<Byte>& bytes) {
        ++back;
        if (!lost(wire_++)) client_.on_datagram(now, each_has_its_own_ ? host : 0, bytes);
    }
    config::RemoteSealer sealer_;
    bool each_has_its_own_;
    RemoteClient client_;
    std::vector<TestHost*> hosts_;
    std::size_t wire_ = 0;
};

inline Errand errand(Wanted wanted, std::string host = "") {
    const Instant deadline = kStart + std::chrono::seconds{4};
    return {wanted, std::move(host), R"({"command":"query"})", 1, deadline, {}};
}
inline Errand errand_to_each(std::size_t destinations, std::vector<std::size_t> doubtful = {}) {
    Errand made = errand(Wanted::all);
    made.destinations = destinations;
    made.doubtful = std::move(doubtful);
    return made;
}

}  // namespace nlb::remote
