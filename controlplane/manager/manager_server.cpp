#include "controlplane/manager/manager_server.hpp"

#include "config/key_file.hpp"
#include "controlplane/manager/event_stream.hpp"
#include "controlplane/manager/router.hpp"

namespace nlb::controlplane {

Result<std::unique_ptr<ManagerServer>> ManagerServer::start(const config::Manager& settings,
                                                            PageBackend& backend) {
    AccessRules rules{settings.names, std::nullopt, settings.read_token};
    if (!settings.token_file.empty()) {
        auto token = config::read_token(settings.token_file);
        if (!token) return Error{"manager.token_file: " + token.error().message};
        rules.token = std::move(token.value());
    }
    auto made = std::unique_ptr<ManagerServer>(new ManagerServer(std::move(rules)));
    auto server = HttpServer::start(
        {"manager.listen", settings.listen, "the page is not served", kRequestBodyMax, kPagesMax},
        [page = made.get(), &backend](const HttpRequest& request, const HttpServer::Reply& reply) {
            page->handle(request, reply, backend);
        });
    if (!server) return server.error();
    made->server_ = std::move(server.value());
    return made;
}

void ManagerServer::handle(const HttpRequest& request, const HttpServer::Reply& reply,
                           PageBackend& backend) const {
    Routed routed = route_request(request, rules_);
    const auto answer = [reply](const nlohmann::json& body) { reply(json_response(200, body)); };
    switch (routed.route) {
        case Route::answer:
        case Route::stream:
            return reply(std::move(routed.response));
        case Route::history:
            return backend.history(answer);
        case Route::explain:
            return backend.explain(std::move(routed.body), answer);
        case Route::preview:
            return backend.preview(std::move(routed.body), answer);
        case Route::command:
            return backend.command(std::move(routed.body), answer);
    }
}

void ManagerServer::publish(const nlohmann::json& view) {
    server_->publish(
        event_text("view", view.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
}

}  // namespace nlb::controlplane
