// How much is needed says startup/memory; what is made of it says startup/eal_arguments.
#include "dataplane/probe/memory.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "dataplane/startup/eal_arguments.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

constexpr const char* kSubject = "memory";
constexpr std::uint64_t kMebibyte = 1U << 20;
constexpr std::uint64_t kUsualPage = 2 * kMebibyte;

std::uint64_t pages_for(std::uint64_t bytes, std::uint64_t page) {
    return (bytes + page - 1) / page;
}

std::string reserve(std::uint64_t bytes, int node) {
    const std::string where = node < 0 ? "" : fmt::format(" --node {}", node);
    return fmt::format("nlb-bind-nic --persist --hugepages {}{}", pages_for(bytes, kUsualPage),
                       where);
}

// Buffers lie on their adapter's node; there they are looked for first.
void judge_nodes(const EalPlan& eal, const std::vector<HugePages>& pages, Findings& findings) {
    const bool several =
        std::any_of(pages.begin(), pages.end(), [](const HugePages& one) { return one.node > 0; });
    if (!several) return;
    for (const auto& [node, buffers] : eal.need.pools) {
        if (node < 0) continue;
        const std::uint64_t wanted = buffers * (kBufferExtraBytes + eal.need.frame_room);
        std::uint64_t free = 0;
        for (const HugePages& one : pages)
            if (one.node == node) free += one.free * one.page_bytes;
        if (free >= wanted) continue;
        findings.push_back({FindingId::hugepages_far, kSubject,
                            fmt::format("NUMA node {} has the adapter and {} MiB of free huge "
                                        "pages; its buffers take {} MiB",
                                        node, free / kMebibyte, pages_for(wanted, kMebibyte)),
                            reserve(wanted, node)});
    }
}

}  // namespace

Findings judge_memory(const StartupPlan& plan, const Machine& machine,
                      const std::vector<HugePages>& pages, bool runs) {
    Findings findings;
    if (const auto lcores = plan_lcores(plan.clusters, plan.eal.main_lcore, machine.cpus); !lcores)
        return {
            {FindingId::lcores_refused, kSubject, lcores.error().message, "name fewer `lcores`"}};
    if (runs) return findings;
    const auto eal = plan_eal(plan, machine);
    if (!eal)
        return {{FindingId::memory_too_little, kSubject, eal.error().message,
                 "lower `connections.max`, or add memory"}};
    const std::uint64_t wanted =
        (plan.eal.memory_mib != 0 ? plan.eal.memory_mib : eal.value().need.mebibytes()) * kMebibyte;
    if (!plan.eal.hugepages) return findings;
    std::uint64_t reserved = 0;
    for (const HugePages& one : pages) reserved += one.all;
    if (reserved == 0)
        findings.push_back({FindingId::hugepages_none, kSubject,
                            fmt::format("no huge pages are reserved; {} MiB of plain memory take "
                                        "their place, which is slower",
                                        wanted / kMebibyte),
                            reserve(wanted, -1)});
    else if (!eal.value().huge_pages)
        findings.push_back({FindingId::hugepages_too_few, kSubject,
                            fmt::format("{} MiB of huge pages are free and {} MiB are needed, so "
                                        "plain memory is used, which is slower",
                                        machine.huge_bytes_free / kMebibyte, wanted / kMebibyte),
                            reserve(wanted, -1)});
    else
        judge_nodes(eal.value(), pages, findings);
    return findings;
}

}  // namespace nlb::dataplane
