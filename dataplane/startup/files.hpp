// /proc, /sys and /etc as this process sees them. Below a `root` lies what hides the machine's own:
// a file or a folder that is there counts, everything else is read from the machine. It writes
// nothing, and what cannot be read is nothing. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nlb::dataplane {

class Files {
public:
    explicit Files(std::string root = "") : root_(std::move(root)) {}

    // Where `path`, which begins with a slash, is read.
    [[nodiscard]] std::string place_of(const std::string& path) const;
    [[nodiscard]] bool exists(const std::string& path) const;
    // Without blanks and line ends at both ends.
    [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
    // The first word as a number, also a hexadecimal one that begins with 0x.
    [[nodiscard]] std::optional<std::int64_t> number(const std::string& path) const;
    // Of the entries of a folder, sorted.
    [[nodiscard]] std::vector<std::string> names(const std::string& path) const;
    // The last part of where a link points to; empty: it is none.
    [[nodiscard]] std::string link(const std::string& path) const;

private:
    std::string root_;
};

// "0-3,6" as the kernel lists CPUs and nodes; what is no such list is empty.
[[nodiscard]] std::vector<std::uint16_t> numbers_in_list(const std::string& text);

}  // namespace nlb::dataplane
