// Vdevs are not among the arguments: ports.cpp probes each by itself, so that a refusal is tied to
// the device that caused it.
#include "dataplane/startup/eal_arguments.hpp"

#include <fmt/format.h>

namespace nlb::dataplane {
namespace {

constexpr std::uint64_t kMebibyte = 1U << 20;

// Two dataplanes on one machine must not share EAL's files: the run directory tells them apart, and
// the lock in it keeps it single.
std::string file_prefix(const StartupPlan& plan) {
    std::uint64_t digest = 0xcbf29ce484222325ULL;
    for (const char c : plan.run_dir + '\n' + plan.host)
        digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return fmt::format("nlb-{:016x}", digest);
}

bool uses_pci(const StartupPlan& plan) {
    for (const ClusterPlan& cluster : plan.clusters)
        if (cluster.outside.is_pci() || cluster.inside.is_pci()) return true;
    return false;
}

Status check_memory(const StartupPlan& plan, const Machine& machine, const MemoryNeed& need,
                    std::uint32_t mebibytes) {
    // The margin of an eighth is advice; below the sum itself the pools cannot be made.
    const std::uint64_t least = need.bytes / 9 * 8;
    if (mebibytes * kMebibyte < least)
        return Error{
            fmt::format("eal.memory: {} is too little: {} buffers and the connection tables "
                        "take {} MiB; raise it, remove it, or lower "
                        "connections.max",
                        plan.eal.memory_mib, need.buffers, need.mebibytes())};
    if (mebibytes * kMebibyte > machine.available_bytes &&
        mebibytes * kMebibyte > machine.huge_bytes_free)
        return Error{
            fmt::format("too little memory: {} buffers and the connection tables take {} MiB, {} "
                        "MiB are available; lower connections.max "
                        "or the number of lcores",
                        need.buffers, mebibytes, machine.available_bytes / kMebibyte)};
    return Done{};
}

}  // namespace

Result<EalPlan> plan_eal(const StartupPlan& plan, const Machine& machine) {
    auto lcores = plan_lcores(plan.clusters, plan.eal.main_lcore, machine.cpus);
    if (!lcores) return lcores.error();
    EalPlan eal;
    eal.adapters = machine.adapters;
    eal.lcores = lcores.value();
    if (!eal.lcores.warning.empty()) eal.warnings.push_back(eal.lcores.warning);
    eal.need = memory_need(plan.clusters, eal.lcores.workers.size(), machine.adapters);
    const std::uint32_t mebibytes =
        plan.eal.memory_mib != 0 ? plan.eal.memory_mib : eal.need.mebibytes();
    if (auto enough = check_memory(plan, machine, eal.need, mebibytes); !enough)
        return enough.error();

    eal.huge_pages = plan.eal.hugepages && machine.huge_bytes_free >= mebibytes * kMebibyte;
    if (plan.eal.hugepages && !eal.huge_pages && machine.huge_bytes_free > 0)
        eal.warnings.push_back(
            fmt::format("huge pages: {} MiB are free, {} MiB are needed; running on plain memory, "
                        "which is slower",
                        machine.huge_bytes_free / kMebibyte, mebibytes));
    eal.arguments = {"nlb-dataplane",           "--lcores=" + eal.lcores.mapping,
                     "--main-lcore=0",          "-m",
                     std::to_string(mebibytes), "--file-prefix=" + file_prefix(plan),
                     "--no-telemetry",          "--log-level=*:warning"};
    if (eal.huge_pages) {
        eal.arguments.push_back("--in-memory");  // leaves no file behind, however the process ends
    } else {
        eal.arguments.push_back("--no-huge");
        eal.arguments.push_back("--no-shconf");
    }
    if (!uses_pci(plan)) eal.arguments.push_back("--no-pci");
    for (const ClusterPlan& cluster : plan.clusters)
        for (const Device* device : {&cluster.outside, &cluster.inside})
            if (device->is_pci()) eal.arguments.insert(eal.arguments.end(), {"-a", device->text()});
    return eal;
}

}  // namespace nlb::dataplane
