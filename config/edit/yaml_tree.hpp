// A YAML document as a tree that knows where each of its values stands in the text, byte for byte.
// It refuses what an editor of texts could get wrong: anchors, aliases, tags, block scalars and
// values that go on in the next line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace nlb::config {

struct YamlNode {
    enum class Kind { null, scalar, list, mapping };
    Kind kind = Kind::null;
    bool flow = false;      // of a list or a mapping: [..] or {..}
    std::size_t begin = 0;  // of a block list: its first "-"; of a block mapping: its first key
    std::size_t end = 0;    // behind the last byte; of a null: both are where it would stand
    std::string scalar;
    std::vector<YamlNode> keys;   // of a mapping, one for each item
    std::vector<YamlNode> items;  // of a list or a mapping, in the order of the text

    // Of a mapping; nullptr: it does not hold the key.
    [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

// The first document of the text. An error is a sentence that names the line.
[[nodiscard]] Result<YamlNode> read_yaml_tree(std::string_view text);
// The same values, wherever they stand and however they are written; a mapping's order is none.
[[nodiscard]] bool same_values(const YamlNode& one, const YamlNode& other);

}  // namespace nlb::config
