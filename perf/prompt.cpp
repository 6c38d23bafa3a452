// Lines are split at blanks and looked up in a table of commands.
#include "perf/prompt.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "core/packet/burst.hpp"

namespace nlb::perf {
namespace {

constexpr const char* kHelp =
    "start | stop | show port stats all | show fwd stats all | show config fwd | clear port stats "
    "all\n"
    "set fwd io|mac|nlb|flowgen|txonly|rxonly|trial | set burst N | set nbcore N | set rate N | "
    "set size N|imix | run SECONDS | help | "
    "quit\n";

using Words = std::vector<std::string>;

bool begins(const Words& words, const Words& with) {
    return words.size() >= with.size() && std::equal(with.begin(), with.end(), words.begin());
}

void start(Session& session, const Words& /*words*/) {
    if (session.running()) {
        std::puts("Packet forwarding already started");
        return;
    }
    if (auto started = session.start(); !started)
        std::printf("%s\n", started.error().message.c_str());
}

void stop(Session& session, const Words& /*words*/) {
    if (!session.running()) {
        std::puts("Packet forwarding not started");
        return;
    }
    session.stop();
    session.print_forward_statistics();
    std::printf("%s\n", session.result().dump().c_str());
}

void show_ports(Session& session, const Words& /*words*/) {
    session.show_ports();
}

void show_forward(Session& session, const Words& /*words*/) {
    session.print_forward_statistics();
}

void show_config(Session& session, const Words& /*words*/) {
    const Options& options = session.options();
    std::printf("%s packet forwarding - ports=%zu - cores=%u - rxq=%u - txq=%u - burst=%u\n",
                name_of(options.mode), session.port_count(), options.cores, options.rx_queues,
                options.tx_queues, options.burst);
}

void clear_ports(Session& session, const Words& /*words*/) {
    session.clear_ports();
}

void set_mode(Session& session, const Words& words) {
    const auto mode = words.size() > 2 ? mode_named(words[2]) : std::nullopt;
    if (!mode) {
        std::puts("set fwd: expected io, mac, nlb, flowgen, txonly, rxonly or trial");
        return;
    }
    if (const std::string lacks = what_lacks(session.options(), *mode); !lacks.empty()) {
        std::puts(lacks.c_str());
        return;
    }
    session.set_mode(*mode);
}

template <class Number>
void set_number(Number& to, const Words& words, unsigned most) {
    unsigned value = 0;
    const std::string text = words.size() > 2 ? words[2] : "";
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > most)
        std::printf("set %s: expected 1 to %u, got \"%s\"\n", words[1].c_str(), most, text.c_str());
    else
        to = static_cast<Number>(value);
}

void set_burst(Session& session, const Words& words) {
    set_number(session.options().burst, words, kBurstMax);
}

void set_cores(Session& session, const Words& words) {
    set_number(session.options().cores, words, RTE_MAX_LCORE - 1);
}

// 0 is `as many as go`.
void set_rate(Session& session, const Words& words) {
    if (words.size() > 2 && words[2] == "0")
        session.options().rate = 0;
    else
        set_number(session.options().rate, words, UINT32_MAX);
}

void set_size(Session& session, const Words& words) {
    TrafficTexts texts = session.options().traffic;
    texts.size = words.size() > 2 ? words[2] : "";
    if (const auto wishes = read_wishes(texts); wishes)
        session.options().traffic = texts;
    else
        std::printf("%s\n", wishes.error().message.c_str());
}

// One measurement from start to stop; its object is the last line.
void run(Session& session, const Words& words) {
    char* end = nullptr;
    const double seconds = words.size() > 1 ? std::strtod(words[1].c_str(), &end) : 0;
    if (seconds <= 0 || *end != 0) {
        std::puts("run: expected seconds");
        return;
    }
    session.options().seconds = seconds;
    static const std::atomic<bool> never{false};
    if (auto started = session.start(); !started) {
        std::printf("%s\n", started.error().message.c_str());
        return;
    }
    session.measure(never);
    std::printf("%s\n", session.result().dump().c_str());
}

void help(Session& /*session*/, const Words& /*words*/) {
    std::fputs(kHelp, stdout);
}

struct Command {
    Words words;
    void (*run)(Session&, const Words&);
    bool while_stopped = false;  // it changes what cores are using
};
const std::array<Command, 13> kCommands{{{{"start"}, start},
                                         {{"stop"}, stop},
                                         {{"show", "port", "stats", "all"}, show_ports},
                                         {{"show", "fwd"}, show_forward},
                                         {{"show", "config", "fwd"}, show_config},
                                         {{"clear", "port", "stats", "all"}, clear_ports},
                                         {{"set", "fwd"}, set_mode, true},
                                         {{"set", "burst"}, set_burst, true},
                                         {{"set", "nbcore"}, set_cores, true},
                                         {{"set", "rate"}, set_rate, true},
                                         {{"set", "size"}, set_size, true},
                                         {{"run"}, run, true},
                                         {{"help"}, help}}};

void obey(Session& session, const Words& words) {
    for (const Command& command : kCommands) {
        if (!begins(words, command.words)) continue;
        if (command.while_stopped && session.running())
            std::puts("Please stop forwarding first");
        else
            command.run(session, words);
        return;
    }
    std::puts("Bad arguments; `help` lists the commands");
}

}  // namespace

int run_prompt(Session& session, const std::atomic<bool>& interrupted) {
    std::string line;
    while (!interrupted.load(std::memory_order_relaxed)) {
        std::printf("nlb-perf> ");
        std::fflush(stdout);
        if (!std::getline(std::cin, line)) break;
        std::istringstream in(line);
        const Words words{std::istream_iterator<std::string>(in), {}};
        if (words.empty()) continue;
        if (words.front() == "quit" || words.front() == "exit") break;
        obey(session, words);
    }
    if (session.running()) stop(session, {});
    return 0;
}

}  // namespace nlb::perf
