// nlb-state: what ten million flows cost one worker: bytes, and the longest time that one of its
// turns takes while they come, are asked for, filed anew, and age; then a SYN flood on a full
// table. Exit codes: 0 done, 1 refused or failed, 2 usage.
#include <cstdio>
#include <iostream>
#include <rte_eal.h>
#include <unistd.h>

#include "perf/state_bench.hpp"

namespace {

using namespace nlb;
using namespace nlb::perf;

struct Wanted {
    std::string tables;
    std::uint32_t descriptors = 10'000'000;
    bool json = false;
};

void show(const char* what, const Json& told, const char* times) {
    const Json& wall = told[times]["wall_ns"];
    const Json& own = told[times]["processor_ns"];
    std::printf(
        "%-34s p99 %6.1f us, longest %7.1f us of its own time (%llu over 50 us; %7.1f by the "
        "clock)",
        what, own["p99"].get<double>() / 1000, own["max"].get<double>() / 1000,
        static_cast<unsigned long long>(own["over_50us"].get<std::uint64_t>()),
        wall["max"].get<double>() / 1000);
    if (told.contains("ns_per_packet"))
        std::printf(", %.0f ns per packet", told["ns_per_packet"].get<double>());
    if (told.contains("seconds")) std::printf(", %.2f s in all", told["seconds"].get<double>());
    if (told.contains("processor_seconds"))
        std::printf(", %.2f s of work in %.1f s", told["processor_seconds"].get<double>(),
                    told["seconds_of_the_clock"].get<double>());
    std::printf("\n");
    std::fflush(stdout);
}

TrafficWishes wishes_of(std::uint32_t clients, std::array<std::uint32_t, 3> mix,
                        std::uint32_t first = 0) {
    TrafficWishes wishes;
    wishes.clients = clients;
    wishes.mix = mix;
    wishes.first_client = first;
    return wishes;
}

// Each flow's SYN is followed up before many others have come: only so many may be half-open.
Status open_flows(StateBench& state, std::uint32_t count, StateBench::Sent& opened,
                  StateBench::Sent& established) {
    constexpr std::uint32_t kAtOnce = 1000;
    for (std::uint32_t first = 0; first < count; first += kAtOnce) {
        const std::uint32_t some = std::min(kAtOnce, count - first);
        if (auto sent = state.send(wishes_of(some, {1, 0, 0}, first), some, opened); !sent)
            return sent;
        if (auto sent = state.send(wishes_of(some, {0, 1, 0}, first), some, established); !sent)
            return sent;
    }
    return Done{};
}

// Flows come, are established, are asked for, filed anew, and end.
Status measure_flows(const Wanted& wanted, const Tables& tables, Json& result) {
    const std::uint64_t before = resident_bytes();
    auto bench = StateBench::make(tables, wanted.descriptors + wanted.descriptors / 8);
    if (!bench) return bench.error();
    StateBench& state = *bench.value();
    StateBench::Sent opened;
    StateBench::Sent established;
    StateBench::Sent spoken;
    if (auto done = open_flows(state, wanted.descriptors, opened, established); !done) return done;
    result["tracked"] = state.size();
    result["bytes_each"] =
        static_cast<double>(resident_bytes() - before) / static_cast<double>(state.size());
    std::printf("%zu descriptors: %.1f bytes each, resident\n", state.size(),
                result["bytes_each"].get<double>());
    show("SYN: inserted", result["insert"] = opened.figures(), "burst");
    show("first data: looked up", result["establish"] = established.figures(), "burst");
    if (auto sent =
            state.send(wishes_of(wanted.descriptors, {0, 1, 0}), wanted.descriptors, spoken);
        !sent)
        return sent;
    show("more data", result["speak"] = spoken.figures(), "burst");
    show("new rules: all filed anew", result["reindex"] = state.reindex(), "call");
    result["drain"] = state.read_ledger();
    std::printf("drain: what is left in which bucket is read in %u ns, without a walk\n",
                result["drain"]["ns"].get<std::uint32_t>());
    show("idle: all aged out",
         result["age"] = state.age(std::chrono::seconds{expires_after_s(tables.tcp_idle_s) + 2}, 0),
         "call");
    return Done{};
}

// A tenth of the table is established; then twice its size of SYNs that nobody follows up.
Status measure_flood(const Wanted& wanted, const Tables& tables, Json& result) {
    const std::uint32_t established = wanted.descriptors / 10;
    auto bench = StateBench::make(tables, wanted.descriptors);
    if (!bench) return bench.error();
    StateBench& state = *bench.value();
    StateBench::Sent ignored;
    StateBench::Sent flood;
    StateBench::Sent speak;
    StateBench::Sent fresh;
    if (auto done = open_flows(state, established, ignored, ignored); !done) return done;
    const std::uint64_t syns = 2ULL * wanted.descriptors;
    if (auto sent = state.send(wishes_of(2 * wanted.descriptors, {1, 0, 0}, 1U << 26), syns, flood);
        !sent)
        return sent;
    show("SYN flood, twice the table", result["flood"] = flood.figures(), "burst");
    const std::uint64_t half_open = state.size() - established;
    if (auto sent = state.send(wishes_of(established, {0, 1, 0}), established, speak); !sent)
        return sent;
    show("established flows during it", result["established_in_flood"] = speak.figures(), "burst");
    if (auto sent = state.send(wishes_of(100'000, {1, 0, 0}, 1U << 27), 100'000, fresh); !sent)
        return sent;
    result["new_in_flood"] = fresh.figures();
    const std::uint64_t tracked = fresh.reasons[static_cast<std::size_t>(Reason::new_flow)];
    show("flood over: half-open aged out",
         result["flood_age"] = state.age(std::chrono::seconds{tables.half_open_s + 1}, established),
         "call");
    std::printf(
        "half-open %lu of a table of %u; of 100,000 new flows at full speed then %lu were tracked, "
        "the others shed; %zu flows left\n",
        static_cast<unsigned long>(half_open), wanted.descriptors,
        static_cast<unsigned long>(tracked), state.size());
    result["half_open_at_most"] = half_open;
    return Done{};
}

int run(const Wanted& wanted) {
    auto fixed = read_tables_file(wanted.tables);
    Json result{{"kind", "state"}, {"descriptors", wanted.descriptors}};
    Status done =
        fixed ? measure_flows(wanted, fixed.value().tables, result) : Status{fixed.error()};
    if (done) done = measure_flood(wanted, fixed.value().tables, result);
    if (!done) {
        std::fprintf(stderr, "nlb-state: %s\n", done.error().message.c_str());
        return 1;
    }
    if (wanted.json) std::printf("%s\n", result.dump().c_str());
    return 0;
}

int start_eal(std::uint32_t descriptors) {
    const std::uint64_t mebibytes = 128 + std::uint64_t{descriptors} * 200 / (1U << 20);
    std::vector<std::string> arguments{"nlb-state",
                                       "--no-huge",
                                       "--no-shconf",
                                       "--no-pci",
                                       "--no-telemetry",
                                       "-m",
                                       std::to_string(mebibytes),
                                       "--lcores=0",
                                       "--log-level=error",
                                       "--file-prefix=nlb-state-" + std::to_string(getpid())};
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    return rte_eal_init(static_cast<int>(words.size()), words.data());
}

}  // namespace

int main(int argc, char** argv) {
    Wanted wanted;
    CLI::App app{"Ten million flows in the production connection table.", "nlb-state"};
    app.add_option("--tables", wanted.tables, "what `nlb tables` wrote")->required();
    app.add_option("--descriptors", wanted.descriptors, "so many flows")
        ->capture_default_str()
        ->check(CLI::Range(10'000U, 60'000'000U));
    app.add_flag("--json", wanted.json, "the last line is one JSON object");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& mistake) {
        std::cerr << "nlb-state: " << mistake.what() << "; see nlb-state --help\n";
        return 2;
    }
    if (start_eal(wanted.descriptors) < 0) {
        std::cerr << "nlb-state: EAL did not start; is there enough memory?\n";
        return 1;
    }
    const int code = run(wanted);
    rte_eal_cleanup();
    return code;
}
