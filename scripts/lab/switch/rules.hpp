// What the switch does to frames at a port, beyond carrying them: loss, delay, copies, tags,
// changed bytes. Rules are tried in the order in which they were added; each that matches acts,
// until one drops the frame.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "scripts/lab/switch/frame.hpp"

namespace nlb::lab {

inline constexpr std::size_t kRulesMax = 256;
inline constexpr unsigned kCopiesMax = 16;

using Nanoseconds = std::chrono::nanoseconds;

enum class Direction { in, out };  // from the port into the switch, or out of it
enum class Action { drop, loss, delay, duplicate, tag, strip, set };

struct Rule {
    std::string name;  // several may share one; they are removed together
    std::string port;
    Direction direction = Direction::in;
    // What it looks at; what is absent matches everything.
    std::optional<std::uint16_t> ethertype;
    bool other_ethertypes = false;    // matches all but `ethertype`
    std::optional<std::string> from;  // port by which the frame came in; Direction::out only
    std::optional<std::uint64_t> destination;
    std::optional<std::uint64_t> first;  // acts on so many frames, then on none

    Action action = Action::drop;
    double percent = 100.0;  // loss, duplicate
    Nanoseconds delay{0};
    Nanoseconds jitter{0};
    unsigned copies = 1;
    std::uint16_t vlan = 0;
    std::size_t offset = 0;
    Bytes bytes;

    std::uint64_t matched = 0;  // frames that it acted on
};

// What becomes of one frame after all rules of a port and direction.
struct Treatment {
    bool dropped = false;
    bool changed = false;  // then `frame` holds it
    Bytes frame;
    Nanoseconds delay{0};
    unsigned copies = 1;
};

class Rules {
public:
    // An error sentence when there are too many.
    std::optional<std::string> add(Rule rule);
    std::size_t remove(const std::string& name);
    const std::vector<Rule>& all() const { return rules_; }
    bool empty() const { return rules_.empty(); }

    Treatment treat(View frame, const std::string& port, Direction direction,
                    const std::string& from);

private:
    bool matches(const Rule& rule, View frame, const std::string& port, Direction direction,
                 const std::string& from) const;
    bool chance(double percent);

    std::vector<Rule> rules_;
    std::mt19937_64 random_{1};  // the same losses in each run
};

}  // namespace nlb::lab
