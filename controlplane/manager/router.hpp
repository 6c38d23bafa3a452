// From a request to what is to be done about it: a file of the page, a refusal, or one of the four
// things that only the control plane's loop can answer. Bytes and headers in, a value out; it knows
// no socket and no cluster.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/manager/access.hpp"

namespace nlb::controlplane {

enum class Route : std::uint8_t {
    answer,   // `response` is it
    stream,   // `response`, and what happens from then on
    history,  // the last hour
    explain,  // which host gets a packet: `body` describes it
    preview,  // what the command in `body` would move
    command,  // carry `body` out, a request of the control socket
};

struct Routed {
    Route route = Route::answer;
    HttpResponse response;
    nlohmann::json body;
};
[[nodiscard]] Routed route_request(const HttpRequest& request, const AccessRules& rules);

// Whatever is answered has the headers that keep foreign sites out of it.
[[nodiscard]] HttpResponse json_response(unsigned status, const nlohmann::json& body);
[[nodiscard]] HttpResponse refusal_response(unsigned status, const std::string& sentence);

inline constexpr std::size_t kRequestBodyMax = 4096;

}  // namespace nlb::controlplane
