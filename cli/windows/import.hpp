// Files of Windows NLB to one configuration: read, interpreted, merged, written. No file is opened
// here and nothing is printed.
#pragma once

#include <string>
#include <vector>

#include "cli/windows/imported.hpp"

namespace nlb::cli::windows {

struct NamedBytes {
    std::string name;  // in messages and comments
    std::string bytes;
};

struct Imported {
    std::string yaml;
    std::vector<Change> changes;  // each parameter, value and outcome once
    std::vector<std::string> notes;
    std::size_t to_fill_in = 0;  // how often "TODO" stands there
};

// The error is every mistake, one a line, each "FILE:LINE: ...".
[[nodiscard]] Result<Imported> import_files(const std::vector<NamedBytes>& files);

}  // namespace nlb::cli::windows
