// Workers that are slower than they could be are warnings: nothing here keeps a host from serving.
#include "dataplane/probe/processors.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>
#include <sstream>
#include <sys/timex.h>

#include "dataplane/ports/numa.hpp"
#include "dataplane/startup/time_source.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

constexpr const char* kSubject = "processors";
constexpr const char* kClock = "clock";
// The kernel corrects no more than 500 ppm. Leases follow the uncorrected counter and bear 1 %.
constexpr double kSlewMostPpm = 400;
constexpr double kStolenMost = 0.01;

bool contains(const std::vector<std::uint16_t>& numbers, std::uint16_t wanted) {
    return std::find(numbers.begin(), numbers.end(), wanted) != numbers.end();
}

Processor read_processor(const Files& files, std::uint16_t cpu) {
    const std::string place = "/sys/devices/system/cpu/cpu" + std::to_string(cpu);
    Processor found;
    found.exists =
        contains(numbers_in_list(files.text("/sys/devices/system/cpu/online").value_or("")), cpu);
    found.siblings =
        numbers_in_list(files.text(place + "/topology/thread_siblings_list").value_or(""));
    found.governor = files.text(place + "/cpufreq/scaling_governor").value_or("");
    const std::string nodes = "/sys/devices/system/node";
    for (const std::uint16_t node : numbers_in_list(files.text(nodes + "/online").value_or("")))
        if (contains(
                numbers_in_list(
                    files.text(nodes + "/node" + std::to_string(node) + "/cpulist").value_or("")),
                cpu))
            found.node = node;
    return found;
}

void judge_presence(const ProcessorFacts& facts, Findings& findings) {
    for (const auto& [cpu, processor] : facts.workers) {
        if (contains(facts.allowed, cpu)) continue;
        if (processor.exists)
            findings.push_back(
                {FindingId::lcore_forbidden, kSubject,
                 fmt::format("CPU {} of `lcores` is kept from this process by affinity or a "
                             "cgroup: all threads share the others",
                             cpu),
                 "cat /sys/fs/cgroup/cpuset.cpus.effective"});
        else
            findings.push_back(
                {FindingId::lcore_missing, kSubject,
                 fmt::format("CPU {} of `lcores` does not exist: all threads share the others",
                             cpu),
                 "lscpu --extended=CPU,CORE,NODE"});
    }
    const bool left = std::any_of(
        facts.allowed.begin(), facts.allowed.end(),
        [&](std::uint16_t cpu) { return facts.workers.find(cpu) == facts.workers.end(); });
    if (!left)
        findings.push_back({FindingId::main_shares_cpu, kSubject,
                            "each CPU has a worker: the main thread, which keeps leases, shares "
                            "them",
                            "leave one CPU out of `lcores`"});
}

void judge_sharing(const ProcessorFacts& facts, Findings& findings) {
    std::set<std::vector<std::uint16_t>> told;
    for (const auto& [cpu, processor] : facts.workers)
        for (const std::uint16_t other : processor.siblings) {
            if (other <= cpu || facts.workers.find(other) == facts.workers.end()) continue;
            if (!told.insert(processor.siblings).second) continue;
            findings.push_back(
                {FindingId::lcores_share_core, kSubject,
                 fmt::format("workers on CPUs {} and {} run on one core, each at about half speed",
                             cpu, other),
                 "lscpu --extended=CPU,CORE,NODE"});
        }
}

void judge_nodes(const ProcessorFacts& facts, const StartupPlan& plan, const Adapters& adapters,
                 Findings& findings) {
    for (const ClusterPlan& cluster : plan.clusters) {
        std::vector<WorkerNode> workers;
        for (const std::uint16_t cpu : cluster.cpus)
            if (const auto known = facts.workers.find(cpu); known != facts.workers.end())
                workers.push_back({cpu, known->second.node});
        const std::pair<const Device*, const char*> sides[] = {{&cluster.outside, "outside"},
                                                               {&cluster.inside, "inside"}};
        for (const auto& [device, side] : sides) {
            const auto adapter = adapters.find(device->name);
            if (adapter == adapters.end()) continue;
            const std::string far = far_workers(cluster.name, side, adapter->second.node, workers);
            if (!far.empty())
                findings.push_back({FindingId::lcore_far, kSubject, far,
                                    fmt::format("cat /sys/devices/system/node/node{}/cpulist",
                                                adapter->second.node)});
        }
    }
}

}  // namespace

ProcessorFacts read_processors(const Files& files, const StartupPlan& plan,
                               const std::vector<std::uint16_t>& allowed) {
    ProcessorFacts facts;
    facts.allowed = allowed;
    facts.isolated = numbers_in_list(files.text("/sys/devices/system/cpu/isolated").value_or(""));
    for (const ClusterPlan& cluster : plan.clusters)
        for (const std::uint16_t cpu : cluster.cpus)
            facts.workers.emplace(cpu, read_processor(files, cpu));
    return facts;
}

Findings judge_processors(const ProcessorFacts& facts, const StartupPlan& plan,
                          const Adapters& adapters) {
    Findings findings;
    judge_presence(facts, findings);
    judge_sharing(facts, findings);
    judge_nodes(facts, plan, adapters, findings);
    std::string shared;
    std::string saving;
    for (const auto& [cpu, processor] : facts.workers) {
        if (plan.poll == config::PollMode::busy && !contains(facts.isolated, cpu))
            shared += (shared.empty() ? "" : ",") + std::to_string(cpu);
        if (!processor.governor.empty() && processor.governor != "performance")
            saving += (saving.empty() ? "" : ",") + std::to_string(cpu);
    }
    if (!shared.empty())
        findings.push_back(
            {FindingId::lcore_not_isolated, kSubject,
             fmt::format("`poll: busy` takes all of CPUs {}, and the kernel gives "
                         "them to other programs too",
                         shared),
             fmt::format("isolcpus={0} nohz_full={0} on the kernel's command line", shared)});
    if (!saving.empty())
        findings.push_back({FindingId::governor_saves, kSubject,
                            fmt::format("the frequency governor of CPUs {} saves power: workers "
                                        "answer later after a pause",
                                        saving),
                            fmt::format("cpupower -c {} frequency-set -g performance", saving)});
    return findings;
}

double stolen_share(const std::string& stat) {
    std::istringstream in(stat.substr(0, stat.find('\n')));
    std::string label;
    in >> label;
    double all = 0;
    double stolen = 0;
    double value = 0;
    // user nice system idle iowait irq softirq steal; guests' time is in user's already
    for (int field = 0; field < 8 && in >> value; ++field) {
        all += value;
        if (field == 7) stolen = value;
    }
    return label == "cpu" && all > 0 ? stolen / all : 0;
}

ClockFacts read_clock(const Files& files) {
    ClockFacts facts;
    std::string flags;
    std::istringstream cpuinfo(files.text("/proc/cpuinfo").value_or(""));
    for (std::string line; flags.empty() && std::getline(cpuinfo, line);)
        if (line.starts_with("flags")) flags = line;
    facts.complaint = time_source_complaint(
        files.text("/sys/devices/system/clocksource/clocksource0/current_clocksource").value_or(""),
        flags);
    timex now{};
    // Modes of zero only read; 2^-16 ppm are the unit.
    if (adjtimex(&now) >= 0) facts.slew_ppm = static_cast<double>(now.freq) / 65536;
    facts.stolen = stolen_share(files.text("/proc/stat").value_or(""));
    return facts;
}

Findings judge_clock(const ClockFacts& facts) {
    Findings findings;
    if (!facts.complaint.empty())
        findings.push_back({FindingId::tsc_unreliable, kClock, facts.complaint,
                            "dmesg | grep -i -e tsc -e clocksource"});
    if (std::abs(facts.slew_ppm) > kSlewMostPpm)
        findings.push_back(
            {FindingId::clock_slewed, kClock,
             fmt::format("the kernel corrects its clock by {:.0f} ppm, and 500 is all that it can: "
                         "leases bear it, the times of this host's events soon drift from others'",
                         facts.slew_ppm),
             "chronyc tracking"});
    if (facts.stolen > kStolenMost)
        findings.push_back({FindingId::time_stolen, kClock,
                            fmt::format("the hypervisor has taken {:.1f} % of this machine's time: "
                                        "heartbeats come late and leases may end",
                                        facts.stolen * 100),
                            "give the virtual machine CPUs of its own"});
    return findings;
}

}  // namespace nlb::dataplane
