// Damerau-Levenshtein distance in its optimal string alignment form, on words too short for it to
// cost anything.
#include "config/nearest.hpp"

#include <algorithm>
#include <array>

namespace nlb::config {
namespace {

constexpr std::size_t kWordMax = 32;
constexpr std::size_t kDistanceMax = 2;

// Requires: both words at most kWordMax long.
std::size_t distance(std::string_view from, std::string_view to) {
    std::array<std::array<std::size_t, kWordMax + 1>, kWordMax + 1> cost{};
    for (std::size_t i = 0; i <= from.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= to.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
            cost[i][j] =
                std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            const bool swapped =
                i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[from.size()][to.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    std::string_view best;
    // A guess that shares less than half of the word would only confuse.
    std::size_t best_distance = std::min(kDistanceMax, word.size() / 2) + 1;
    for (const std::string_view candidate : known) {
        if (word.size() > kWordMax || candidate.size() > kWordMax) continue;
        const std::size_t apart = distance(word, candidate);
        if (apart >= best_distance) continue;
        best = candidate;
        best_distance = apart;
    }
    return best;
}

std::string one_of(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

}  // namespace nlb::config
