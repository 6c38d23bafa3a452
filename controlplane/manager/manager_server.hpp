// The web page of this host (NLB Manager): its files, what happens as server-sent events, and what
// may be asked and done. Routing and refusals are router's, bounds of connections http_server's,
// answers those of whoever stands behind it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "config/schema.hpp"
#include "controlplane/api/http_server.hpp"
#include "controlplane/manager/access.hpp"

namespace nlb::controlplane {

// What only the control plane's loop can answer. Called on the server's thread; each calls `answer`
// once, from any thread, within some seconds.
class PageBackend {
public:
    using Answer = std::function<void(nlohmann::json)>;
    virtual ~PageBackend() = default;
    virtual void history(Answer answer) = 0;
    virtual void explain(nlohmann::json body, Answer answer) = 0;
    virtual void preview(nlohmann::json body, Answer answer) = 0;
    virtual void command(nlohmann::json body, Answer answer) = 0;
};

class ManagerServer {
public:
    // Reads the token file. `backend` outlives it. An error is the operator's to mend: nothing is
    // served then.
    [[nodiscard]] static Result<std::unique_ptr<ManagerServer>> start(
        const config::Manager& settings, PageBackend& backend);

    [[nodiscard]] int port() const { return server_->port(); }
    [[nodiscard]] bool may_command() const { return rules_.token.has_value(); }
    // To every page that is open. Thread: any.
    void publish(const nlohmann::json& view);
    // Somebody looks. Thread: any.
    [[nodiscard]] bool is_watched() const { return server_->streams() != 0; }
    [[nodiscard]] bool take_newcomers() { return server_->take_newcomers(); }

    static constexpr std::size_t kPagesMax = 16;

private:
    explicit ManagerServer(AccessRules rules) : rules_(std::move(rules)) {}
    void handle(const HttpRequest& request, const HttpServer::Reply& reply,
                PageBackend& backend) const;

    AccessRules rules_;
    std::unique_ptr<HttpServer> server_;  // last: its threads use the rest
};

}  // namespace nlb::controlplane
