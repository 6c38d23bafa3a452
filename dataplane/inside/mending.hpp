// What is to be done so that an interface carries what is wished, from what the kernel says that it
// carries. Whatever somebody else has put there stays. It asks no kernel and sets nothing. Thread:
// any.
#pragma once

#include <set>
#include <vector>

#include "dataplane/inside/wishes.hpp"

namespace nlb::dataplane {

struct KernelAddress {
    IpAddress address;
    std::uint8_t length;
    bool usable;  // false: the kernel still looks for a duplicate, or has found one
};

struct KernelRoute {
    InsideRoute route;
    bool by_kernel;  // it came with an address
};

// An interface as the kernel has it now.
struct KernelView {
    int index = 0;  // 0: there is none of that name
    bool up = false;
    std::vector<KernelAddress> addresses;
    std::vector<KernelRoute> routes;  // of the main table, through it
};

struct RouteStep {
    InsideRoute route;
    // the kernel's own one, which names another source: to be removed before
    std::optional<InsideRoute> instead_of;
};

struct Mending {
    bool set_up = false;
    // In this order. What is removed is nlb's own, and comes again at once behind others.
    std::vector<InsideAddress> remove;
    std::vector<InsideAddress> add;
    [[nodiscard]] bool empty() const { return !set_up && remove.empty() && add.empty(); }
};

using InsideAddresses = std::set<InsideAddress>;

// `own`: what nlb has set and nobody else. Requires: the interface is there.
[[nodiscard]] Mending mending_of(const KernelView& view, const InsideWishes& wishes,
                                 const InsideAddresses& own);
// Routes cannot be decided upon before the addresses are there: with them come others.
[[nodiscard]] std::vector<RouteStep> routes_to_set(const KernelView& view,
                                                   const InsideWishes& wishes);
// Wished addresses that are not there, or are not usable yet, in the order of the wishes.
[[nodiscard]] std::vector<InsideAddress> missing_from(const KernelView& view,
                                                      const InsideWishes& wishes);

}  // namespace nlb::dataplane
