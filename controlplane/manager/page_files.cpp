// The table is written by embed.py when this is built.
#include "controlplane/manager/page_files.hpp"

#include <algorithm>

namespace nlb::controlplane {

const PageFile* find_page_file(std::string_view path) {
    const std::string_view wanted = path == "/" ? "/index.html" : path;
    const auto files = page_files();
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const PageFile& file) { return file.path == wanted; });
    return found == files.end() ? nullptr : &*found;
}

}  // namespace nlb::controlplane
