// Whatever the line holds is looked at member by member and never trusted; nlohmann's exceptions
// are switched off where it parses.
#include "controlplane/api/request.hpp"

#include <array>

#include "config/format.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 11> kVerbs = {"query",     "params",  "start",  "stop",
                                                     "drainstop", "suspend", "resume", "enable",
                                                     "disable",   "drain",   "reload"};

std::optional<Verb> verb_from(const std::string& name) {
    for (std::size_t i = 0; i < kVerbs.size(); ++i)
        if (kVerbs[i] == name) return static_cast<Verb>(i);
    return std::nullopt;
}

// An absent or null member is no text; anything else that is no string is a mistake.
Status read_text(const Json& request, const char* key, std::optional<std::string>& into) {
    const auto member = request.find(key);
    if (member == request.end() || member->is_null()) return Done{};
    if (!member->is_string()) return Error{std::string{key} + ": expected a string"};
    into = member->get<std::string>();
    return Done{};
}

Status read_timeout(const Json& request, Duration& into) {
    const auto member = request.find("timeout_ms");
    if (member == request.end() || member->is_null()) return Done{};
    const std::int64_t max =
        std::chrono::duration_cast<std::chrono::milliseconds>(kTimeoutMax).count();
    const bool whole = member->is_number_integer() &&
                       (!member->is_number_unsigned() ||
                        member->get<std::uint64_t>() <= static_cast<std::uint64_t>(max));
    if (!whole || member->get<std::int64_t>() < 0 || member->get<std::int64_t>() > max)
        return Error{"timeout_ms: expected a whole number in 0-" + std::to_string(max)};
    into = std::chrono::milliseconds{member->get<std::int64_t>()};
    return Done{};
}

Status read_flag(const Json& request, const char* key, bool& into) {
    const auto member = request.find(key);
    if (member == request.end() || member->is_null()) return Done{};
    if (!member->is_boolean()) return Error{std::string{key} + ": expected true or false"};
    into = member->get<bool>();
    return Done{};
}

}  // namespace

Result<Request> parse_request(std::string_view line) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object())
        return Error{"expected one line with a JSON object such as {\"command\":\"query\"}"};
    std::optional<std::string> command;
    Request request;
    for (const Status& status :
         {read_text(json, "command", command), read_text(json, "cluster", request.cluster),
          read_text(json, "rule", request.rule), read_timeout(json, request.timeout),
          read_flag(json, "alone", request.alone)})
        if (!status) return status.error();
    const auto verb = command ? verb_from(*command) : std::nullopt;
    if (!verb)
        return Error{
            "command: expected one of query params start stop drainstop suspend resume enable "
            "disable drain reload, got " +
            (command ? config::in_quotes(*command) : std::string{"nothing"})};
    request.verb = *verb;
    const bool of_rules = *verb == Verb::enable || *verb == Verb::disable || *verb == Verb::drain;
    if (request.alone && *verb != Verb::start) return Error{"alone: only start knows it"};
    if (of_rules && !request.rule)
        return Error{"rule: expected a rule's name, [VIP:]PORT or all, got nothing"};
    return request;
}

std::string encode_answer(const CommandResult& result, Json clusters) {
    const Json answer = {{"ok", is_ok(result.value)},
                         {"return_value", static_cast<int>(result.value)},
                         {"message", result.message},
                         {"clusters", std::move(clusters)}};
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nlb::controlplane
