// Kernel interfaces that a port borrows (net_af_packet, net_af_xdp): whether they carry what nlb
// needs, and what the kernel does beside it. It changes none. Thread: main.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/finding_table.hpp"
#include "core/base/types.hpp"
#include "dataplane/startup/files.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

// An address of this machine, as the kernel lists them.
struct LocalAddress {
    std::string interface;
    IpAddress address;
    bool deprecated = false;  // preferred_lft 0; IPv6 only
};
// In the kernel's order: the first of a subnet is its source.
[[nodiscard]] std::vector<LocalAddress> read_addresses(const Files& files);

struct BorrowedFacts {
    std::string subject;  // "web outside"
    std::string name;
    bool is_outside = false;
    std::uint16_t mtu_wanted = 0;  // 0: as it is
    bool exists = false;
    bool up = false;
    bool carrier = false;
    bool arp = true;  // it speaks ARP
    bool promiscuous = false;
    std::uint32_t mtu = 0;
    std::string master;  // the bridge or bond that it is a port of
    int arp_ignore = 0;  // the greater one of `all` and its own
    bool ipv6 = false;
    std::vector<std::string> offloads_on;  // those that a running dataplane has switched off
    std::vector<IpAddress> addresses;      // but link-local ones
    // Of the cluster, and whether it is this kernel that has them (inside: this kernel).
    std::vector<IpAddress> virtual_addresses;
    bool vips_here = false;
};
[[nodiscard]] std::vector<BorrowedFacts> read_borrowed(const Files& files, const StartupPlan& plan,
                                                       const std::vector<LocalAddress>& addresses);
// `runs`: the dataplane of this plan does, and has set what it sets.
[[nodiscard]] config::Findings judge_borrowed(const BorrowedFacts& facts, bool runs);

// The virtual ones of a cluster, the primary one first.
[[nodiscard]] std::vector<IpAddress> virtual_addresses_of(const Tables& tables);

}  // namespace nlb::dataplane
