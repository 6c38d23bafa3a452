// What `nlb doctor` can find, once: name, how bad it is, what it means, what mends it.
// docs/doctor.md is held equal to it. It finds nothing by itself; the two programs that do take the
// names here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nlb::config {

// clang-format off
// X(name, severity, means, remedy)
#define NLB_FILE_FINDINGS(X) \
    X(configuration_mistake,  error,   "the configuration cannot be used; place and mistake as `nlb check` says them", "correct the file; `nlb check`") \
    X(configuration_warning,  warning, "the configuration is usable, and something in it is odd", "read it; `nlb check` shows it too") \
    X(timing_impossible,      error,   "with this heartbeat a lease cannot outlast what loops and frames take", "raise `heartbeat.period` or `tolerance`") \
    X(timing_tight,           warning, "this heartbeat leaves little room for a busy machine", "raise `heartbeat.period` or `tolerance`") \
    X(key_missing,            error,   "a key file is not there", "`nlb keygen FILE` on one host, a copy on the others") \
    X(key_open,               error,   "a key file grants something to group or others, and is refused", "`chmod 600 FILE`") \
    X(key_unusable,           error,   "a key file is no regular file of 32 bytes, or cannot be read", "copy the key again") \
    X(key_of_another_user,    error,   "the units run as `nlb`, and the key file belongs to somebody else", "`chown nlb: FILE`") \
    X(key_shared,             warning, "two uses have the same key: who holds one holds both", "`nlb keygen` for one of them") \
    X(token_unusable,         error,   "`manager.token_file` is refused, so the control plane does not start", "write a token of 20 letters or more, mode 0600") \
    X(run_dir_unusable,       error,   "the run directory cannot be used: sockets and locks have no place", "correct its owner and mode, or `--run-dir`") \
    X(state_dir_unusable,     error,   "`state_dir` cannot be used: nothing survives a reboot", "correct its owner and mode") \
    X(state_dir_full,         warning, "less than 16 MiB are free where the state is kept", "make room") \
    X(listen_taken,           error,   "another program has the port of `metrics` or `manager`", "stop that program, or change `listen`") \
    X(listen_not_here,        error,   "`listen` names an address that this machine has not", "correct `listen`") \
    X(files_right,            ok,      "configuration, keys and directories are right", "nothing")

#define NLB_MACHINE_FINDINGS(X) \
    X(no_probe,               error,   "`nlb-dataplane --probe` did not answer, so the machine was not looked at", "install the dataplane, or read its words") \
    X(memory_too_little,      error,   "the plan needs more memory than there is", "lower `connections.max`, or add memory") \
    X(hugepages_none,         warning, "no huge pages are reserved: plain memory is slower", "`nlb-bind-nic --persist --hugepages N`") \
    X(hugepages_too_few,      warning, "fewer huge pages are free than the plan needs: it runs on plain memory", "`nlb-bind-nic --persist --hugepages N`") \
    X(hugepages_far,          warning, "the adapter's NUMA node has too few huge pages: buffers lie on another one", "`nlb-bind-nic --persist --hugepages N --node NODE`") \
    X(lcores_refused,         error,   "the plan has more workers than DPDK has lcores for", "name fewer `lcores`") \
    X(lcore_missing,          warning, "a CPU of `lcores` does not exist: all threads share the others", "correct `lcores`") \
    X(lcore_forbidden,        warning, "a CPU of `lcores` exists, and affinity or a cgroup keeps this process from it", "widen the cpuset, or change `lcores`") \
    X(lcores_share_core,      warning, "two workers run on hyperthreads of one core", "name one CPU of each core") \
    X(lcore_not_isolated,     warning, "`poll: busy`, and the kernel gives a worker's CPU to other programs too", "`isolcpus=` or `CPUAffinity=` of systemd") \
    X(lcore_far,              warning, "a worker is on another NUMA node than its adapter", "name lcores of the adapter's node") \
    X(main_shares_cpu,        warning, "no CPU is left for the main thread: it shares the workers'", "leave one CPU out of `lcores`") \
    X(governor_saves,         warning, "the frequency governor of a worker's CPU is not `performance`", "`cpupower frequency-set -g performance`") \
    X(tsc_unreliable,         warning, "the kernel or the CPU does not vouch for the time stamp counter, by which leases end", "see dmesg and the firmware's settings") \
    X(clock_slewed,           warning, "the clock is corrected by over 400 of the 500 ppm that the kernel can: times of events will drift apart", "`chronyc tracking`") \
    X(time_stolen,            warning, "the hypervisor has taken more than 1 % of this machine's time", "give the virtual machine CPUs of its own") \
    X(not_permitted,          error,   "this user may not open the ports", "run as root, or by the units") \
    X(looks_as_user,          warning, "the units may more than this user: what needs rights was not looked at", "`sudo nlb doctor`") \
    X(unit_lacks_rights,      error,   "a change of the unit takes capabilities away that the dataplane needs", "remove it from the drop-in; `systemctl edit`") \
    X(unit_lacks_device,      error,   "a change of the unit forbids a device file that the plan needs", "`DeviceAllow=` in the drop-in") \
    X(not_real_time,          warning, "without CAP_SYS_NICE the loops have no priority: a busy machine delays heartbeats", "run as root, or by the units") \
    X(memlock_too_low,        error,   "RLIMIT_MEMLOCK is below what VFIO locks for the adapter", "`LimitMEMLOCK=infinity`, or `ulimit -l unlimited`") \
    X(machine_right,          ok,      "memory, CPUs, clock and permissions are right", "nothing")

#define NLB_PORT_FINDINGS(X) \
    X(adapter_missing,        error,   "there is no such PCI device", "correct the address; `nlb-bind-nic` shows them") \
    X(adapter_unbound,        error,   "no kernel driver holds the adapter, and DPDK cannot reach it", "`nlb-bind-nic ADDRESS`") \
    X(adapter_of_kernel,      error,   "the adapter is still the kernel's", "`nlb-bind-nic ADDRESS`") \
    X(group_not_viable,       error,   "others hold devices of the adapter's IOMMU group, which VFIO gives out whole", "bind them together, or use another slot") \
    X(iommu_missing,          error,   "there is no IOMMU, so vfio-pci gives out no device", "turn on VT-d or AMD-Vi; `intel_iommu=on iommu=pt`") \
    X(iommu_unsafe,           warning, "vfio-pci runs without an IOMMU: the adapter may write anywhere in memory", "turn on VT-d or AMD-Vi") \
    X(vfio_not_loaded,        warning, "vfio-pci is not loaded", "`modprobe vfio-pci`") \
    X(binding_not_kept,       warning, "the binding to vfio-pci does not survive a reboot", "`nlb-bind-nic --persist ADDRESS`") \
    X(dma_entries_few,        warning, "VFIO's limit on mappings is below the number of huge pages", "raise `dma_entry_limit` of vfio_iommu_type1") \
    X(interface_missing,      error,   "the interface that the port borrows does not exist", "create it, or correct the name") \
    X(interface_down,         error,   "the interface that the port borrows is set down", "`ip link set NAME up`") \
    X(no_carrier,             error,   "the port has no link: this host will serve nobody", "check the cable and the switch") \
    X(mtu_too_small,          error,   "the port's MTU is below 1,500, which a cluster frame needs", "`ip link set NAME mtu 1500`") \
    X(mtu_differs,            warning, "the port's MTU is not the one that `mtu` says", "`ip link set NAME mtu MTU`") \
    X(interface_enslaved,     warning, "the interface is a port of a bridge or bond, which takes its frames too", "`ip link set NAME nomaster`") \
    X(interface_has_address,  warning, "the kernel has addresses on the outside interface and speaks there with its MAC", "move them; `ip address flush dev NAME`") \
    X(kernel_answers_arp,     error,   "the kernel answers ARP for virtual addresses outside: two stations claim one", "`ip link set NAME arp off`") \
    X(kernel_speaks_ipv6,     warning, "the kernel's own IPv6 is on outside and answers there with its MAC", "`sysctl -w net.ipv6.conf.NAME.disable_ipv6=1`") \
    X(offload_stays_on,       warning, "an offload is on beneath the running dataplane: frames arrive joined or unfinished", "`ethtool -K NAME OFFLOAD off`") \
    X(not_promiscuous,        error,   "the interface drops frames to the cluster's MAC before nlb sees them", "restart nlb-dataplane; see dmesg") \
    X(tun_missing,            error,   "/dev/net/tun is missing: the inside device cannot be made", "`modprobe tun`, or pass it into the container") \
    X(vhost_missing,          error,   "/dev/vhost-net is missing, which the port needs", "`modprobe vhost-net`") \
    X(device_in_use,          error,   "another process has the device", "stop it, or choose another name") \
    X(device_refused,         error,   "DPDK refuses the device; its words", "read them") \
    X(dpdk_refused,           error,   "DPDK does not start; its words", "read them") \
    X(queues_few,             warning, "the port spreads flows over fewer queues than there are lcores: slower", "name fewer `lcores`, or take another adapter") \
    X(port_complains,         warning, "the adapter works less well than it could; its driver's words", "read them") \
    X(port_drops,             warning, "a port of the running dataplane loses frames", "`nlb query --ports`, and docs/operations.md, Ports") \
    X(port_right,             ok,      "the port can be used", "nothing")

#define NLB_INSIDE_FINDINGS(X) \
    X(vip_elsewhere,          error,   "a virtual address is on another interface of this machine: two answer ARP", "`ip address del ADDRESS dev NAME`") \
    X(vip_on_loopback,        warning, "a virtual address is on the loopback too, as other balancers want it", "`ip address del ADDRESS dev lo`") \
    X(dedicated_elsewhere,    error,   "a dedicated address is on another interface: the kernel answers for it there", "`ip address del ADDRESS dev NAME`") \
    X(address_of_another,     error,   "this machine has an address that the file gives to another host", "correct `--host`, the file or the machine") \
    X(inside_device_missing,  error,   "the dataplane runs, and its inside interface is not there", "see the dataplane's log") \
    X(inside_address_missing, warning, "with `addresses_by: manual` an address is missing inside", "`ip address add ADDRESS dev NAME`") \
    X(vip_is_source,          warning, "this host's own connections may begin from a virtual address; answers reach another host", "dedicated first; IPv6 `preferred_lft 0`") \
    X(inside_arp,             warning, "arp_ignore or arp_announce of the inside interface is not what shared addresses need", "`sysctl -w`, as said") \
    X(inside_rp_filter,       warning, "strict rp_filter drops clients whose answer leaves another way", "`sysctl -w net.ipv4.conf.NAME.rp_filter=2`") \
    X(inside_ipv6_off,        error,   "IPv6 is off on the inside interface, and the cluster has IPv6 addresses", "`sysctl -w net.ipv6.conf.NAME.disable_ipv6=0`") \
    X(inside_forwards,        warning, "the kernel forwards what comes in by the inside device and is not its own", "`sysctl -w net.ipv4.conf.NAME.forwarding=0`") \
    X(no_default_route,       warning, "no default route: clients beyond the segment get no answer", "`gateway` of this host in the file") \
    X(default_route_elsewhere, warning, "the default route leaves through another interface: answers bypass nlb and keep that one's MAC", "remove it, so that `gateway` counts") \
    X(inside_mtu_differs,     warning, "MTU inside and outside differ: larger packets are lost", "set both alike") \
    X(tap_without_offloads,   warning, "taps of this kernel have no queues or offloads: each frame costs a system call", "use a newer kernel")

#define NLB_CLUSTER_FINDINGS(X) \
    X(controlplane_missing,   error,   "the dataplane runs without a control plane: its lease ends and it serves nobody", "`systemctl start nlb-controlplane`") \
    X(controlplane_of_another, error,  "the control plane that answers belongs to another host or file", "give both programs the same file and `--host`") \
    X(not_running,            ok,      "nothing runs here: what a running cluster would tell is not known", "nothing") \
    X(dataplane_missing,      error,   "the control plane runs without a dataplane", "`systemctl start nlb-dataplane`") \
    X(serves_not,             error,   "this host serves nobody although it should", "read the reason") \
    X(host_stopped,           warning, "this host was stopped or suspended by a command", "`nlb start`, or `nlb resume` first") \
    X(still_converging,       warning, "hosts have not agreed on a map yet", "wait; if it lasts, look at the host that is named") \
    X(link_down,              error,   "the outside port has no link", "check the cable and the switch") \
    X(deaf,                   error,   "no frame of any kind arrives outside", "check the port, the switch and the VLAN") \
    X(inside_not_ready,       error,   "what is accepted would reach no server", "read the reason") \
    X(member_missing,         warning, "a host of the file is not heard", "look at that host, its cables, its VLAN") \
    X(configuration_differs,  error,   "another host has another configuration, and is not admitted", "copy the right file and `nlb reload`") \
    X(reload_waits,           warning, "a new configuration waits for other hosts", "`nlb reload` there") \
    X(stranger_serves,        error,   "somebody serves this cluster under another key, version or VLAN", "correct that host, or this one") \
    X(id_in_use,              error,   "another living host has this host's id", "correct one of the two files") \
    X(address_claimed,        error,   "a stranger answers for a virtual address", "find that machine by its MAC") \
    X(heartbeats_refused,     warning, "cluster frames were refused; how many, and why", "compare key files; look for strangers") \
    X(clients_not_heard,      error,   "other hosts hear clients and this one does not: the switch does not flood to it", "`nlb ip2mac ADDRESS --switch KIND`") \
    X(flood_missing,          error,   "this host alone hears clients: the switch has learnt the cluster's MAC, or filters it", "`nlb ip2mac ADDRESS --switch KIND`") \
    X(querier_missing,        warning, "mode igmp, and no IGMP querier is heard: the switch forgets the group", "turn on a querier in this VLAN") \
    X(buckets_orphaned,       warning, "buckets of a rule have no owner: their clients get no answer", "`nlb query`; start a host that may serve it") \
    X(server_down,            warning, "the server of a rule on this host fails its check", "mend the server") \
    X(cluster_right,          ok,      "the cluster serves, and every host is heard", "nothing")
// clang-format on

enum class Severity : std::uint8_t { error, warning, ok };
inline constexpr std::array<std::string_view, 3> kSeverityNames{"error", "warning", "ok"};
enum class FindingArea : std::uint8_t { files, machine, ports, inside, cluster };

enum class FindingId : std::uint8_t {
#define NLB_X(name, severity, means, remedy) name,
    NLB_FILE_FINDINGS(NLB_X) NLB_MACHINE_FINDINGS(NLB_X) NLB_PORT_FINDINGS(NLB_X)
        NLB_INSIDE_FINDINGS(NLB_X) NLB_CLUSTER_FINDINGS(NLB_X)
#undef NLB_X
};

struct FindingKind {
    FindingId id;
    FindingArea area;
    std::string_view name;
    Severity severity;
    std::string_view means;
    std::string_view remedy;
};

inline constexpr std::array kFindings = {
#define NLB_ROW(area, name, severity, means, remedy) \
    FindingKind{FindingId::name, FindingArea::area, #name, Severity::severity, means, remedy},
#define NLB_X(...) NLB_ROW(files, __VA_ARGS__)
    NLB_FILE_FINDINGS(NLB_X)
#undef NLB_X
#define NLB_X(...) NLB_ROW(machine, __VA_ARGS__)
        NLB_MACHINE_FINDINGS(NLB_X)
#undef NLB_X
#define NLB_X(...) NLB_ROW(ports, __VA_ARGS__)
            NLB_PORT_FINDINGS(NLB_X)
#undef NLB_X
#define NLB_X(...) NLB_ROW(inside, __VA_ARGS__)
                NLB_INSIDE_FINDINGS(NLB_X)
#undef NLB_X
#define NLB_X(...) NLB_ROW(cluster, __VA_ARGS__)
                    NLB_CLUSTER_FINDINGS(NLB_X)
#undef NLB_X
#undef NLB_ROW
};

[[nodiscard]] constexpr const FindingKind& kind_of(FindingId id) {
    return kFindings[static_cast<std::size_t>(id)];
}
[[nodiscard]] constexpr std::optional<FindingId> finding_named(std::string_view name) {
    for (const FindingKind& kind : kFindings)
        if (kind.name == name) return kind.id;
    return std::nullopt;
}

// One thing that was found: about what, in one sentence, and the command that mends it (empty:
// there is nothing to mend).
struct Finding {
    FindingId id;
    std::string subject;
    std::string says;
    std::string mend;
    bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

[[nodiscard]] inline bool is_bad(const Finding& finding) {
    return kind_of(finding.id).severity != Severity::ok;
}

}  // namespace nlb::config
