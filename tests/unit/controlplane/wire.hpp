// Several agents of one cluster on one wire: the whole control plane but for sockets.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane::testing {

class Wire {
public:
    static constexpr Duration kStep = std::chrono::milliseconds{5};
    explicit Wire(std::size_t hosts, std::uint8_t weight_of_first = 0)
        : Wire(weighted(hosts, weight_of_first)) {}
    // One host for each of the cluster's.
    explicit Wire(const ClusterSettings& all) {
        for (const config::Host& host : all.cluster.hosts) {
            ClusterSettings settings = all;
            settings.host = host;
            benches.push_back(std::make_unique<Bench>(settings));
            EXPECT_EQ(benches.back()->hello(Bench::fresh_hello()), "");
        }
        carried_.resize(benches.size());
        alive.assign(benches.size(), true);
    }
    void pass(Duration time) {
        for (Duration gone{}; gone < time; gone += kStep) {
            for (std::size_t i = 0; i < benches.size(); ++i)
                if (alive[i])
                    benches[i]->pass(kStep);
                else
                    benches[i]->now += kStep;
            for (std::size_t i = 0; i < benches.size(); ++i) carry(i);
        }
    }
    ClusterAgent& at(std::size_t i) { return benches[i]->agent; }

    std::vector<std::unique_ptr<Bench>> benches;
    std::vector<bool> alive;

private:
    static ClusterSettings weighted(std::size_t hosts, std::uint8_t weight_of_first) {
        ClusterSettings settings = small_settings(hosts);
        if (weight_of_first != 0) settings.cluster.hosts[0].weights["http"] = weight_of_first;
        return settings;
    }
    void carry(std::size_t from) {
        const auto& sent = benches[from]->sink.datagrams;
        for (; carried_[from] < sent.size(); ++carried_[from]) {
            const auto message = *ipc::read_message(sent[carried_[from]]);
            if (message.type != ipc::MessageType::send) continue;
            const auto bytes = message.rest_after<ipc::Send>();
            const std::vector<Byte> frame{bytes.begin(), bytes.end()};
            for (std::size_t to = 0; to < benches.size(); ++to)
                if (to != from && alive[to])
                    benches[to]->deliver(ipc::MessageType::punted,
                                         ipc::Punted{benches[to]->now.time_since_epoch().count()},
                                         frame);
        }
    }
    std::vector<std::size_t> carried_;
};

}  // namespace nlb::controlplane::testing
