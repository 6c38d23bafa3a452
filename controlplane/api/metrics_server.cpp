// Which path gives what; how it is served is http_server's.
#include "controlplane/api/metrics_server.hpp"

namespace nlb::controlplane {
namespace {

HttpResponse text(unsigned status, std::string body) {
    return {status,
            {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
            std::move(body),
            false};
}

HttpResponse answer(const HttpRequest& request, const MetricsBoard& board) {
    if (request.method != "GET" && request.method != "HEAD") return text(405, "only GET\n");
    if (request.path == "/healthz") {
        const Serving serving = board.serving();
        return text(serving.as_it_should ? 200 : 503, serving.sentence + "\n");
    }
    if (request.path != "/metrics") return text(404, "only /metrics and /healthz are here\n");
    return text(200, board.text());
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(
    const std::string& listen, const std::shared_ptr<MetricsBoard>& board) {
    auto server =
        HttpServer::start({"metrics.listen", listen, "metrics are not served", 0, 0},
                          [board](const HttpRequest& request, const HttpServer::Reply& reply) {
                              reply(answer(request, *board));
                          });
    if (!server) return server.error();
    return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(server.value())));
}

}  // namespace nlb::controlplane
