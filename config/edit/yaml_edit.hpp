// One change to a YAML text that leaves every other byte as it is: comments, order, quotes and line
// ends. What comes out is read again and compared: it differs from the text in the one change, or
// there is an error and no text. It knows no key of ours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"

namespace nlb::config {

// A key of a mapping, or the place in a list, from 0 on.
using YamlStep = std::variant<std::string, std::size_t>;
using YamlPath = std::vector<YamlStep>;

// A scalar as it is safely written: bare, or in double quotes. Requires: no control characters.
[[nodiscard]] std::string yaml_scalar(std::string_view text);

// `value` is one line of YAML: a scalar, [..] or {..}.
// Gives `key` of the mapping that value. A key that is new stands behind the key `after`, where
// the mapping has that, else at the mapping's end.
[[nodiscard]] Result<std::string> yaml_set(std::string_view text, const YamlPath& mapping,
                                           const std::string& key, const std::string& value,
                                           std::string_view after = "");
// Puts a member at the end of a list.
[[nodiscard]] Result<std::string> yaml_append(std::string_view text, const YamlPath& list,
                                              const std::string& value);
// Takes a member out of its list, or a key with its value out of its mapping. Comments on lines of
// their own stay. Requires: the path is not empty.
[[nodiscard]] Result<std::string> yaml_remove(std::string_view text, const YamlPath& path);

}  // namespace nlb::config
