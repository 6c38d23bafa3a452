// Whatever the line holds is looked at member by member and never trusted; nlohmann's exceptions
// are switched off where it parses.
#include "controlplane/api/request.hpp"

#include <array>

#include "config/format.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 16> kVerbs = {
    "query",   "params", "start",  "stop", "drainstop", "suspend", "resume", "enable",
    "disable", "drain",  "reload", "map",  "events",    "flight",  "stage",  "metrics"};

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

Status read_word(const Json& request, const char* key, std::string& into) {
    std::optional<std::string> text;
    if (const Status status = read_text(request, key, text); !status) return status;
    if (text) into = std::move(*text);
    return Done{};
}

template <class Number>
Status read_count(const Json& request, const char* key, Number& into) {
    const auto member = request.find(key);
    if (member == request.end() || member->is_null()) return Done{};
    const bool whole = member->is_number_unsigned() ||
                       (member->is_number_integer() && member->get<std::int64_t>() >= 0);
    if (!whole) return Error{std::string{key} + ": expected a whole number, 0 or more"};
    into = member->get<std::uint64_t>();
    return Done{};
}

Status check_stage(const Request& request) {
    if (request.kind != "configuration" && request.kind != "key")
        return Error{"kind: expected configuration or key, got " + config::in_quotes(request.kind)};
    if (request.digest.empty()) return Error{"digest: expected that of the whole, got nothing"};
    return Done{};
}

// What belongs to some verbs only, and is said to another.
Status check_belongings(const Request& request) {
    const Verb verb = request.verb;
    const bool of_rules = verb == Verb::enable || verb == Verb::disable || verb == Verb::drain;
    const bool stops = verb == Verb::stop || verb == Verb::drainstop || verb == Verb::suspend;
    if (request.alone && verb != Verb::start) return Error{"alone: only start knows it"};
    if (request.force && !stops) return Error{"force: only stop, drainstop and suspend know it"};
    if (request.max_moves && verb != Verb::start && verb != Verb::reload)
        return Error{"max_moves: only start and reload know it"};
    if (request.file && verb != Verb::flight) return Error{"file: only flight knows it"};
    if ((request.staged || request.undo) && verb != Verb::reload)
        return Error{"staged, undo: only reload knows them"};
    if (verb == Verb::stage) return check_stage(request);
    if (of_rules && !request.rule)
        return Error{"rule: expected a rule's name, [VIP:]PORT or all, got nothing"};
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
          read_text(json, "rule", request.rule), read_text(json, "file", request.file),
          read_count(json, "offset", request.offset), read_timeout(json, request.timeout),
          read_flag(json, "alone", request.alone), read_flag(json, "force", request.force),
          read_count(json, "max_moves", request.max_moves), read_count(json, "last", request.last),
          read_word(json, "kind", request.kind), read_word(json, "name", request.name),
          read_word(json, "digest", request.digest), read_word(json, "data", request.data),
          read_count(json, "size", request.size), read_text(json, "staged", request.staged),
          read_text(json, "undo", request.undo)})
        if (!status) return status.error();
    const auto verb = command ? verb_from(*command) : std::nullopt;
    if (!verb)
        return Error{
            "command: expected one of query params start stop drainstop suspend resume enable "
            "disable drain reload map events flight stage, got " +
            (command ? config::in_quotes(*command) : std::string{"nothing"})};
    request.verb = *verb;
    if (const Status belongs = check_belongings(request); !belongs) return belongs.error();
    return request;
}

std::string_view name_of(Verb verb) {
    return kVerbs[static_cast<std::size_t>(verb)];
}

std::string encode_answer(const CommandResult& result, Json clusters, const Json& more) {
    Json answer = {{"ok", is_ok(result.value)},
                   {"return_value", static_cast<int>(result.value)},
                   {"message", result.message},
                   {"rules", result.rules},
                   {"clusters", std::move(clusters)}};
    if (more.is_object()) answer.update(more);
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nlb::controlplane
