// XML as a tree of names, texts and lines; expat parses. No document type, so no entities of the
// file's own; depth and size have limits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/windows/source_text.hpp"

namespace nlb::cli::windows {

inline constexpr std::size_t kXmlDepthMax = 64;
inline constexpr std::size_t kXmlElementsMax = 200'000;

struct XmlElement {
    std::string name;    // without its namespace's prefix
    std::string n;       // the attribute N, by which CLIXML names properties
    std::string ref_id;  // the attribute RefId, by which it refers to types
    std::string text;    // of this element alone, blanks around it cut off
    std::size_t line = 0;
    std::vector<XmlElement> children;

    // The first child of that name, in any case of letters; nullptr: none.
    [[nodiscard]] const XmlElement* child(std::string_view wanted) const;
};

// An error begins with "FILE:LINE".
[[nodiscard]] Result<XmlElement> parse_xml(std::string_view bytes, const std::string& file);

}  // namespace nlb::cli::windows
