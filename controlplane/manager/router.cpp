// Paths are compared whole: there is nothing to climb out of.
#include "controlplane/manager/router.hpp"

#include <algorithm>
#include <array>

#include "controlplane/manager/page_files.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

// Only its own files, no inline script or style, in nobody's frame.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Door {
    const char* path;
    const char* method;
    Route route;
    bool changes;
};
constexpr std::array<Door, 5> kDoors{{
    {"/api/events", "GET", Route::stream, false},
    {"/api/history", "GET", Route::history, false},
    {"/api/explain", "POST", Route::explain, false},
    {"/api/preview", "POST", Route::preview, true},
    {"/api/command", "POST", Route::command, true},
}};

// Of the control socket's verbs those that change something: the page has the others' answers.
constexpr std::array<const char*, 9> kCommands{
    "start", "stop", "drainstop", "suspend", "resume", "enable", "disable", "drain", "reload"};

HttpResponse response_of(unsigned status, const char* type, std::string body) {
    return {status,
            {{"Content-Type", type},
             {"Content-Security-Policy", kPolicy},
             {"X-Content-Type-Options", "nosniff"},
             {"X-Frame-Options", "DENY"},
             {"Referrer-Policy", "no-referrer"},
             {"Cross-Origin-Opener-Policy", "same-origin"},
             {"Cross-Origin-Resource-Policy", "same-origin"}},
            std::move(body),
            false};
}

Routed refused(unsigned status, const std::string& sentence) {
    return {Route::answer, refusal_response(status, sentence), {}};
}

Routed wrong_method(const std::string& allowed) {
    Routed routed = refused(405, "expected " + allowed);
    routed.response.headers.emplace_back("Allow", allowed);
    return routed;
}

Routed file_of(const HttpRequest& request, const PageFile& file) {
    if (request.method != "GET" && request.method != "HEAD") return wrong_method("GET, HEAD");
    const auto known = request.headers.find("if-none-match");
    const bool unchanged = known != request.headers.end() && known->second == file.tag;
    Routed routed;
    routed.response = response_of(unchanged ? 304 : 200, std::string{file.type}.c_str(),
                                  unchanged ? "" : std::string{file.bytes});
    routed.response.headers.emplace_back("ETag", std::string{file.tag});
    routed.response.headers.emplace_back("Cache-Control", "no-cache");
    return routed;
}

bool is_json(const HttpRequest& request) {
    const auto type = request.headers.find("content-type");
    if (type == request.headers.end()) return false;
    const std::string media = type->second.substr(0, type->second.find(';'));
    return media == "application/json";
}

bool names_command(const Json& body) {
    const auto command = body.find("command");
    return command != body.end() && command->is_string() &&
           std::any_of(kCommands.begin(), kCommands.end(),
                       [&](const char* one) { return *command == one; });
}

// A form of a foreign page can send neither this type nor the token's header.
Routed with_body(const HttpRequest& request, const Door& door) {
    if (!is_json(request)) return refused(415, "expected Content-Type: application/json");
    Json body = Json::parse(request.body, nullptr, false);
    if (!body.is_object()) return refused(400, "expected a JSON object");
    if (door.changes && !names_command(body))
        return refused(400,
                       "command: expected one of start stop drainstop suspend resume enable "
                       "disable drain reload");
    return {door.route, {}, std::move(body)};
}

Routed through(const HttpRequest& request, const AccessRules& rules, const Door& door) {
    if (request.method != door.method) return wrong_method(door.method);
    if (request.query) return refused(400, "nothing may stand behind the path");
    if (const auto refusal = refuse_without_token(request, rules, door.changes)) {
        Routed routed = refused(refusal->status, refusal->sentence);
        if (refusal->status == 401)
            routed.response.headers.emplace_back("WWW-Authenticate", "Bearer");
        return routed;
    }
    if (request.method == std::string{"POST"}) return with_body(request, door);
    Routed routed{door.route, {}, {}};
    if (door.route == Route::stream) {
        routed.response = response_of(200, "text/event-stream", "");
        routed.response.headers.emplace_back("Cache-Control", "no-store");
        routed.response.stream = true;
    }
    return routed;
}

}  // namespace

HttpResponse json_response(unsigned status, const Json& body) {
    HttpResponse response = response_of(status, "application/json",
                                        body.dump(-1, ' ', false, Json::error_handler_t::replace));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

HttpResponse refusal_response(unsigned status, const std::string& sentence) {
    return json_response(status, {{"ok", false}, {"message", sentence}});
}

Routed route_request(const HttpRequest& request, const AccessRules& rules) {
    if (const auto refusal = refuse_stranger(request, rules))
        return refused(refusal->status, refusal->sentence);
    for (const Door& door : kDoors)
        if (request.path == door.path) return through(request, rules, door);
    if (const PageFile* const file = find_page_file(request.path)) return file_of(request, *file);
    return refused(404, "there is no such page");
}

}  // namespace nlb::controlplane
