// The files of the page, compiled in: no path of a request ever reaches a file system.
#pragma once

#include <span>
#include <string_view>

namespace nlb::controlplane {

struct PageFile {
    std::string_view path;  // "/style.css"
    std::string_view type;  // "text/css; charset=utf-8"
    std::string_view tag;   // changes with what it holds, in quotes as HTTP's ETag
    std::string_view bytes;
};
// Sorted by path.
[[nodiscard]] std::span<const PageFile> page_files();
// "/" is "/index.html"; nullptr: there is none.
[[nodiscard]] const PageFile* find_page_file(std::string_view path);

}  // namespace nlb::controlplane
