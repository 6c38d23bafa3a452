// Requests and answers of the control socket as values (docs/control-socket.md). Whatever a client
// writes, this gives a request or a sentence; it never throws and never keeps what it does not
// understand.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/agent/return_value.hpp"
#include "controlplane/api/event_history.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

enum class Verb : std::uint8_t {
    query,
    params,
    start,
    stop,
    drainstop,
    suspend,
    resume,
    enable,
    disable,
    drain,
    reload,
    map,
    events,
    flight,
    stage,
    metrics
};

[[nodiscard]] std::string_view name_of(Verb verb);

struct Request {
    Verb verb = Verb::query;
    std::optional<std::string> cluster;
    std::optional<std::string> rule;
    bool alone = false;  // of start: do not wait for signs that somebody else serves
    bool force = false;  // of stop, drainstop, suspend: although nobody else serves
    // of start, reload: refuse when more buckets than that would change hands
    std::optional<std::uint64_t> max_moves;
    std::uint64_t last = kEventsKept;  // of events: how many
    std::optional<std::string> file;   // of flight: which; nothing: they are listed
    std::uint64_t offset = 0;          // of flight, with a file; of stage
    // of stage: a piece of a file that is brought here
    std::string kind;    // "configuration" or "key"
    std::string name;    // of a key
    std::string digest;  // config/transfer.hpp; of the whole
    std::uint64_t size = 0;
    std::string data;  // base64
    // of reload: use, or give up again, the configuration of that digest that was brought here
    std::optional<std::string> staged;
    std::optional<std::string> undo;
    Duration timeout = std::chrono::seconds{5};  // how long the answer may wait for the effect
};
inline constexpr Duration kTimeoutMax = std::chrono::minutes{10};

// `line` is one line without its end, from whoever may open the socket.
[[nodiscard]] Result<Request> parse_request(std::string_view line);

// One line, with its end. `more`: members besides the usual ones.
[[nodiscard]] std::string encode_answer(const CommandResult& result, nlohmann::json clusters,
                                        const nlohmann::json& more = {});

}  // namespace nlb::controlplane
