// EAL's `lcore@(cpus)` lets an lcore float over several CPUs; that is how threads share a machine
// that is too small for them.
#include "dataplane/startup/lcores.hpp"

#include <algorithm>
#include <set>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::size_t kLcoresMax = 128;  // RTE_MAX_LCORE of the packaged DPDK; eal.cpp asserts it

bool contains(const std::vector<std::uint16_t>& cpus, std::uint16_t cpu) {
    return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
}

// "0-3,6"
std::string ranges_of(const std::vector<std::uint16_t>& cpus) {
    std::string text;
    for (std::size_t i = 0; i < cpus.size();) {
        std::size_t last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
        text += (text.empty() ? "" : ",") + std::to_string(cpus[i]);
        if (last > i) text += "-" + std::to_string(cpus[last]);
        i = last + 1;
    }
    return text;
}

std::optional<std::uint16_t> choose_main(const std::optional<std::uint16_t>& wished,
                                         const std::vector<std::uint16_t>& workers,
                                         const std::vector<std::uint16_t>& allowed) {
    if (wished)
        return contains(allowed, *wished) && !contains(workers, *wished) ? wished : std::nullopt;
    for (const std::uint16_t cpu : allowed)
        if (!contains(workers, cpu)) return cpu;
    return std::nullopt;
}

}  // namespace

Result<Lcores> plan_lcores(const std::vector<ClusterPlan>& clusters,
                           const std::optional<std::uint16_t>& main_cpu,
                           const std::vector<std::uint16_t>& allowed) {
    NLB_ASSERT(!allowed.empty());
    std::set<std::uint16_t> wanted;
    for (const ClusterPlan& cluster : clusters)
        wanted.insert(cluster.cpus.begin(), cluster.cpus.end());
    Lcores lcores;
    lcores.workers.assign(wanted.begin(), wanted.end());
    if (lcores.workers.size() + 1 > kLcoresMax)
        return Error{"lcores: at most " + std::to_string(kLcoresMax - 1) +
                     " workers on one host, got " + std::to_string(lcores.workers.size())};

    const std::string everywhere = "(" + ranges_of(allowed) + ")";
    std::vector<std::uint16_t> missing;
    for (const std::uint16_t cpu : lcores.workers)
        if (!contains(allowed, cpu)) missing.push_back(cpu);
    if (missing.empty())
        for (const std::uint16_t cpu : allowed)
            if (!contains(lcores.workers, cpu)) lcores.spare.push_back(cpu);
    const auto main = choose_main(main_cpu, lcores.workers, allowed);
    lcores.mapping = "0@" + (main && missing.empty() ? std::to_string(*main) : everywhere);
    for (std::size_t i = 0; i < lcores.workers.size(); ++i)
        lcores.mapping += "," + std::to_string(i + 1) + "@" +
                          (missing.empty() ? std::to_string(lcores.workers[i]) : everywhere);
    if (!missing.empty())
        lcores.warning = "lcores: CPU " + ranges_of(missing) +
                         " is not there for this process; all threads share CPUs " +
                         ranges_of(allowed);
    else if (!main)
        lcores.warning = "lcores: no CPU is left for the main thread; it shares CPUs " +
                         ranges_of(allowed) + " with the workers";
    return lcores;
}

}  // namespace nlb::dataplane
