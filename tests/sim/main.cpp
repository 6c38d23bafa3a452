// nlb-sim: runs the production cluster protocol under the faults of each seed, in virtual time, and
// says which promise broke first. The same seeds give the same runs bit for bit; the last line's
// digest shows it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/fault_plan.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/script.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

struct Totals {
    std::uint64_t seeds = 0;
    std::uint64_t failures = 0;
    std::uint64_t first_failed = 0;  // how many seeds it took, from 1
    std::uint64_t events = 0;
    std::uint64_t frames = 0;
    std::uint64_t packets = 0;
    std::uint64_t late_doubles = 0;
    std::uint64_t exempt_runs = 0;
    std::uint64_t epochs = 0;
    std::uint64_t resets = 0;
    std::uint64_t rejected = 0;
    std::uint64_t returns = 0;
    std::uint64_t found = 0;
    std::uint64_t moved = 0;
    std::uint64_t moved_found = 0;
    Duration simulated{};
    RunningDigest digest;
    std::vector<Duration> healed;
    std::vector<Duration> windows;
};

Settings settings_of(const Choices& choices, std::uint64_t seed, Prng& prng) {
    // splitmix walks through its seeds: neighbours must not share a walk
    prng = Prng{Prng{seed}.next()};
    if (choices.scripted) return *choices.scripted;
    return Settings::draw(choices, prng);
}

void print_failure(const Choices& choices, std::uint64_t seed, const Failure& failure) {
    std::printf("seed %llu t=%s %s %s\n", static_cast<unsigned long long>(seed),
                in_seconds(failure.time).c_str(), failure.invariant.c_str(), failure.text.c_str());
    Prng prng{0};
    const Settings settings = settings_of(choices, seed, prng);
    std::string kinds;
    for (const Fault fault : settings.faults)
        kinds += " " + std::string(kFaults[static_cast<std::size_t>(fault)].name);
    std::printf("  %u hosts, %s, faults%s; the last events of each:\n", settings.hosts,
                settings.majority ? "majority" : "serve", kinds.c_str());
    World again{settings, prng, TraceMode::remember};
    again.run();
    for (HostId id = 1; id <= settings.hosts; ++id)
        for (const std::string& line : again.notes_of(id)) std::printf("    %s\n", line.c_str());
    std::fflush(stdout);
}

void run_seed(const Choices& choices, std::uint64_t seed, Totals& totals) {
    Prng prng{0};
    const Settings settings = settings_of(choices, seed, prng);
    World world{settings, prng, choices.trace ? TraceMode::print : TraceMode::off};
    if (!choices.record_below.empty())
        world.record_below(choices.record_below + "/" + std::to_string(seed),
                           std::chrono::seconds{choices.segment_seconds});
    world.run();
    const Findings& found = world.invariants().findings();
    ++totals.seeds;
    totals.events += world.scheduler().events();
    totals.frames += world.network().frames();
    totals.late_doubles += world.workload().late_doubles();
    totals.packets += world.workload().packets();
    totals.returns += world.returning().returns();
    totals.found += world.returning().found();
    totals.moved += world.returning().moved();
    totals.moved_found += world.returning().moved_found();
    totals.exempt_runs += found.exempt != 0 ? 1U : 0U;
    totals.epochs += found.epochs;
    totals.resets += found.resets;
    totals.rejected += found.rejected;
    totals.simulated += world.scheduler().now();
    totals.digest.add(seed);
    totals.digest.add(world.digest().value());
    if (!found.failure) {
        totals.healed.push_back(found.healed_after);
        totals.windows.insert(totals.windows.end(), found.planned_windows.begin(),
                              found.planned_windows.end());
        return;
    }
    if (totals.failures++ == 0) totals.first_failed = totals.seeds;
    print_failure(choices, seed, *found.failure);
}

std::string percentiles(std::vector<Duration>& values) {
    if (values.empty()) return "none";
    std::sort(values.begin(), values.end());
    const auto at = [&](std::size_t percent) {
        return in_seconds(values[std::min(values.size() - 1, values.size() * percent / 100)]);
    };
    return "p50 " + at(50) + " p99 " + at(99) + " max " + at(100) + " s of " +
           std::to_string(values.size());
}

void print_summary(Totals& totals, double wall_seconds) {
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("healed after the last fault: %s\n", percentiles(totals.healed).c_str());
    std::printf("buckets without an owner in planned moves: %s\n",
                percentiles(totals.windows).c_str());
    std::printf(
        "epochs %llu, resets %llu, replays refused %llu, runs with an exempt partition %llu, "
        "packets of once fenced flows taken twice "
        "%llu\n",
        number(totals.epochs), number(totals.resets), number(totals.rejected),
        number(totals.exempt_runs), number(totals.late_doubles));
    std::printf(
        "clients that came again in time %llu, at their former host %llu; of %llu whose bucket had "
        "moved %llu\n",
        number(totals.returns), number(totals.found), number(totals.moved),
        number(totals.moved_found));
    if (totals.failures != 0)
        std::printf("first failure after %llu seeds\n", number(totals.first_failed));
    const auto centihours =
        number(static_cast<std::uint64_t>(totals.simulated / std::chrono::hours{1} * 100) +
               static_cast<std::uint64_t>(totals.simulated % std::chrono::hours{1} /
                                          std::chrono::seconds{36}));
    std::printf(
        "seeds %llu, failures %llu, events %llu, frames %llu, packets %llu, virtual hours "
        "%llu.%02llu, wall seconds %.1f, digest %016llx\n",
        number(totals.seeds), number(totals.failures), number(totals.events), number(totals.frames),
        number(totals.packets), centihours / 100, centihours % 100, wall_seconds,
        number(totals.digest.value()));
}

// A line: a seed, then what the command line of the failure had; '#' begins a comment.
int run_seeds_file(const Choices& choices, Totals& totals) {
    std::ifstream file(choices.seeds_file);
    if (!file) {
        std::fprintf(stderr, "nlb-sim: cannot read %s\n", choices.seeds_file.c_str());
        return 2;
    }
    std::string line;
    while (std::getline(file, line)) {
        std::vector<std::string> words{"nlb-sim", "--seeds"};
        std::size_t at = 0;
        line.resize(std::min(line.size(), line.find('#')));
        while ((at = line.find_first_not_of(' ', at)) != std::string::npos) {
            const auto end = std::min(line.find(' ', at), line.size());
            words.push_back(line.substr(at, end - at));
            at = end;
        }
        if (words.size() == 2) continue;
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        std::string complaint;
        const auto parsed =
            parse_options(static_cast<int>(arguments.size()), arguments.data(), complaint);
        if (!parsed) {
            std::fprintf(stderr, "%s: %s\n", choices.seeds_file.c_str(), complaint.c_str());
            return 2;
        }
        for (std::uint64_t seed = parsed->first_seed; seed <= parsed->last_seed; ++seed)
            run_seed(*parsed, seed, totals);
    }
    return 0;
}

int run(int count, char** arguments) {
    if (count == 2 && std::string_view{arguments[1]} == "--help") {
        std::printf("%s", usage().c_str());
        return 0;
    }
    std::string complaint;
    auto choices = parse_options(count, arguments, complaint);
    if (!choices) {
        std::fprintf(stderr, "%s\n%s", complaint.c_str(), usage().c_str());
        return 2;
    }
    if (!choices->script_file.empty() && !read_script(*choices, complaint)) {
        std::fprintf(stderr, "%s\n", complaint.c_str());
        return 2;
    }
    if (choices->print_script) {
        for (std::uint64_t seed = choices->first_seed; seed <= choices->last_seed; ++seed) {
            Prng prng{0};
            Settings settings = settings_of(*choices, seed, prng);
            // the simulation's own draws come before those of the plan
            settings.script = World{settings, prng, TraceMode::off}.planned();
            std::printf("%s", text_of(settings).c_str());
        }
        return 0;
    }
    active_mutation = choices->mutation;
    const auto began = std::chrono::steady_clock::now();
    Totals totals;
    if (!choices->seeds_file.empty()) {
        if (const int status = run_seeds_file(*choices, totals); status != 0) return status;
    } else {
        for (std::uint64_t seed = choices->first_seed; seed <= choices->last_seed; ++seed) {
            run_seed(*choices, seed, totals);
            if (choices->mutation != Mutation::none && totals.failures != 0) break;
        }
    }
    print_summary(totals,
                  std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    return totals.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nlb::sim

int main(int count, char** arguments) {
    return nlb::sim::run(count, arguments);
}
