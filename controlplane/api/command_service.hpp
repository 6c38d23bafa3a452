// Carries requests out on the controllers and answers when they took effect. It knows no socket.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/api/request.hpp"

namespace nlb::controlplane {

using Controllers = std::vector<std::unique_ptr<Controller>>;

class CommandService {
public:
    using Answer = std::function<void(std::string line)>;
    using Reload = std::function<CommandResult()>;

    CommandService(const Controllers& controllers, Reload reload) : controllers_(controllers), reload_(std::move(reload)) {}

    // Calls `answer` once, now or from poll().
    void handle(Instant now, std::string_view line, Answer answer);
    // Answers those whose wait is over.
    void poll(Instant now);

    static constexpr std::size_t kWaitsMax = 64;

private:
    struct Wait {
        std::vector<Controller*> targets;
        CommandResult result;
        Instant deadline;
        Answer answer;
    };
    [[nodiscard]] CommandResult execute(Instant now, const Request& request, const std::vector<Controller*>& targets);
    [[nodiscard]] CommandResult execute_on(Instant now, const Request& request, Controller& controller);
    [[nodiscard]] Result<std::vector<Controller*>> targets_of(const Request& request) const;

    const Controllers& controllers_;
    Reload reload_;
    std::list<Wait> waits_;
};

}  // namespace nlb::controlplane
