#include "scripts/lab/switch/commands.hpp"

#include <charconv>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace nlb::lab {
namespace {

constexpr std::size_t kSetBytesMax = 64;
constexpr std::uint16_t kVlanMax = 4095;

// A command that cannot be obeyed; what() is the answer. It does not leave obey().
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Words {
public:
    explicit Words(const std::string& line) : stream_(line) { stream_ >> word_; }

    bool end() const { return word_.empty(); }

    std::string take(const char* what) {
        if (end()) {
            throw Refused(std::string("expected ") + what + " at the end of the line");
        }
        std::string taken = std::exchange(word_, {});
        stream_ >> word_;
        return taken;
    }

    // Whether that word stands here; it is taken then.
    bool skip(const char* word) {
        if (word_ != word) {
            return false;
        }
        take(word);
        return true;
    }

    template <class T>
    T number(const char* what, T least, T most, int base = 10) {
        const std::string text = take(what);
        T value{};
        const char* end = text.data() + text.size();
        const auto found = [&] {
            if constexpr (std::is_floating_point_v<T>) {
                return std::from_chars(text.data(), end, value);
            } else {
                return std::from_chars(text.data(), end, value, base);
            }
        }();
        if (found.ec != std::errc() || found.ptr != end || value < least || value > most) {
            throw Refused(std::string("expected ") + what + ", got " + text);
        }
        return value;
    }

    Nanoseconds milliseconds() {
        const auto value = number<double>("milliseconds up to 60000", 0.0, 60'000.0);
        return Nanoseconds(static_cast<Nanoseconds::rep>(value * 1e6));
    }

    std::uint16_t ethertype() {
        return number<std::uint16_t>("an ethertype in hexadecimal", 0, 0xFFFF, 16);
    }

    Bytes hexadecimal() {
        const std::string text = take("bytes in hexadecimal");
        Bytes bytes(text.size() / 2);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            const char* digits = text.data() + 2 * at;
            if (std::from_chars(digits, digits + 2, bytes[at], 16).ptr != digits + 2) {
                throw Refused("expected bytes in hexadecimal, got " + text);
            }
        }
        if (bytes.empty() || text.size() % 2 != 0 || bytes.size() > kSetBytesMax) {
            throw Refused("expected 1 to 64 bytes in hexadecimal, got " + text);
        }
        return bytes;
    }

    std::uint64_t mac() {
        std::string text = take("a MAC");
        std::erase(text, ':');
        std::uint64_t value = 0;
        const char* end = text.data() + text.size();
        if (text.size() != 2 * kMacBytes ||
            std::from_chars(text.data(), end, value, 16).ptr != end) {
            throw Refused("expected a MAC such as 02:bf:c0:00:02:50, got " + text);
        }
        return value;
    }

    void finish() {
        if (!end()) {
            throw Refused("did not expect " + word_);
        }
    }

private:
    std::istringstream stream_;
    std::string word_;
};

void check(const Trouble& trouble) {
    if (trouble) {
        throw Refused(*trouble);
    }
}

template <class T>
T value_of(std::variant<T, std::string> result) {
    if (auto* trouble = std::get_if<std::string>(&result)) {
        throw Refused(*trouble);
    }
    return std::move(std::get<T>(result));
}

void read_conditions(Words& words, Rule& rule) {
    for (;;) {
        if (words.skip("type")) {
            rule.other_ethertypes = words.skip("not");
            rule.ethertype = words.ethertype();
        } else if (words.skip("from")) {
            rule.from = words.take("a port");
        } else if (words.skip("to")) {
            rule.destination = words.mac();
        } else if (words.skip("first")) {
            rule.first = words.number<std::uint64_t>("a count", 1, UINT64_MAX);
        } else {
            return;
        }
    }
}

void read_action(Words& words, Rule& rule) {
    const std::string verb = words.take("an action");
    if (verb == "drop") {
        rule.action = Action::drop;
    } else if (verb == "loss") {
        rule.action = Action::loss;
        rule.percent = words.number<double>("percent", 0.0, 100.0);
    } else if (verb == "delay") {
        rule.action = Action::delay;
        rule.delay = words.milliseconds();
        rule.jitter = words.end() ? Nanoseconds(0) : words.milliseconds();
    } else if (verb == "duplicate") {
        rule.action = Action::duplicate;
        rule.percent = words.end() ? 100.0 : words.number<double>("percent", 0.0, 100.0);
    } else if (verb == "tag") {
        rule.action = Action::tag;
        rule.vlan = words.number<std::uint16_t>("a VLAN id", 0, kVlanMax);
    } else if (verb == "strip") {
        rule.action = Action::strip;
    } else if (verb == "set") {
        rule.action = Action::set;
        rule.offset = words.number<std::size_t>("an offset", 0, kFrameBytesMax);
        rule.bytes = words.hexadecimal();
    } else {
        throw Refused("expected drop, loss, delay, duplicate, tag, strip or set, got " + verb);
    }
}

std::string add_rule(Wire& wire, Words& words) {
    Rule rule;
    rule.name = words.take("a rule's name");
    rule.port = words.take("a port");
    if (!words.skip("in")) {
        if (!words.skip("out")) {
            throw Refused("expected in or out behind the port");
        }
        rule.direction = Direction::out;
    }
    read_conditions(words, rule);
    read_action(words, rule);
    words.finish();
    check(wire.add_rule(std::move(rule)));
    return "";
}

std::string record(Wire& wire, Words& words) {
    const std::string name = words.take("a recording's name");
    Tap tap{name, "", std::nullopt, value_of(Recorder::create(words.take("a file")))};
    if (words.skip("port")) {
        tap.port = words.take("a port");
    }
    if (words.skip("type")) {
        tap.ethertype = words.ethertype();
    }
    words.finish();
    check(wire.record(std::move(tap)));
    return "";
}

std::string play(Wire& wire, Words& words, Instant now) {
    Player player;
    player.name = words.take("a player's name");
    player.frames = value_of(read_recording(words.take("a file")));
    if (words.skip("from")) {
        player.from = words.take("a port");
    }
    if (words.skip("rate")) {
        player.rate = words.number<double>("frames a second", 0.1, 1e6);
    }
    if (words.skip("seconds")) {
        const auto seconds = words.number<double>("seconds up to 3600", 0.0, 3600.0);
        player.until =
            now + std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
    }
    words.finish();
    const std::string frames = std::to_string(player.frames.size());
    wire.play(std::move(player), now);
    return frames;
}

std::string counted(std::optional<std::uint64_t> frames, const std::string& name) {
    if (!frames) {
        throw Refused("nothing is named " + name);
    }
    return std::to_string(*frames);
}

std::string perform(Wire& wire, Words& words, Instant now) {
    const std::string verb = words.take("a command");
    if (verb == "rule") {
        return add_rule(wire, words);
    }
    if (verb == "record") {
        return record(wire, words);
    }
    if (verb == "play") {
        return play(wire, words, now);
    }
    if (verb == "status") {
        return wire.status();
    }
    const std::string name = words.take("a name");
    if (verb == "port") {
        check(wire.add_port(name, words.take("a device")));
    } else if (verb == "remove") {
        return std::to_string(wire.remove_rules(name));
    } else if (verb == "recorded") {
        return counted(wire.stop_recording(name), name);
    } else if (verb == "played") {
        return counted(wire.stop_playing(name), name);
    } else if (verb == "learning") {
        wire.learn(name == "on");
    } else if (verb == "station") {
        check(wire.add_station(words.mac(), name));
    } else if (verb == "forget") {
        Words mac(name);
        wire.forget(mac.mac());
    } else {
        throw Refused("there is no command " + verb);
    }
    words.finish();
    return "";
}

}  // namespace

std::string obey(Wire& wire, const std::string& line, Instant now) {
    try {
        Words words(line);
        const std::string said = perform(wire, words, now);
        return said.empty() ? "ok" : "ok " + said;
    } catch (const Refused& refused) {
        return std::string("error ") + refused.what();
    }
}

}  // namespace nlb::lab
