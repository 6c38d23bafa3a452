// Which of this host's clusters the dataplane means by which number. Both programs read the list of
// clusters for themselves, so they agree by name: a dataplane that serves other clusters, or the
// same with other devices, cores or addresses, is refused with one sentence before any agent has
// believed a word of it. It decides nothing about a cluster.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "core/base/result.hpp"
#include "core/ipc/messages.hpp"

namespace nlb::controlplane {

// One for each cluster that this host is in, as the configuration lists them.
using ClusterAgents = std::vector<std::unique_ptr<ClusterAgent>>;

class ClusterRoster {
public:
    // `agents` outlives the roster; it may still grow until the first hello.
    explicit ClusterRoster(const ClusterAgents& agents) : agents_(agents) {}

    // A hello of the dataplane. False: more are to come. True: it was the last one, the two agree,
    // and each agent has been told its own. An error is the sentence for both sides; the connection
    // cannot be used, and the next hello begins anew. Requires: message.type is hello.
    [[nodiscard]] Result<bool> on_hello(Instant now, const ipc::MessageView& message);
    // Who is meant by the number; nullptr before the two have agreed, and for a number that is
    // nobody's.
    [[nodiscard]] ClusterAgent* agent_of(std::uint16_t number) const;
    // The connection is gone, and with it the numbers.
    void forget();

private:
    struct Greeting {
        std::uint16_t number = 0;
        std::vector<Byte> payload;
    };
    [[nodiscard]] Result<bool> take(Instant now, const ipc::MessageView& message);
    [[nodiscard]] Status begin(Instant now);
    [[nodiscard]] ClusterAgent* agent_named(const std::string& name) const;
    [[nodiscard]] Status compare() const;

    const ClusterAgents& agents_;
    std::map<std::string, Greeting> greetings_;  // by cluster; at most kClustersMax
    std::map<std::uint16_t, ClusterAgent*> numbers_;
};

}  // namespace nlb::controlplane
