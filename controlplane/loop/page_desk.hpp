// Answers the web page on the loop: looks at the agents for it while somebody watches, shows the
// events that are kept as a time line, and hands commands to the same service that serves the
// control socket. It decides nothing about buckets.
#pragma once

#include <functional>
#include <string>

#include "controlplane/api/command_service.hpp"
#include "controlplane/api/event_history.hpp"
#include "controlplane/health/with_asio.hpp"
#include "controlplane/manager/manager_server.hpp"
#include "controlplane/manager/page_view.hpp"

namespace nlb::controlplane {

// Thread: PageBackend's calls by the server's, everything else by the loop.
class PageDesk : public PageBackend {
public:
    using Previewed = std::function<void(Result<nlohmann::json> clusters)>;
    struct Loop {
        asio::io_context& loop;
        asio::thread_pool& worker;  // for what takes longer than a turn may
        const ClusterAgents& agents;
        const EventHistory& events;
        CommandService& commands;
        std::function<void()> turn;
        std::function<void(Previewed)> preview_reload;
    };
    // What `loop` refers to outlives it.
    explicit PageDesk(Loop loop) : loop_(std::move(loop)) {}

    // `server` outlives the loop's run.
    void serve(ManagerServer& server) { server_ = &server; }
    // Once a turn; does nothing before next_look().
    void look(Instant now);
    [[nodiscard]] Instant next_look() const { return next_look_; }

    void history(Answer answer) override;
    void explain(nlohmann::json body, Answer answer) override;
    void preview(nlohmann::json body, Answer answer) override;
    void command(nlohmann::json body, Answer answer) override;

private:
    [[nodiscard]] const ClusterAgent* agent_named(const nlohmann::json& body) const;
    void answer_explain(const nlohmann::json& body, const Answer& answer);
    void answer_preview(const nlohmann::json& body, const Answer& answer);
    void answer_command(nlohmann::json body, const Answer& answer);

    Loop loop_;
    ManagerServer* server_ = nullptr;
    Instant next_look_ = kLongAgo;
    Instant published_ = kLongAgo;
    std::uint64_t shown_ = 0;  // fingerprint of what was published last
    bool newcomers_ = false;
};

}  // namespace nlb::controlplane
