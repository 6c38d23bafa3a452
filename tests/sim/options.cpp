// The command line of nlb-sim; see the header.
#include "tests/sim/options.hpp"

#include <charconv>
#include <string_view>

namespace nlb::sim {
namespace {

template <class Integer>
bool read_number(std::string_view text, Integer& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

// "A..B" or "A-B" or one number.
template <class Integer>
bool read_range(std::string_view text, std::string_view separator, Integer& low, Integer& high) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return read_number(text, low) && read_number(text, high);
    return read_number(text.substr(0, at), low) &&
           read_number(text.substr(at + separator.size()), high) && low <= high;
}

bool read_faults(std::string_view text, std::vector<Fault>& faults) {
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(",+"), text.size());
        bool known = false;
        for (const FaultInfo& info : kFaults)
            if (info.name == text.substr(0, end)) {
                faults.push_back(info.fault);
                known = true;
            }
        if (!known) return false;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return !faults.empty();
}

bool read_mutation(std::string_view text, Mutation& mutation) {
    for (const MutationInfo& info : kMutations)
        if (info.name == text) {
            mutation = info.mutation;
            return true;
        }
    return false;
}

bool read_option(std::string_view name, std::string_view value, Choices& choices) {
    if (name == "--seeds") return read_range(value, "..", choices.first_seed, choices.last_seed);
    if (name == "--script") return !(choices.script_file = value).empty();
    if (name == "--record") return !(choices.record_below = value).empty();
    if (name == "--segment")
        return read_number(value, choices.segment_seconds) && choices.segment_seconds >= 1;
    if (name == "--seeds-file") return !(choices.seeds_file = value).empty();
    if (name == "--hosts") {
        choices.hosts_given = true;
        return read_range(value, "-", choices.hosts_min, choices.hosts_max) &&
               choices.hosts_min >= 2 && choices.hosts_max <= kHostsMax;
    }
    if (name == "--ignore") {
        choices.ignored.emplace_back(value);
        return true;
    }
    if (name == "--minutes") return read_number(value, choices.minutes);
    if (name == "--mutate") return read_mutation(value, choices.mutation);
    if (name == "--mode" && (value == "serve" || value == "majority")) {
        choices.majority = value == "majority";
        return true;
    }
    if (name == "--scenario") return read_faults(value, choices.faults);
    return false;
}

bool read_profile(std::string_view value, Choices& choices) {
    const auto at = value.find('x');
    return at != std::string_view::npos && read_number(value.substr(0, at), choices.period_ms) &&
           read_number(value.substr(at + 1), choices.tolerance) && choices.period_ms >= 1 &&
           choices.tolerance >= 3;
}

}  // namespace

std::optional<Choices> parse_options(int count, char** arguments, std::string& complaint) {
    Choices choices;
    for (int i = 1; i < count; ++i) {
        const std::string_view name = arguments[i];
        if (name == "--trace" || name == "--sticky" || name == "--print-script") {
            (name == "--trace"    ? choices.trace
             : name == "--sticky" ? choices.sticky
                                  : choices.print_script) = true;
            continue;
        }
        const std::string_view value = i + 1 < count ? arguments[++i] : "";
        const bool good =
            name == "--profile" ? read_profile(value, choices) : read_option(name, value, choices);
        if (good) continue;
        complaint = "nlb-sim: cannot read " + std::string(name) + " " + std::string(value);
        return std::nullopt;
    }
    return choices;
}

std::string usage() {
    std::string text =
        "usage: nlb-sim [--seeds A..B] [--seeds-file FILE] [--hosts N|LO-HI] [--minutes M] "
        "[--profile PERIODxTOLERANCE]\n"
        "               [--mode serve|majority] [--scenario LIST] [--mutate NAME] [--ignore "
        "INVARIANT] [--trace]\n"
        "               [--sticky] [--script FILE] [--print-script] [--record DIR [--segment "
        "SECONDS]]\n"
        "Runs the production cluster protocol under faults drawn from each seed; exit status 1 "
        "when a promise was broken.\n"
        "--minutes is virtual time with faults per seed, --sticky a rule with a time-out in each "
        "run that can have one. Faults of "
        "--scenario, separated by commas. A script says what happens (its seeds draw only chance "
        "on "
        "the switch and in the shells); --print-script writes what a seed draws as one. --record "
        "keeps what enters each control plane in DIR/SEED/machineN, for nlb-replay:\n";
    for (const FaultInfo& info : kFaults)
        text += "  " + std::string(info.name) + ": " + std::string(info.help) + "\n";
    text += "Guards that --mutate takes out:\n";
    for (const MutationInfo& info : kMutations)
        text += "  " + std::string(info.name) + ": " + std::string(info.help) + "\n";
    return text;
}

}  // namespace nlb::sim
