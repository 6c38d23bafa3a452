// The longest common subsequence of what is left between equal heads and tails.
#include "cli/change/text_difference.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <vector>

namespace nlb::cli {
namespace {

constexpr std::size_t kAround = 2;
constexpr std::size_t kCellsMax = 4'000'000;  // of the table of common lengths

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

struct Step {
    char sign;  // ' ', '-' or '+'
    std::string_view line;
    std::size_t number;  // in the text before, from 1
};

// `a` and `b` from there to their ends without `tail` lines.
std::vector<Step> steps_between(const Lines& a, const Lines& b, std::size_t head,
                                std::size_t tail) {
    const std::size_t rows = a.size() - head - tail;
    const std::size_t columns = b.size() - head - tail;
    std::vector<Step> steps;
    std::size_t i = 0;
    std::size_t j = 0;
    if ((rows + 1) * (columns + 1) <= kCellsMax) {
        std::vector<std::uint32_t> common((rows + 1) * (columns + 1), 0);
        const auto at = [&](std::size_t r, std::size_t c) -> std::uint32_t& {
            return common[r * (columns + 1) + c];
        };
        for (std::size_t r = rows; r-- > 0;)
            for (std::size_t c = columns; c-- > 0;)
                at(r, c) = a[head + r] == b[head + c] ? at(r + 1, c + 1) + 1
                                                      : std::max(at(r + 1, c), at(r, c + 1));
        while (i < rows && j < columns) {
            if (a[head + i] == b[head + j]) {
                steps.push_back({' ', a[head + i], head + i + 1});
                ++i, ++j;
            } else if (at(i + 1, j) >= at(i, j + 1)) {
                steps.push_back({'-', a[head + i], head + i + 1});
                ++i;
            } else {
                steps.push_back({'+', b[head + j], head + i + 1});
                ++j;
            }
        }
    }
    for (; i < rows; ++i) steps.push_back({'-', a[head + i], head + i + 1});
    for (; j < columns; ++j) steps.push_back({'+', b[head + j], head + rows + 1});
    return steps;
}

}  // namespace

std::string difference_of(std::string_view before, std::string_view after) {
    const Lines a = lines_of(before);
    const Lines b = lines_of(after);
    std::size_t head = 0;
    while (head < std::min(a.size(), b.size()) && a[head] == b[head]) ++head;
    std::size_t tail = 0;
    while (tail < std::min(a.size(), b.size()) - head &&
           a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    std::vector<Step> steps;
    for (std::size_t i = head - std::min(head, kAround); i < head; ++i)
        steps.push_back({' ', a[i], i + 1});
    for (const Step& step : steps_between(a, b, head, tail)) steps.push_back(step);
    for (std::size_t i = a.size() - tail; i < std::min(a.size(), a.size() - tail + kAround); ++i)
        steps.push_back({' ', a[i], i + 1});
    std::string text;
    bool gap = true;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::size_t from = i - std::min(i, kAround);
        const std::size_t to = std::min(steps.size(), i + kAround + 1);
        const bool near = std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(from),
                                      steps.begin() + static_cast<std::ptrdiff_t>(to),
                                      [](const Step& step) { return step.sign != ' '; });
        if (near && gap) text += fmt::format("@@ line {} @@\n", steps[i].number);
        if (near) text += fmt::format("{}{}\n", steps[i].sign, steps[i].line);
        gap = !near;
    }
    return text;
}

}  // namespace nlb::cli
