// What arrived of each client's frames, by their sequence numbers: which flows lost some, and which
// came out of order. A frame is missed when a later one of its client has come: what was sent after
// a client's last arrival, or of a client never heard, is the sender's to tell.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace nlb::perf {

class FlowLosses {
public:
    explicit FlowLosses(std::uint32_t clients)
        : flows_(std::bit_ceil(std::max(clients, 512U) * std::size_t{2})) {}

    void add(std::uint32_t client, std::uint32_t sequence) {
        Flow* const flow = find(client);
        if (flow == nullptr) {
            ++untracked_;
            return;
        }
        if (flow->count++ == 0) {
            *flow = {client, 1, sequence, sequence};
            return;
        }
        const auto ahead = static_cast<std::int32_t>(sequence - flow->last);
        if (ahead > 0)
            flow->last = sequence;
        else
            ++disordered_;
    }

    struct Sum {
        std::uint64_t flows = 0;
        std::uint64_t lossy = 0;  // flows
        std::uint64_t lost = 0;   // frames, of all flows
        std::uint64_t worst = 0;  // frames of one flow
    };
    [[nodiscard]] Sum sum() const {
        Sum sum;
        for (const Flow& flow : flows_) {
            if (flow.count == 0) continue;
            const std::uint64_t expected = flow.last - flow.first + std::uint64_t{1};
            const std::uint64_t lost = expected - std::min<std::uint64_t>(flow.count, expected);
            ++sum.flows;
            sum.lossy += lost != 0;
            sum.lost += lost;
            sum.worst = std::max(sum.worst, lost);
        }
        return sum;
    }
    // Frames that came after a later one of their client, or twice.
    [[nodiscard]] std::uint64_t disordered() const { return disordered_; }
    // Frames of clients that found no slot here: there are more than was said.
    [[nodiscard]] std::uint64_t untracked() const { return untracked_; }
    void forget() {
        std::fill(flows_.begin(), flows_.end(), Flow{});
        disordered_ = untracked_ = 0;
    }

private:
    struct Flow {
        std::uint32_t client = 0;
        std::uint32_t count = 0;
        std::uint32_t first = 0;
        std::uint32_t last = 0;
    };
    static constexpr std::size_t kProbesMost = 16;
    [[nodiscard]] Flow* find(std::uint32_t client) {
        const std::size_t home = (client * std::uint64_t{0x9e3779b97f4a7c15} >> 20);
        for (std::size_t probe = 0; probe < kProbesMost; ++probe) {
            Flow& flow = flows_[(home + probe) & (flows_.size() - 1)];
            if (flow.count == 0 || flow.client == client) return &flow;
        }
        return nullptr;
    }
    std::vector<Flow> flows_;
    std::uint64_t disordered_ = 0;
    std::uint64_t untracked_ = 0;
};

}  // namespace nlb::perf
