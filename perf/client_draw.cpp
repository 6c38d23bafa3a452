// Vose's way to build the alias slots: each holds one likelihood of 1/count, filled by at most two
// clients.
#include "perf/client_draw.hpp"

#include <cmath>

namespace nlb::perf {
namespace {

std::vector<double> zipf_weights(std::uint32_t count, double exponent) {
    std::vector<double> weights(count);
    double sum = 0;
    for (std::uint32_t i = 0; i < count; ++i) sum += weights[i] = std::pow(i + 1.0, -exponent);
    for (double& weight : weights) weight *= count / sum;
    return weights;
}

}  // namespace

ClientDraw::ClientDraw(Spread spread, std::uint32_t count, double exponent)
    : spread_(spread), count_(count), last_(count - 1) {
    if (spread_ != Spread::zipf) return;
    std::vector<double> weights = zipf_weights(count, exponent);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < count; ++i) (weights[i] < 1 ? small : large).push_back(i);
    slots_.assign(count, {UINT32_MAX, 0});
    for (std::uint32_t i = 0; i < count; ++i) slots_[i].alias = i;
    while (!small.empty() && !large.empty()) {
        const std::uint32_t poor = small.back();
        const std::uint32_t rich = large.back();
        small.pop_back();
        slots_[poor] = {static_cast<std::uint32_t>(weights[poor] * UINT32_MAX), rich};
        weights[rich] -= 1 - weights[poor];
        if (weights[rich] >= 1) continue;
        large.pop_back();
        small.push_back(rich);
    }
}

std::uint32_t ClientDraw::next(Prng& random) {
    if (spread_ == Spread::sequential) return last_ = last_ + 1 == count_ ? 0 : last_ + 1;
    const std::uint64_t drawn = random.next();
    const auto number = static_cast<std::uint32_t>(
        (static_cast<std::uint64_t>(static_cast<std::uint32_t>(drawn)) * count_) >> 32);
    if (spread_ == Spread::uniform) return number;
    return static_cast<std::uint32_t>(drawn >> 32) <= slots_[number].keep ? number
                                                                          : slots_[number].alias;
}

}  // namespace nlb::perf
