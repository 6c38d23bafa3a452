#include "dataplane/probe/inside.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

#include "config/format.hpp"
#include "dataplane/inside/keeper.hpp"
#include "dataplane/ports/borrowed_interface.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

bool is_among(const std::vector<IpAddress>& addresses, const IpAddress& wanted) {
    return std::find(addresses.begin(), addresses.end(), wanted) != addresses.end();
}

std::vector<IpAddress> addresses_of_others(const config::Config& config, const std::string& cluster,
                                           const std::string& host) {
    std::vector<IpAddress> found;
    for (const config::Cluster& one : config.clusters) {
        if (one.name != cluster) continue;
        for (const config::Host& other : one.hosts)
            if (other.name != host)
                for (const config::Prefix& prefix : other.addresses)
                    found.push_back(prefix.address);
    }
    return found;
}

class Judge {
public:
    explicit Judge(const InsideFacts& facts) : facts_(facts) {}

    void add(FindingId id, std::string says, std::string mend) {
        findings_.push_back({id, facts_.subject, std::move(says), std::move(mend)});
    }

    // Who else has an address that nlb answers for.
    void places() {
        for (const LocalAddress& one : facts_.addresses) {
            const std::string address = config::to_string(one.address);
            const std::string removal = fmt::format("ip address del {}/{} dev {}", address,
                                                    one.address.is_v4() ? 32 : 128, one.interface);
            if (is_among(facts_.of_others, one.address))
                add(FindingId::address_of_another,
                    fmt::format("{} is on {}, and the file gives it to another host", address,
                                one.interface),
                    "nlb doctor --host NAME, or " + removal);
            const auto wished = std::find_if(
                facts_.wishes.addresses.begin(), facts_.wishes.addresses.end(),
                [&](const InsideAddress& wish) { return wish.address == one.address; });
            if (wished == facts_.wishes.addresses.end() || one.interface == facts_.interface)
                continue;
            if (!wished->is_virtual)
                add(FindingId::dedicated_elsewhere,
                    fmt::format("the dedicated address {} is on {}: the kernel answers for it "
                                "there, beside nlb",
                                address, one.interface),
                    removal);
            else if (one.interface == "lo")
                add(FindingId::vip_on_loopback,
                    fmt::format("the virtual address {} is on the loopback too, which nlb does not "
                                "need",
                                address),
                    removal);
            else
                add(FindingId::vip_elsewhere,
                    fmt::format("the virtual address {} is on {} too: the kernel answers ARP or ND "
                                "for it there, beside nlb",
                                address, one.interface),
                    removal);
        }
    }

    void missing() {
        if (facts_.managed) return;  // the dataplane tells, and mends
        for (const InsideAddress& wish : facts_.wishes.addresses) {
            const bool there = std::any_of(
                facts_.addresses.begin(), facts_.addresses.end(), [&](const LocalAddress& one) {
                    return one.interface == facts_.interface && one.address == wish.address;
                });
            if (!there)
                add(FindingId::inside_address_missing,
                    fmt::format("`addresses_by: manual`, and {} is not on {}",
                                config::to_string(wish.address), facts_.interface),
                    fmt::format("ip address add {}/{} dev {}", config::to_string(wish.address),
                                wish.length, facts_.interface));
        }
    }

    // The kernel takes the first IPv4 address of a subnet, and no deprecated IPv6 one.
    void sources() {
        for (const InsideAddress& wish : facts_.wishes.addresses) {
            if (!wish.is_virtual) continue;
            const LocalAddress* first = nullptr;
            const LocalAddress* own = nullptr;
            for (const LocalAddress& one : facts_.addresses) {
                if (one.interface != facts_.interface ||
                    one.address.is_v4() != wish.address.is_v4())
                    continue;
                if (first == nullptr &&
                    network_of(one.address, wish.length) == network_of(wish.address, wish.length))
                    first = &one;
                if (one.address == wish.address) own = &one;
            }
            if (own == nullptr) continue;
            const bool is_source = wish.address.is_v4() ? own == first : !own->deprecated;
            if (is_source)
                add(FindingId::vip_is_source,
                    fmt::format("this host's own connections may begin from the virtual address "
                                "{}, and their answers reach another host",
                                config::to_string(wish.address)),
                    wish.address.is_v4()
                        ? fmt::format("ip address del {0}/{1} dev {2}; ip address add {0}/{1} dev "
                                      "{2}  # behind a dedicated one",
                                      config::to_string(wish.address), wish.length,
                                      facts_.interface)
                        : fmt::format("ip address change {}/{} dev {} preferred_lft 0",
                                      config::to_string(wish.address), wish.length,
                                      facts_.interface));
        }
    }

    void settings() {
        for (const KernelSetting& setting : facts_.settings_to_change) {
            std::string name = "net." + setting.path;
            std::replace(name.begin(), name.end(), '/', '.');
            const bool ipv6 = setting.path.starts_with("ipv6/");
            const bool filter = setting.path.ends_with("rp_filter");
            add(ipv6     ? FindingId::inside_ipv6_off
                : filter ? FindingId::inside_rp_filter
                         : FindingId::inside_arp,
                fmt::format("{} is not {}, {}", name, setting.value,
                            ipv6     ? "so the interface takes no IPv6 address"
                            : filter ? "so clients are dropped whose answer leaves another way"
                                     : "so servers may speak ARP by a shared address"),
                fmt::format("sysctl -w {}={}", name, setting.value));
        }
        if (facts_.forwards)
            add(FindingId::inside_forwards,
                fmt::format("the kernel forwards what comes in by {} and is not its own: while an "
                            "address is missing its packets go round",
                            facts_.interface),
                fmt::format("sysctl -w net.ipv4.conf.{}.forwarding=0", facts_.interface));
    }

    void routes(bool runs) {
        for (const bool v4 : {true, false}) {
            const bool wanted =
                std::any_of(facts_.wishes.addresses.begin(), facts_.wishes.addresses.end(),
                            [v4](const InsideAddress& one) {
                                return one.is_virtual && one.address.is_v4() == v4;
                            });
            if (!wanted) continue;
            const bool gateway = v4 ? facts_.has_gateway_v4 : facts_.has_gateway_v6;
            const auto route = std::find_if(facts_.routes.begin(), facts_.routes.end(),
                                            [v4](const DefaultRoute& one) { return one.v4 == v4; });
            const char* const family = v4 ? "IPv4" : "IPv6";
            if (route == facts_.routes.end()) {
                if (!gateway || runs)
                    add(FindingId::no_default_route,
                        fmt::format("there is no default route for {}: clients beyond the segment "
                                    "get no answer",
                                    family),
                        "add `gateway: ADDRESS` to this host in the file");
            } else if (route->interface != facts_.interface) {
                add(FindingId::default_route_elsewhere,
                    fmt::format("the default route for {} leaves through {}: answers to clients "
                                "bypass nlb, with that interface's MAC",
                                family, route->interface),
                    fmt::format("ip {}route del default dev {}", v4 ? "" : "-6 ",
                                route->interface));
            }
        }
    }

    Findings take() { return std::move(findings_); }

private:
    const InsideFacts& facts_;
    Findings findings_;
};

}  // namespace

std::vector<DefaultRoute> read_default_routes(const Files& files) {
    std::vector<DefaultRoute> routes;
    std::istringstream v4(files.text("/proc/net/route").value_or(""));
    for (std::string line; std::getline(v4, line);) {
        std::istringstream in(line);
        std::string interface, network, gateway, flags, count, uses, metric, mask;
        in >> interface >> network >> gateway >> flags >> count >> uses >> metric >> mask;
        if (network == "00000000" && mask == "00000000") routes.push_back({interface, true});
    }
    std::istringstream v6(files.text("/proc/net/ipv6_route").value_or(""));
    for (std::string line; std::getline(v6, line);) {
        std::istringstream in(line);
        std::string network, length, from, from_length, gateway, metric, count, uses, flags, name;
        in >> network >> length >> from >> from_length >> gateway >> metric >> count >> uses >>
            flags >> name;
        // Without a gateway it is the kernel's own entry for what is unreachable.
        const bool goes = gateway.find_first_not_of('0') != std::string::npos;
        if (length == "00" && goes && network.find_first_not_of('0') == std::string::npos)
            routes.push_back({name, false});
    }
    return routes;
}

std::vector<InsideFacts> read_inside(const Files& files, const StartupPlan& plan,
                                     const config::Config& config,
                                     const std::vector<LocalAddress>& addresses) {
    std::vector<InsideFacts> all;
    const auto mtu_of = [&](const std::string& name) {
        return static_cast<std::uint32_t>(
            files.number("/sys/class/net/" + name + "/mtu").value_or(0));
    };
    for (const ClusterPlan& cluster : plan.clusters) {
        InsideFacts facts;
        facts.subject = cluster.name + " inside";
        facts.managed = cluster.inside_plan.managed;
        facts.wishes = wishes_of(cluster.tables, cluster.inside_plan.gateways);
        for (const IpAddress& gateway : cluster.inside_plan.gateways)
            (gateway.is_v4() ? facts.has_gateway_v4 : facts.has_gateway_v6) = true;
        facts.of_others = addresses_of_others(config, cluster.name, plan.host);
        facts.addresses = addresses;
        facts.routes = read_default_routes(files);
        if (cluster.inside_plan.watched)
            facts.interface = cluster.inside.argument("iface").value_or("");
        if (!facts.interface.empty())
            facts.interface = carrier_of(facts.interface, cluster.tables.vlan);
        facts.exists =
            !facts.interface.empty() && files.exists("/sys/class/net/" + facts.interface);
        if (facts.exists) {
            const bool ipv6 =
                std::any_of(facts.wishes.addresses.begin(), facts.wishes.addresses.end(),
                            [](const InsideAddress& one) { return !one.address.is_v4(); });
            facts.settings_to_change = settings_to_change(
                facts.interface, ipv6,
                [&](const std::string& path) { return files.text("/proc/sys/net/" + path); });
            facts.forwards =
                files.number("/proc/sys/net/ipv4/conf/" + facts.interface + "/forwarding")
                    .value_or(0) != 0;
            facts.mtu = mtu_of(facts.interface);
            facts.outside_mtu = mtu_of(borrowed_name(cluster.outside));
        }
        all.push_back(std::move(facts));
    }
    return all;
}

Findings judge_inside(const InsideFacts& facts, bool runs) {
    Judge judge(facts);
    judge.places();
    // Behind another kind of device the addresses and routes are another kernel's.
    if (facts.interface.empty()) return judge.take();
    judge.routes(runs);
    if (!facts.exists) {
        if (runs)
            judge.add(FindingId::inside_device_missing,
                      fmt::format("the dataplane runs, and its interface {} is not in this network "
                                  "namespace",
                                  facts.interface),
                      "journalctl -u nlb-dataplane");
        return judge.take();
    }
    // A device that is left over says nothing of the next one.
    if (facts.managed && !runs) return judge.take();
    judge.missing();
    judge.sources();
    judge.settings();
    if (facts.outside_mtu != 0 && facts.mtu != 0 && facts.outside_mtu != facts.mtu)
        judge.add(FindingId::inside_mtu_differs,
                  fmt::format("MTU outside {} inside {}: larger packets are lost",
                              facts.outside_mtu, facts.mtu),
                  fmt::format("ip link set dev {} mtu {}", facts.interface, facts.outside_mtu));
    return judge.take();
}

}  // namespace nlb::dataplane
