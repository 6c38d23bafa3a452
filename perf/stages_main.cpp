// nlb-stages: bursts of generated frames through each stage of core by itself, for callgrind to
// count instructions with. It prints how many packets each stage was given; perf/stages runs it and
// does the sums. It needs no DPDK and knows no time.
#include <cstdio>
#include <memory>

#include "core/flow/simple_connections.hpp"
#include "core/pipeline.hpp"
#include "perf/traffic_options.hpp"

namespace nlb::perf {
namespace {

struct Work {
    bool ahead = true;  // the fast_path stage too
    bool stages = true;
    int rounds = 64;
};

// Each stage in a function of its own that no compiler may fold into another: callgrind tells
// functions apart, not lines.
#define NLB_STAGE [[gnu::noinline]] void
NLB_STAGE stage_fast_path(Burst& burst, const BurstContext& context,
                          SimpleConnections& connections) {
    fast_path(burst, context, connections.flow_index());
}
NLB_STAGE stage_parse(Burst& burst, const BurstContext& context) {
    parse(burst, context);
}
NLB_STAGE stage_neighbours(Burst& burst, const BurstContext& context) {
    answer_neighbours(burst, context);
}
NLB_STAGE stage_classify(Burst& burst, const BurstContext& context) {
    classify(burst, context);
}
NLB_STAGE stage_locate(Burst& burst, const BurstContext& context) {
    locate(burst, context);
}
NLB_STAGE stage_track(Burst& burst, const BurstContext& context, SimpleConnections& connections,
                      Counters& counters) {
    track(burst, context, connections, counters);
}
NLB_STAGE stage_count(Burst& burst, Counters& counters) {
    count_ingress(burst, counters);
}

struct Bench {
    Burst burst;
    SimpleConnections connections;
    Counters counters{};
    std::array<std::array<Byte, kFrameBytesMax>, kBurstMax> frames;
};

void run(Bench& bench, Traffic& traffic, const BurstContext& context, const Work& work) {
    Burst& burst = bench.burst;
    burst.count = kBurstMax;
    burst.on_fast_path = 0;
    burst.one_rule = false;
    for (std::size_t i = 0; i < kBurstMax; ++i) {
        Byte* const frame = bench.frames[i].data();
        burst.frames[i] = {frame, static_cast<std::uint16_t>(traffic.next(frame)), kFrameBytesMax};
    }
    if (!work.stages) return;
    if (work.ahead) stage_fast_path(burst, context, bench.connections);
    stage_parse(burst, context);
    stage_neighbours(burst, context);
    stage_classify(burst, context);
    stage_locate(burst, context);
    stage_track(burst, context, bench.connections, bench.counters);
    stage_count(burst, bench.counters);
}

int run_all(const TrafficTexts& texts, const std::string& path, const Work& work) {
    const auto wishes = read_wishes(texts);
    const auto fixed = read_tables_file(path);
    if (!wishes || !fixed) {
        std::fprintf(stderr, "nlb-stages: %s\n",
                     (!wishes ? wishes.error() : fixed.error()).message.c_str());
        return 2;
    }
    auto traffic = Traffic::make(wishes.value(), fixed.value().tables);
    if (!traffic) {
        std::fprintf(stderr, "nlb-stages: %s\n", traffic.error().message.c_str());
        return 2;
    }
    const auto bench = std::make_unique<Bench>();
    const PortAddresses ports{};
    const BurstContext context{fixed.value().tables, ports, Instant{std::chrono::hours{10}}, true};
    for (int round = 0; round < work.rounds; ++round) run(*bench, traffic.value(), context, work);
    std::printf("%d\n", work.rounds * static_cast<int>(kBurstMax));
    return 0;
}

}  // namespace
}  // namespace nlb::perf

int main(int argc, char** argv) {
    nlb::perf::TrafficTexts texts;
    std::string tables;
    nlb::perf::Work work;
    CLI::App app{"Each stage by itself, for callgrind.", "nlb-stages"};
    nlb::perf::add_traffic_options(app, texts);
    app.add_option("--tables", tables, "what `nlb tables` wrote")->required();
    app.add_flag("!--one-by-one", work.ahead, "without the fast_path stage");
    app.add_flag("!--frames-only", work.stages, "without any: what the frames themselves cost");
    app.add_option("--rounds", work.rounds, "bursts")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    return nlb::perf::run_all(texts, tables, work);
}
