#include "controlplane/replay/clocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>

namespace nlb::controlplane {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
// Two lives of one machine read one clock unless it was booted anew.
constexpr std::int64_t kSameClock = 2'000'000'000;

using Pair = std::pair<std::size_t, std::size_t>;  // from, to
using Shortest = std::map<Pair, std::int64_t>;     // heard minus sent, by two clocks

Shortest shortest_passages(const History& history) {
    std::map<FrameName, const Passage*> sent;
    for (const Passage& passage : history.sent) sent.try_emplace(passage.frame, &passage);
    Shortest shortest;
    for (const Passage& passage : history.heard) {
        const auto from = sent.find(passage.frame);
        if (from == sent.end() || from->second->life == passage.life) continue;
        const std::int64_t took = (passage.at - from->second->at).count();
        auto& known =
            shortest.try_emplace({from->second->life, passage.life}, kNever).first->second;
        known = std::min(known, took);
    }
    return shortest;
}

}  // namespace

Clocks::Clocks(const History& history) : clocks_(history.lives.size()) {
    const auto& lives = history.lives;
    const auto most = std::max_element(
        lives.begin(), lives.end(), [](const auto& a, const auto& b) { return a.steps < b.steps; });
    reference_ = static_cast<std::size_t>(most - lives.begin());
    const Shortest shortest = shortest_passages(history);
    for (std::size_t life = 0; life < lives.size(); ++life)
        clocks_[life] = {lives[life].wall_minus_clock, kNever, false};
    clocks_[reference_] = {lives[reference_].wall_minus_clock, 0, true};
    // How much is to be added to `to`'s clock to read as `from`'s, and how well that is known.
    const auto relation =
        [&](std::size_t from,
            std::size_t to) -> std::optional<std::pair<std::int64_t, std::int64_t>> {
        const auto there = shortest.find({from, to});
        const auto back = shortest.find({to, from});
        if (there != shortest.end() && back != shortest.end())
            return std::pair{(back->second - there->second) / 2,
                             std::abs(back->second + there->second) / 2};
        const bool same_machine = lives[from].recorded_in == lives[to].recorded_in;
        if (same_machine &&
            std::abs(lives[from].wall_minus_clock - lives[to].wall_minus_clock) < kSameClock)
            return std::pair{std::int64_t{0}, std::int64_t{0}};
        return std::nullopt;
    };
    for (bool better = true; better;) {
        better = false;
        for (std::size_t from = 0; from < lives.size(); ++from)
            for (std::size_t to = 0; to < lives.size(); ++to) {
                if (from == to || clocks_[from].error_ns == kNever) continue;
                const auto known = relation(from, to);
                if (!known || clocks_[from].error_ns + known->second >= clocks_[to].error_ns)
                    continue;
                clocks_[to] = {clocks_[from].to_common_ns + known->first,
                               clocks_[from].error_ns + known->second, true};
                better = true;
            }
    }
    for (LifeClock& clock : clocks_)
        if (clock.error_ns == kNever) clock.error_ns = kWallError;
}

}  // namespace nlb::controlplane
