// Carries requests out on the agents and answers when they took effect. It knows no socket, reads
// no clock and decides nothing about buckets.
#pragma once

#include <functional>
#include <list>
#include <vector>

#include "controlplane/agent/cluster_roster.hpp"
#include "controlplane/api/request.hpp"

namespace nlb::controlplane {

// Who asks. Without anything set it is somebody at this host's control socket, who may do all.
struct Caller {
    // The only cluster that it may speak of; empty: all of this host.
    std::string cluster;
    bool may_change = true;
    // Told of each request that changes something, before it is carried out or refused.
    std::function<void(const Request&, bool accepted)> on_change;
};

// Thread: the loop's.
class CommandService {
public:
    using Answer = std::function<void(std::string line)>;
    using Reloaded = std::function<void(CommandResult)>;
    using Reload = std::function<void(const Request&, Reloaded)>;
    using Recordings = std::function<void(const Request&, Answer)>;
    using Staging = std::function<void(const Request&, const Caller&, Answer)>;
    // Of one cluster by its name, or of all of this host, in Prometheus' text format.
    using Metrics = std::function<std::string(const std::string& cluster)>;

    // `agents` and `events` outlive it; `reload` reads the configuration again and says what came
    // of it, now or later, but not after this object's life. `recordings` answers `flight`;
    // nothing: nothing is recorded here. `staging` takes pieces of files; nothing: it takes none.
    // `metrics` answers `metrics`; nothing: nothing is counted here.
    CommandService(const ClusterAgents& agents, const EventHistory& events, Reload reload,
                   Recordings recordings = nullptr, Staging staging = nullptr,
                   Metrics metrics = nullptr)
        : agents_(agents),
          events_(events),
          reload_(std::move(reload)),
          recordings_(std::move(recordings)),
          staging_(std::move(staging)),
          metrics_(std::move(metrics)) {}

    // `line` is what a client wrote, without its end. Calls `answer` once, now or from poll(); a
    // request that is none is answered with a sentence. Requires: there is an agent.
    void handle(Instant now, std::string_view line, Answer answer, const Caller& caller = {});
    // Answers those whose wait is over.
    void poll(Instant now);

    // Of commands that have not taken effect yet; with more the oldest is answered early.
    static constexpr std::size_t kWaitsMax = 64;

private:
    struct Wait {
        std::vector<ClusterAgent*> targets;
        CommandResult result;
        Instant deadline;
        Answer answer;
    };
    [[nodiscard]] std::string read(Instant now, const Request& request,
                                   const std::vector<ClusterAgent*>& targets,
                                   const Caller& caller) const;
    [[nodiscard]] CommandResult execute(Instant now, const Request& request,
                                        const std::vector<ClusterAgent*>& targets);
    [[nodiscard]] CommandResult execute_on(Instant now, const Request& request,
                                           ClusterAgent& agent);
    void wait_for(Instant now, Wait wait);
    [[nodiscard]] Result<std::vector<ClusterAgent*>> targets_of(const Request& request,
                                                                const Caller& caller) const;

    void take_piece(const Request& request, const Caller& caller, const Answer& answer);
    void answer_recordings(const Request& request, const Answer& answer);
    [[nodiscard]] std::string metrics_answer(const Caller& caller) const;
    [[nodiscard]] std::string events_answer(const Request& request, const Caller& caller) const;

    const ClusterAgents& agents_;
    const EventHistory& events_;
    Reload reload_;
    Recordings recordings_;
    Staging staging_;
    Metrics metrics_;
    std::list<Wait> waits_;
};

}  // namespace nlb::controlplane
