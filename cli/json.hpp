// JSON as `nlb` writes it (keys in the order in which they are set) and as it reads it from
// programs that it does not trust: whatever is missing or of another kind reads as a stated
// default. Nothing here throws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace nlb::cli {

using Json = nlohmann::ordered_json;

// Empty: not JSON, or nested deeper than any answer is.
[[nodiscard]] std::optional<Json> parse_json(std::string_view text);
// One line without its end; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string one_line(const Json& value);

// The member `key` of an object; null for anything that is not there.
[[nodiscard]] const Json& member_of(const Json& object, std::string_view key);
// Control characters replaced, so that a peer's words cannot drive the terminal. An empty text
// counts as missing.
[[nodiscard]] std::string text_of(const Json& object, std::string_view key,
                                  std::string_view otherwise = "");
[[nodiscard]] std::int64_t number_of(const Json& object, std::string_view key,
                                     std::int64_t otherwise = 0);
[[nodiscard]] bool flag_of(const Json& object, std::string_view key, bool otherwise = false);
// Null unless the member is an array: a range that can always be walked.
[[nodiscard]] const Json& list_of(const Json& object, std::string_view key);

// Any scalar as text for people; containers in one line of JSON.
[[nodiscard]] std::string plain(const Json& value);
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace nlb::cli
