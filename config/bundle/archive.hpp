// A bundle: files of one host or of several in one file, a tar archive (POSIX ustar) under gzip
// (RFC 1952), so that it can be opened without nlb too. It knows nothing of what the files mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::bundle {

struct File {
    std::string name;  // relative, with "/" between its parts
    std::vector<Byte> bytes;
};

inline constexpr std::size_t kNameBytesMax = 100;
inline constexpr std::size_t kFilesMax = 100'000;
inline constexpr std::uint64_t kBytesMax = std::uint64_t{4} << 30;

// Replaces `path` when all is written, readable by its owner alone. Requires: names of at most
// kNameBytesMax.
[[nodiscard]] Status write_archive(const std::string& path, const std::vector<File>& files);
// An error is one sentence: it cannot be read, is none, or is cut off or damaged.
[[nodiscard]] Result<std::vector<File>> read_archive(const std::string& path);

}  // namespace nlb::bundle
