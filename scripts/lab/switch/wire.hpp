// The wire between the ports: it learns source MACs as a switch does, floods what it does not know,
// and lets the rules, the recorders and the players have their way. One thread; time comes in with
// each call.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "scripts/lab/switch/frame.hpp"
#include "scripts/lab/switch/port.hpp"
#include "scripts/lab/switch/recording.hpp"
#include "scripts/lab/switch/rules.hpp"

namespace nlb::lab {

inline constexpr std::size_t kPortsMax = 40;
inline constexpr std::size_t kStationsMax = 4096;
inline constexpr std::size_t kDelayedMax = 200'000;
inline constexpr std::size_t kPlayedAtOnceMax = 256;  // then the ports have their turn

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
// A sentence for people when something did not work.
using Trouble = std::optional<std::string>;

// What passes by a port (or all), written to a file.
struct Tap {
    std::string name;
    std::string port;  // empty: all
    std::optional<std::uint16_t> ethertype;
    Recorder recorder;
};

// A recording that is played as if it came in by a port. A stranger's has none: its frames go to
// all.
struct Player {
    std::string name;
    std::string from;
    std::vector<Recorded> frames;
    double rate = 0.0;             // frames a second; 0: the recording's own pace
    std::optional<Instant> until;  // absent: once through
    Instant began;
    Instant lap;  // when the first frame of this turn was due
    std::size_t next = 0;
    std::uint64_t played = 0;

    Instant due() const;
};

class Wire {
public:
    Trouble add_port(const std::string& name, const std::string& device);
    Trouble add_rule(Rule rule) { return rules_.add(std::move(rule)); }
    std::size_t remove_rules(const std::string& name) { return rules_.remove(name); }
    Trouble add_station(std::uint64_t mac, const std::string& port);
    void forget(std::uint64_t mac) { stations_.erase(mac); }
    void learn(bool on);
    Trouble record(Tap tap);
    // How many frames the recording has; nothing when there is none of that name.
    std::optional<std::uint64_t> stop_recording(const std::string& name);
    void play(Player player, Instant now);
    std::optional<std::uint64_t> stop_playing(const std::string& name);

    // Takes what arrived at a port and carries it. Whether more may wait there.
    bool serve(std::size_t port, Instant now);
    // Sends what was delayed until now, and what is to be played.
    void tick(Instant now);
    // When tick() is needed next.
    std::optional<Instant> next() const;

    const std::vector<std::unique_ptr<Port>>& ports() const { return ports_; }
    // What `status` prints, in JSON.
    std::string status();

private:
    struct Station {
        std::size_t port;
        bool fixed;
    };
    struct Delayed {
        Instant due;
        std::uint64_t number;  // of equal times the first comes first
        std::size_t port;
        Bytes frame;
        bool operator>(const Delayed& other) const {
            return due != other.due ? due > other.due : number > other.number;
        }
    };

    std::optional<std::size_t> find(const std::string& port) const;
    void enter(View frame, const std::string& from, std::optional<std::size_t> port, Instant now);
    void observe(View frame, const std::string& from);
    void carry(View frame, const std::string& from, std::optional<std::size_t> port,
               Nanoseconds delay, unsigned copies, Instant now);
    void leave(View frame, const std::string& from, std::size_t port, Nanoseconds delay,
               unsigned copies, Instant now);
    void put(View frame, std::size_t port, Nanoseconds delay, Instant now);
    void play_due(Instant now);
    void flush();

    std::vector<std::unique_ptr<Port>> ports_;
    std::unordered_map<std::uint64_t, Station> stations_;
    bool learning_ = true;
    Rules rules_;
    std::vector<Tap> taps_;
    std::vector<Player> players_;
    std::map<std::string, std::uint64_t> played_;  // by players that have ended
    std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed_;
    std::uint64_t delayed_ever_ = 0;
    std::uint64_t overflown_ = 0;  // frames beyond kDelayedMax
    std::deque<Bytes> held_;       // changed frames that stand in a port's line until flush()
};

}  // namespace nlb::lab
