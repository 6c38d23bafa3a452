// The MAC of servers behind an inside port that is not this kernel's: asked for, learnt, held. Time
// and answers go in, questions and one MAC come out; it touches no port and reads no clock. One MAC
// is all that it remembers, whoever speaks inside. Thread: main.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "core/packet/inside_neighbours.hpp"

namespace nlb::dataplane {

// Between two questions while nothing is known, and afterwards.
inline constexpr Duration kAskUnknownEvery = std::chrono::milliseconds{100};
inline constexpr Duration kAskKnownEvery = std::chrono::seconds{1};
// Who has not answered for so long gives way to another one who does: a server was replaced. Until
// then a second one that answers changes nothing.
inline constexpr Duration kSilentLeast = std::chrono::seconds{3};

class ServerLearner {
public:
    // `port` is the inside port's own MAC, which no server has.
    explicit ServerLearner(const MacAddress& port) : port_(port) {}

    // The addresses that the servers have, the most certain ones first: dedicated, then virtual.
    void use(std::vector<IpAddress> addresses);
    // The question that is due; nothing when none is.
    [[nodiscard]] std::optional<std::vector<Byte>> question(Instant now);
    // True: the MAC is another one now.
    bool hear(const Frame& frame, Instant now);
    [[nodiscard]] const std::optional<MacAddress>& mac() const { return mac_; }

private:
    [[nodiscard]] bool is_silent(Instant now) const { return now - heard_at_ >= kSilentLeast; }

    const MacAddress port_;
    std::vector<IpAddress> addresses_;
    std::size_t next_ = 0;  // of the addresses: asked for last, or the one that answers
    Instant due_ = kLongAgo;
    std::optional<MacAddress> mac_;
    Instant heard_at_{};  // of mac_
};

}  // namespace nlb::dataplane
