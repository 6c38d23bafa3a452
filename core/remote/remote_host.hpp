// The host's end of remote control: challenges whoever holds the key, takes each request once, and
// sends its answer in parts, a few at a time. Before a cookie comes back it remembers nothing of
// anybody, and what it sends is no larger than what it received. Without the key nobody gets a
// word. It reads no clock, knows no socket, and does not look into requests. Thread: one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/remote/remote_frames.hpp"

namespace nlb::remote {

// Who asked, at which address of ours, and through which station the answer goes back.
struct Peer {
    IpAddress address;
    std::uint16_t port = 0;
    IpAddress asked;
    MacAddress station;
};

// Who answers; of the configuration in force.
struct Identity {
    std::string host;
    HostId id = kNoHost;
    std::string cluster;
    std::uint8_t hosts = 1;
};

// What came of a datagram; each is a label of nlb_remote_requests_total.
enum class Outcome : std::uint8_t {
    challenged,
    taken,       // a request, for the first time
    more,        // parts were asked for again
    other_host,  // it is meant for another host
    unsealed,    // no such frame, or another key
    malformed,
    stale,     // the cookie is too old, another life's, or was given to another address
    replayed,  // the cookie was used, or the same question came again
    refused,   // it would change something, and may not
    busy,      // too many at a time
};
inline constexpr std::size_t kOutcomes = 10;
using OutcomeCounts = std::array<std::uint64_t, kOutcomes>;
[[nodiscard]] std::string_view name_of(Outcome outcome);

class RemoteHost {
public:
    static constexpr Duration kCookieLife = std::chrono::seconds{10};
    // A finished answer is kept for parts that were lost.
    static constexpr Duration kAnswerKept = std::chrono::seconds{10};
    static constexpr std::size_t kSessionsMax = 32;
    static constexpr std::size_t kUsedCookiesMax = 1024;
    // Parts that leave at once, and the time to the next ones: the frames of an answer share a
    // ring with heartbeats.
    static constexpr std::size_t kPartsAtOnce = 16;
    static constexpr Duration kPartsEvery = std::chrono::milliseconds{2};
    // How often each part may be sent again, on average.
    static constexpr std::size_t kResendsPerPart = 4;

    struct Send {
        Peer to;
        std::vector<Byte> bytes;
    };
    struct Run {
        Token client;
        Peer from;
        std::string text;
    };
    struct Wishes {
        std::optional<Send> send;
        std::optional<Run> run;  // to be answered by on_answer(), once
    };

    // Both outlive it.
    RemoteHost(const Sealer& sealer, OutcomeCounts& counts);

    [[nodiscard]] Wishes on_datagram(Instant now, const Identity& self, const Peer& from,
                                     std::span<const Byte> bytes);
    // The answer to a Run; nothing happens when that is forgotten. Requires: at most
    // kAnswerBytesMax.
    void on_answer(Instant now, const Token& client, std::string text);
    // Parts whose time has come.
    [[nodiscard]] std::vector<Send> on_tick(Instant now);
    [[nodiscard]] Instant next_wake() const { return next_parts_; }

private:
    struct Session {
        Peer peer;
        bool ready = false;
        std::string answer;
        std::vector<std::uint16_t> queue;  // parts to send
        std::uint32_t round = 0;
        std::size_t resends_left = 0;
        Instant kept_until = kForever;  // while it is not ready
    };
    [[nodiscard]] Wishes on_hello(Instant now, const Identity& self, const Peer& from,
                                  const Hello& hello);
    [[nodiscard]] Wishes on_request(Instant now, const Peer& from, const Request& request);
    [[nodiscard]] Wishes on_more(Instant now, const Peer& from, const More& more);
    [[nodiscard]] Cookie bake(Instant now, const Peer& from, const Token& client) const;
    // When it was baked; nothing when it was not baked here for this peer and client.
    [[nodiscard]] std::optional<Instant> baked_at(const Cookie& cookie, const Peer& from,
                                                  const Token& client) const;
    [[nodiscard]] Send answer(const Peer& to, const Answer& answer) const;
    [[nodiscard]] bool make_room(Instant now);
    void forget_old(Instant now);
    void count(Outcome outcome) { ++counts_[static_cast<std::size_t>(outcome)]; }

    const Sealer& sealer_;
    OutcomeCounts& counts_;
    Token boot_{};
    std::map<Token, Session> sessions_;
    std::map<Nonce, Instant> used_;  // until when it would be good
    Instant next_parts_ = kForever;
};

}  // namespace nlb::remote
