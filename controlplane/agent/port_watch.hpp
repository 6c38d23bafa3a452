// Whether a port has begun to lose frames, or is gone: one event when it begins, with what ends it,
// and one when a port is back. It takes what the dataplane counts; time comes in as an argument.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/ipc/port_report.hpp"

namespace nlb::controlplane {

// What a port loses frames by. Names are words of events and parts of metrics' names.
enum class Loss : std::uint8_t { missed, no_buffer, rx_errors, oversize, tx_errors };
inline constexpr std::size_t kLosses = 5;
[[nodiscard]] std::string_view name_of(Loss loss);
[[nodiscard]] std::string_view remedy_of(Loss loss);

class PortWatch {
public:
    // A loss that has not grown for so long begins anew when it grows.
    static constexpr Duration kQuiet = std::chrono::minutes{10};

    struct News {
        std::size_t port = 0;                 // its place in the report
        std::optional<Loss> loss;             // it has begun
        std::uint64_t frames = 0;             // since the last report
        std::optional<ipc::PortState> state;  // it has changed
    };
    // The next report, about each quarter of a second. The first one only tells where to count
    // from.
    [[nodiscard]] std::vector<News> take(
        Instant now, const std::array<ipc::PortReport, ipc::kPortsOfCluster>& ports);
    // What cannot be used now, and why; empty: both ports can.
    [[nodiscard]] std::string unusable_because() const;
    // Another dataplane counts from zero.
    void forget() { *this = PortWatch{}; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.seen_);
    }

private:
    struct Seen {
        std::array<std::uint64_t, kLosses> counts{};
        std::array<Instant, kLosses> grown_at{};
        ipc::PortState state = ipc::PortState::up;
    };
    std::array<std::optional<Seen>, ipc::kPortsOfCluster> seen_;
};

}  // namespace nlb::controlplane
