#include "dataplane/startup/files.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <unistd.h>

namespace nlb::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBlanks = " \t\r\n";
// A list of CPUs is never longer; a broken one must not fill the memory.
constexpr std::size_t kListMax = 4096;
constexpr std::size_t kFileBytesMax = 4U << 20;

}  // namespace

std::string Files::place_of(const std::string& path) const {
    std::error_code ignored;
    // A link counts as there, wherever it points to.
    if (!root_.empty() && fs::exists(fs::symlink_status(root_ + path, ignored)))
        return root_ + path;
    return path;
}

bool Files::exists(const std::string& path) const {
    std::error_code ignored;
    return fs::exists(place_of(path), ignored);
}

std::optional<std::string> Files::text(const std::string& path) const {
    // Not by a stream: libstdc++ throws where the kernel refuses a read, as of a carrier that is
    // down.
    const int fd = ::open(place_of(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return std::nullopt;
    std::string whole;
    std::array<char, 4096> part{};
    ssize_t count = 0;
    while (whole.size() < kFileBytesMax && (count = ::read(fd, part.data(), part.size())) > 0)
        whole.append(part.data(), static_cast<std::size_t>(count));
    ::close(fd);
    if (count < 0) return std::nullopt;
    const std::size_t begin = whole.find_first_not_of(kBlanks);
    if (begin == std::string::npos) return "";
    return whole.substr(begin, whole.find_last_not_of(kBlanks) - begin + 1);
}

std::optional<std::int64_t> Files::number(const std::string& path) const {
    const auto read = text(path);
    if (!read || read->empty()) return std::nullopt;
    char* end = nullptr;
    const std::int64_t value = std::strtoll(read->c_str(), &end, 0);
    return end == read->c_str() ? std::nullopt : std::optional{value};
}

std::vector<std::string> Files::names(const std::string& path) const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(place_of(path), ignored))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::string Files::link(const std::string& path) const {
    std::error_code none;
    const fs::path target = fs::read_symlink(place_of(path), none);
    return none ? "" : target.filename().string();
}

std::vector<std::uint16_t> numbers_in_list(const std::string& text) {
    std::vector<std::uint16_t> numbers;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, ',');) {
        unsigned first = 0;
        unsigned last = 0;
        const int read = std::sscanf(part.c_str(), "%u-%u", &first, &last);
        if (read < 1) return {};
        if (read == 1) last = first;
        if (last > UINT16_MAX || numbers.size() + last - first > kListMax) return {};
        for (unsigned number = first; number <= last; ++number)
            numbers.push_back(static_cast<std::uint16_t>(number));
    }
    return numbers;
}

}  // namespace nlb::dataplane
