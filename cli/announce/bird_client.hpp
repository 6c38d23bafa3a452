// The control socket of BIRD (The BIRD Internet Routing Daemon, "Remote control"): a line goes
// there, numbered lines come back, and the last of them has a blank behind its number. Only what
// switches one protocol on or off is said.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::cli {

// The end of an answer: its number, and its text without control characters.
struct BirdReply {
    unsigned code = 0;
    std::string text;
};

// What BIRD has said so far; nothing: the answer goes on. Lines that are no answer are skipped.
[[nodiscard]] std::optional<BirdReply> read_bird_reply(std::string_view said);

// Opens the socket, says one command and waits for the answer, all within `timeout`. An error names
// the socket and the remedy.
[[nodiscard]] Result<BirdReply> ask_bird(const std::string& socket, const std::string& command,
                                         Duration timeout);

// Switches a protocol on (its routes are announced) or off.
[[nodiscard]] Status switch_protocol(const std::string& socket, const std::string& protocol,
                                     bool on, Duration timeout);

// Letters, digits and underscores, as BIRD's grammar has names: nothing else may reach its socket.
[[nodiscard]] bool is_bird_name(std::string_view text);

}  // namespace nlb::cli
