// Carries requests out on the agents and answers when they took effect. It knows no socket.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/api/request.hpp"

namespace nlb::controlplane {

using ClusterAgents = std::vector<std::unique_ptr<ClusterAgent>>;

class CommandService {
public:
    using Answer = std::function<void(std::string line)>;
    using Reload = std::function<CommandResult()>;

    CommandService(const ClusterAgents& agents, Reload reload)
        : agents_(agents), reload_(std::move(reload)) {}

    // Calls `answer` once, now or from poll().
    void handle(Instant now, std::string_view line, Answer answer);
    // Answers those whose wait is over.
    void poll(Instant now);

    static constexpr std::size_t kWaitsMax = 64;

private:
    struct Wait {
        std::vector<ClusterAgent*> targets;
        CommandResult result;
        Instant deadline;
        Answer answer;
    };
    [[nodiscard]] CommandResult execute(Instant now, const Request& request,
                                        const std::vector<ClusterAgent*>& targets);
    [[nodiscard]] CommandResult execute_on(Instant now, const Request& request,
                                           ClusterAgent& agent);
    [[nodiscard]] Result<std::vector<ClusterAgent*>> targets_of(const Request& request) const;

    const ClusterAgents& agents_;
    Reload reload_;
    std::list<Wait> waits_;
};

}  // namespace nlb::controlplane
