// nlb-stages: bursts of generated frames through each stage of core by itself, for callgrind to
// count instructions with. It prints how many packets each stage was given; perf/stages runs it and
// does the sums. It needs no DPDK and knows no time.
#include <cstdio>
#include <memory>

#include "core/clients/client_table.hpp"
#include "core/fastpath/tables_index.hpp"
#include "core/flow/simple_connections.hpp"
#include "core/pipeline.hpp"
#include "perf/server_answers.hpp"
#include "perf/traffic_options.hpp"

namespace nlb::perf {
namespace {

constexpr std::uint32_t kClients = 65536;

struct Work {
    bool ahead = true;  // the fast path, too
    bool stages = true;
    bool egress = false;          // the packets are their servers' answers
    std::uint32_t half_open = 0;  // flows of others beside
    std::uint16_t lanes = 1;      // this is the first of them
    std::uint32_t burden = 0;     // instructions per packet that the first stage wastes
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
NLB_STAGE stage_steer(Burst& burst, const BurstContext& context) {
    steer(burst, context);
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

NLB_STAGE stage_track_sticky(Burst& burst, const BurstContext& context,
                             SimpleConnections& connections, Counters& counters) {
    track_sticky(burst, context, connections, counters);
}
NLB_STAGE stage_fragments(Burst& burst, const BurstContext& context, FragmentTable& fragments) {
    fragments.follow(burst, context);
}
NLB_STAGE stage_fast_mask(Burst& burst, const BurstContext& context) {
    fast_mask(burst, context);
}
NLB_STAGE stage_mask(Burst& burst, const BurstContext& context) {
    mask(burst, context);
}
NLB_STAGE stage_replies(Burst& burst, const BurstContext& context, SimpleConnections& connections,
                        Counters& counters) {
    track_replies(burst, context, connections, counters);
}
NLB_STAGE stage_count_egress(Burst& burst, Counters& counters) {
    count_egress(burst, counters);
}

// For the test of the gate: a stage that has become slower.
void waste(std::uint32_t instructions) {
    constexpr std::uint32_t kPerTurn = 2;  // to count and to jump
    for (std::uint32_t left = instructions / kPerTurn; left != 0; --left) asm volatile("");
}
NLB_STAGE stage_fast_path_burdened(Burst& burst, const BurstContext& context,
                                   SimpleConnections& connections, std::uint32_t burden) {
    waste(burden * burst.count);
    fast_path(burst, context, connections.flow_index());
}

struct Bench {
    Burst burst;
    SimpleConnections connections;
    FragmentTable fragments{1};
    Counters counters{};
    std::array<std::array<Byte, kFrameBytesMax>, kBurstMax> frames;
};

void load(Bench& bench, Traffic& traffic) {
    Burst& burst = bench.burst;
    burst.count = kBurstMax;
    burst.on_fast_path = 0;
    burst.sticky = 0;
    burst.one_rule = false;
    for (std::size_t i = 0; i < kBurstMax; ++i) {
        Byte* const frame = bench.frames[i].data();
        burst.frames[i] = {frame, static_cast<std::uint16_t>(traffic.next(frame)), kFrameBytesMax};
    }
}

// As settle_ingress() in core/pipeline.hpp, but for ask_other_lanes(), which is for ICMP errors.
void run_ingress(Bench& bench, const BurstContext& context, const Work& work) {
    Burst& burst = bench.burst;
    if (work.burden != 0)
        stage_fast_path_burdened(burst, context, bench.connections, work.burden);
    else if (work.ahead)
        stage_fast_path(burst, context, bench.connections);
    if (!is_settled(burst)) {
        stage_parse(burst, context);
        stage_steer(burst, context);
        stage_neighbours(burst, context);
        stage_classify(burst, context);
        stage_locate(burst, context);
        stage_track(burst, context, bench.connections, bench.counters);
        stage_track_sticky(burst, context, bench.connections, bench.counters);
        stage_fragments(burst, context, bench.fragments);
    }
    stage_count(burst, bench.counters);
}

void run_egress(Bench& bench, const BurstContext& context, const Work& work) {
    Burst& burst = bench.burst;
    for (const Frame& frame : burst.frames) turn_round(frame.data);
    if (work.ahead) stage_fast_mask(burst, context);
    stage_mask(burst, context);
    stage_replies(burst, context, bench.connections, bench.counters);
    stage_count_egress(burst, bench.counters);
}

void run(Bench& bench, Traffic& traffic, const BurstContext& context, const Work& work) {
    load(bench, traffic);
    if (!work.stages) return;
    if (work.egress)
        run_egress(bench, context, work);
    else
        run_ingress(bench, context, work);
}

// Other clients' SYNs that no server has answered yet. What they cost is no stage's.
Status open_half(Bench& bench, TrafficWishes wishes, const BurstContext& context,
                 std::uint32_t count) {
    wishes.first_client += 1U << 20;
    wishes.clients = count;
    wishes.mix = {1, 0, 0};
    wishes.owned_percent = 100;
    auto others = Traffic::make(wishes, context.tables);
    if (!others) return others.error();
    while (bench.connections.size() < count) {
        load(bench, others.value());
        settle_ingress(bench.burst, context, bench.connections, bench.fragments, bench.counters);
    }
    return Done{};
}

int refuse(const Error& error) {
    std::fprintf(stderr, "nlb-stages: %s\n", error.message.c_str());
    return 2;
}

int run_all(const TrafficTexts& texts, const std::string& path, const Work& work) {
    const auto wishes = read_wishes(texts);
    if (!wishes) return refuse(wishes.error());
    const auto fixed = read_tables_file(path);
    if (!fixed) return refuse(fixed.error());
    const Tables& tables = fixed.value().tables;
    auto traffic = Traffic::make(wishes.value(), tables);
    if (!traffic) return refuse(traffic.error());
    const auto bench = std::make_unique<Bench>();
    const auto clients =
        has_sticky_rules(tables) ? std::make_unique<ClientTable>(kClients) : nullptr;
    const PortAddresses ports{};
    const auto index = std::make_unique<TablesIndex>(tables);
    const BurstContext context{tables,        ports, Instant{std::chrono::hours{10}},
                               true,          0,     work.lanes,
                               clients.get(), {},    index.get()};
    if (auto opened = open_half(*bench, wishes.value(), context, work.half_open); !opened)
        return refuse(opened.error());
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
    app.add_flag("!--one-by-one", work.ahead, "without fast_path or fast_mask");
    app.add_flag("--egress", work.egress, "from inside to outside: each packet turned round");
    app.add_option("--half-open", work.half_open, "half-open flows of others beside");
    app.add_option("--lanes", work.lanes, "workers of the host")->check(CLI::Range(1, 128));
    app.add_option("--burden", work.burden,
                   "instructions per packet that fast_path wastes, for a test of the gate");
    app.add_flag("!--frames-only", work.stages, "without any: what the frames themselves cost");
    app.add_option("--rounds", work.rounds, "bursts")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    return nlb::perf::run_all(texts, tables, work);
}
