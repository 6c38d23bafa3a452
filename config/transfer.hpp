// What goes from one host to another in pieces of text: base64 (RFC 4648 4) and a digest that says
// whether the pieces make what was sent. The digest is no seal: the channel has its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nlb::config {

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Nothing where the text is none. Requires: at most 2 MiB.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

// BLAKE2b of 16 bytes, as 32 hexadecimal digits.
[[nodiscard]] std::string digest_of_bytes(std::string_view bytes);

// A file's name without a directory, as keys that came are called: letters, digits, "-", "_", "."
// and no dot in front, 80 at most.
[[nodiscard]] bool is_plain_file_name(std::string_view name);

}  // namespace nlb::config
