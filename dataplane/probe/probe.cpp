// The order: what runs, the machine, then each port; DPDK last, and only for what may be opened.
#include "dataplane/probe/probe.hpp"

#include <algorithm>
#include <iterator>

#include "config/daemon/run_directory.hpp"
#include "dataplane/probe/adapters.hpp"
#include "dataplane/probe/inside.hpp"
#include "dataplane/probe/interfaces.hpp"
#include "dataplane/probe/memory.hpp"
#include "dataplane/probe/permissions.hpp"
#include "dataplane/probe/processors.hpp"
#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/machine.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

void append(Findings& all, Findings more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
}

bool has(const Findings& findings, FindingId id, const std::string& subject) {
    return std::any_of(findings.begin(), findings.end(), [&](const config::Finding& one) {
        return one.id == id && one.subject == subject;
    });
}

bool is_wrong(const Findings& findings, const std::string& subject) {
    return std::any_of(findings.begin(), findings.end(), [&](const config::Finding& one) {
        return one.subject == subject &&
               config::kind_of(one.id).severity == config::Severity::error;
    });
}

// A device that the start would refuse for a reason that no other finding has said yet.
FindingId why_refused(const Device& device, const std::string& sentence) {
    const bool used = sentence.find("in use already") != std::string::npos;
    return used && !device.is_pci() ? FindingId::device_in_use : FindingId::device_refused;
}

// Those that may be opened; of the others, why not.
std::vector<std::string> usable_devices(const StartupPlan& plan, const Surroundings& surroundings,
                                        const PermissionFacts& permissions, Findings& findings) {
    std::vector<std::string> usable;
    const bool permitted = may(permissions, kCapNetAdmin) && may(permissions, kCapNetRaw);
    for (const ClusterPlan& cluster : plan.clusters) {
        const std::pair<const Device*, const char*> sides[] = {{&cluster.outside, " outside"},
                                                               {&cluster.inside, " inside"}};
        for (const auto& [device, side] : sides) {
            const std::string subject = cluster.name + side;
            // Without rights every sentence would be about them.
            if (is_wrong(findings, subject) || !permitted) continue;
            const auto good = check_device(*device, subject, surroundings);
            if (good)
                usable.push_back(device->name);
            else
                findings.push_back({why_refused(*device, good.error().message), subject,
                                    good.error().message, "ip -details link"});
        }
    }
    return usable;
}

std::uint64_t page_bytes_of(const std::vector<HugePages>& pages) {
    std::uint64_t largest = 0;
    for (const HugePages& one : pages)
        if (one.free > 0) largest = std::max(largest, one.page_bytes);
    return largest;
}

void look_at_machine(const StartupPlan& plan, const Files& files, bool runs, const Machine& machine,
                     Findings& findings) {
    const std::vector<HugePages> pages = read_huge_pages(files);
    append(findings, judge_memory(plan, machine, pages, runs));
    append(findings,
           judge_processors(read_processors(files, plan, machine.cpus), plan, machine.adapters));
    append(findings, judge_clock(read_clock(files)));
    AdapterFacts adapters = read_adapters(files, plan);
    adapters.may_lock = may(read_permissions(files), kCapIpcLock);
    const auto need = memory_need(plan.clusters, 1, machine.adapters).bytes;
    append(findings, judge_adapters(adapters, need, plan.eal.hugepages ? page_bytes_of(pages) : 0));
}

void look_at_interfaces(const StartupPlan& plan, const config::Config& config, const Files& files,
                        bool runs, Findings& findings) {
    const auto addresses = read_addresses(files);
    for (const BorrowedFacts& facts : read_borrowed(files, plan, addresses))
        append(findings, judge_borrowed(facts, runs));
    for (const InsideFacts& facts : read_inside(files, plan, config, addresses))
        append(findings, judge_inside(facts, runs));
}

// What nothing bad was found about is said to be right.
void add_right(const StartupPlan& plan, Findings& findings) {
    const auto quiet = [&](const std::string& subject) {
        return std::none_of(findings.begin(), findings.end(), [&](const config::Finding& one) {
            return one.subject == subject && config::is_bad(one);
        });
    };
    Findings right;
    for (const auto& [subject, says] :
         {std::pair{"memory", "the memory that the plan needs is there"},
          std::pair{"processors", "each worker has its CPU"},
          std::pair{"clock", "the time stamp counter is trusted, and nobody takes time away"},
          std::pair{"permissions", "capabilities and device files are there"}})
        if (quiet(subject)) right.push_back({FindingId::machine_right, subject, says, ""});
    for (const ClusterPlan& cluster : plan.clusters)
        for (const char* const side : {" outside", " inside"})
            if (quiet(cluster.name + side))
                right.push_back(
                    {FindingId::port_right, cluster.name + side,
                     "nothing speaks against " +
                         (side == std::string_view{" outside"} ? cluster.outside : cluster.inside)
                             .text(),
                     ""});
    append(findings, std::move(right));
}

}  // namespace

ProbeReport probe(const StartupPlan& plan, const config::Config& config,
                  const std::vector<InsideChoice>& choices, const Files& files) {
    ProbeReport report{plan.host, daemon::RunDirectory::is_held(plan.run_dir, "dataplane"), {}, {}};
    Findings& findings = report.findings;
    Machine machine = read_machine(files);
    for (const ClusterPlan& cluster : plan.clusters)
        for (const Device* device : {&cluster.outside, &cluster.inside})
            if (device->is_pci())
                machine.adapters.emplace(device->name,
                                         read_pci(*device, files.place_of(kPciDevices)));
    const PermissionFacts permissions = read_permissions(files);
    append(findings, judge_permissions(permissions, plan));
    look_at_machine(plan, files, report.runs, machine, findings);
    look_at_interfaces(plan, config, files, report.runs, findings);
    for (const InsideChoice& choice : choices)
        if (choice.device.driver != kTapDriver)
            findings.push_back({FindingId::tap_without_offloads, choice.cluster + " inside",
                                choice.because, "use a newer kernel"});
    // The running one has its ports: it tells of them over the control socket.
    if (!report.runs) {
        Surroundings surroundings = read_surroundings();
        surroundings.pci_devices = files.place_of(kPciDevices);
        const auto usable = usable_devices(plan, surroundings, permissions, findings);
        if (const auto eal = plan_eal(plan, machine); eal && !usable.empty()) {
            OpenedPorts opened = open_ports(plan, eal.value(), usable);
            if (!opened.eal_refusal.empty())
                findings.push_back({FindingId::dpdk_refused, "memory", opened.eal_refusal,
                                    "nlb-dataplane --probe --config FILE --host NAME"});
            for (const PortFacts& port : opened.ports)
                if (!has(findings, FindingId::no_carrier, port.subject))
                    append(findings, judge_port(port));
            report.ports = std::move(opened.ports);
        }
    }
    add_right(plan, findings);
    return report;
}

}  // namespace nlb::dataplane
