// An address counts as there whatever its prefix: whoever set it by hand had a reason.
#include "dataplane/inside/mending.hpp"

#include <algorithm>

namespace nlb::dataplane {
namespace {

const KernelAddress* find(const KernelView& view, const IpAddress& address) {
    const auto found =
        std::find_if(view.addresses.begin(), view.addresses.end(),
                     [&address](const KernelAddress& one) { return one.address == address; });
    return found == view.addresses.end() ? nullptr : &*found;
}

bool share_subnet(const InsideAddress& one, const InsideAddress& other) {
    return one.address.is_v4() == other.address.is_v4() && one.length == other.length &&
           network_of(one.address, one.length) == network_of(other.address, other.length);
}

}  // namespace

Mending mending_of(const KernelView& view, const InsideWishes& wishes, const InsideAddresses& own) {
    Mending mending;
    mending.set_up = !view.up;
    const auto put = [&mending](const InsideAddress& address) {
        if (std::find(mending.add.begin(), mending.add.end(), address) == mending.add.end())
            mending.add.push_back(address);
    };
    // What nlb set for a configuration that is no more in force.
    for (const InsideAddress& one : own)
        if (std::find(wishes.addresses.begin(), wishes.addresses.end(), one) ==
                wishes.addresses.end() &&
            find(view, one.address) != nullptr)
            mending.remove.push_back(one);
    for (const InsideAddress& wished : wishes.addresses) {
        if (find(view, wished.address) != nullptr) continue;
        put(wished);
        if (wished.is_virtual || !wished.address.is_v4()) continue;
        // The kernel takes the first address of a subnet as the source for it: a dedicated one that
        // comes back has to stand before the virtual ones.
        for (const InsideAddress& other : wishes.addresses)
            if (other.is_virtual && own.contains(other) && share_subnet(wished, other) &&
                find(view, other.address) != nullptr &&
                std::find(mending.remove.begin(), mending.remove.end(), other) ==
                    mending.remove.end())
                mending.remove.push_back(other);
    }
    for (const InsideAddress& wished : wishes.addresses)
        if (std::find(mending.remove.begin(), mending.remove.end(), wished) != mending.remove.end())
            put(wished);
    return mending;
}

std::vector<RouteStep> routes_to_set(const KernelView& view, const InsideWishes& wishes) {
    std::vector<RouteStep> steps;
    for (const InsideRoute& wished : wishes.routes) {
        const auto same_way = [&wished](const KernelRoute& there) {
            return there.route.network == wished.network && there.route.length == wished.length &&
                   there.route.gateway == wished.gateway;
        };
        const auto found = std::find_if(view.routes.begin(), view.routes.end(), same_way);
        if (found == view.routes.end())
            steps.push_back({wished, std::nullopt});
        else if (found->by_kernel && wished.source && found->route.source != wished.source)
            steps.push_back({wished, found->route});
    }
    return steps;
}

std::vector<InsideAddress> missing_from(const KernelView& view, const InsideWishes& wishes) {
    std::vector<InsideAddress> missing;
    for (const InsideAddress& wished : wishes.addresses) {
        const KernelAddress* const there = find(view, wished.address);
        if (there == nullptr || !there->usable) missing.push_back(wished);
    }
    return missing;
}

}  // namespace nlb::dataplane
