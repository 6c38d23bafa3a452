// One host: what it is called, what it offers, and the devices and cores it runs on.
#include <algorithm>
#include <bit>
#include <vector>

#include "config/device_name.hpp"
#include "config/inside_device.hpp"
#include "config/parse.hpp"
#include "core/packet/frame_room.hpp"

namespace nlb::config {
namespace {

// A scalar like "2-5" or "1,3-4" gives its pieces, a list its members.
bool add_lcores(std::string_view piece, std::vector<std::uint16_t>& into) {
    const std::size_t dash = std::min(piece.find('-'), piece.size());
    std::uint64_t first = 0;
    if (!read_decimal(piece.substr(0, dash), first)) return false;
    std::uint64_t last = first;
    if (dash < piece.size() && !read_decimal(piece.substr(dash + 1), last)) return false;
    if (first > last || last > kLcoreMax) return false;
    for (std::uint64_t lcore = first; lcore <= last; ++lcore) {
        if (std::find(into.begin(), into.end(), lcore) != into.end()) return false;
        into.push_back(static_cast<std::uint16_t>(lcore));
    }
    return true;
}

void parse_lcores(const Cursor& at, std::vector<std::uint16_t>& into) {
    const std::string wanted =
        "lcores in 0-" + std::to_string(kLcoreMax) + ", each once, such as 2-5, \"1,3\" or [1, 3]";
    std::vector<std::uint16_t> lcores;
    if (at.is_list()) {
        for (const Cursor& item : at.items("lcores", 1, kLcoreMax + 1))
            if (!item.is_scalar() || !add_lcores(item.scalar(), lcores)) item.expected(wanted);
    } else if (at.is_scalar()) {
        std::string_view rest = at.scalar();
        bool right = true;
        for (std::size_t comma = 0; right && comma != std::string_view::npos;
             rest.remove_prefix(std::min(comma + 1, rest.size()))) {
            comma = rest.find(',');
            std::string_view piece = rest.substr(0, comma);
            while (!piece.empty() && piece.front() == ' ') piece.remove_prefix(1);
            right = add_lcores(piece, lcores);
        }
        if (!right) return at.expected(wanted);
    } else {
        return at.expected(wanted);
    }
    into = lcores;
}

void parse_weights(const Cursor& at, std::map<std::string, std::uint8_t>& into) {
    for (const Cursor::Entry& entry : at.entries("a mapping from rule names to weights")) {
        std::uint8_t weight = kEqualWeight;
        parse_weight(entry.value, weight);
        into.emplace(entry.key, weight);
    }
}

void parse_priorities(const Cursor& at, std::map<std::string, std::uint8_t>& into) {
    for (const Cursor::Entry& entry :
         at.entries("a mapping from rule names to handling priorities")) {
        std::uint8_t priority = 1;
        entry.value.read_number(priority, 1, kHostsMax);
        into.emplace(entry.key, priority);
    }
}

void parse_device(const Cursor& at, std::string& into) {
    constexpr std::string_view kWanted =
        "a DPDK device such as \"0000:3b:00.0\" or \"net_tap0,iface=nlb0\"";
    if (!at.is_scalar() || at.is_to_fill_in()) return at.expected(kWanted);
    if (const auto device = check_device_name(at.scalar()); !device)
        return at.mistake(device.error().message);
    into = at.scalar();
}

// A device string, or `{kind: kernel, name: nlb0}`, which load() turns into a device when it knows
// the others of the machine (config/inside_device.hpp).
void parse_inside(const Cursor& at, Host& host) {
    if (!at.is_mapping()) return parse_device(at, host.inside);
    const Mapping keys(at, "a DPDK device or a mapping", {"kind", "name"});
    if (const Cursor* kind = keys.require("kind", "kernel"))
        if (!kind->is_scalar() || kind->scalar() != "kernel") kind->expected("kernel");
    const Cursor* name = keys.require("name", "the name of a kernel interface such as nlb0");
    if (name == nullptr) return;
    if (!name->is_scalar() || !is_interface_name(name->scalar()))
        return name->expected(kInterfaceNameWanted);
    host.inside_kernel = name->scalar();
}

// One address, or a list with one of each family.
void parse_gateways(const Cursor& at, std::vector<IpAddress>& into) {
    constexpr std::string_view kWanted = "an IP address, or a list of an IPv4 and an IPv6 one";
    if (!at.is_list()) {
        IpAddress gateway;
        if (at.read(gateway, &parse_ip, kWanted)) into.push_back(gateway);
        return;
    }
    for (const Cursor& item : at.items("gateways", 1, kGatewaysMax)) {
        IpAddress gateway;
        if (item.read(gateway, &parse_ip, "an IP address")) into.push_back(gateway);
    }
    if (into.size() == 2 && into[0].is_v4() == into[1].is_v4())
        at.mistake("expected at most one IPv4 and one IPv6 address, got two of one family");
}

void parse_server_mac(const Cursor& at, std::optional<MacAddress>& into) {
    if (at.is_scalar() && at.scalar() == "auto") return;
    MacAddress mac;
    if (!at.read(mac, &parse_mac, "auto or a MAC such as 02:00:00:00:00:01")) return;
    if (mac.is_group() || mac == MacAddress{})
        return at.expected("the MAC of one station, no group and not zero");
    into = mac;
}

// Adapters count descriptors in steps; a power of two is a multiple of all of them.
void parse_ring(const Cursor& at, std::uint16_t& into) {
    std::uint64_t number = 0;
    if (!at.is_scalar() || !read_decimal(at.scalar(), number) || number < kRingMin ||
        number > kRingMax || !std::has_single_bit(number))
        return at.expected("a number of descriptors, a power of two in " +
                           std::to_string(kRingMin) + "-" + std::to_string(kRingMax));
    into = static_cast<std::uint16_t>(number);
}

}  // namespace

Host parse_host(const Cursor& at) {
    Host host;
    const Mapping keys(at, "a host",
                       {"name", "id", "addresses", "weights", "priorities", "initial_state",
                        "outside", "inside", "lcores", "addresses_by", "gateway", "server_mac",
                        "mtu", "rx_ring", "tx_ring", "metrics"});
    if (const Cursor* name = keys.require("name", "a name"))
        parse_name(*name, NameKind::host, host.name);
    if (const Cursor* id = keys.require("id", "a whole number in 1-32"))
        id->read_number(host.id, 1, kHostsMax);
    if (const Cursor* addresses = keys.find("addresses"))
        host.addresses = parse_prefixes(*addresses);
    if (const Cursor* weights = keys.find("weights")) parse_weights(*weights, host.weights);
    if (const Cursor* priorities = keys.find("priorities"))
        parse_priorities(*priorities, host.priorities);
    if (const Cursor* state = keys.find("initial_state")) state->read_word(host.initial_state);
    if (const Cursor* outside = keys.require("outside", "a DPDK device"))
        parse_device(*outside, host.outside);
    if (const Cursor* inside = keys.require("inside", "a DPDK device")) parse_inside(*inside, host);
    if (const Cursor* lcores = keys.require("lcores", "lcores such as 2-5"))
        parse_lcores(*lcores, host.lcores);
    if (const Cursor* by = keys.find("addresses_by")) by->read_word(host.addresses_by);
    if (const Cursor* gateway = keys.find("gateway")) parse_gateways(*gateway, host.gateways);
    if (const Cursor* mac = keys.find("server_mac")) parse_server_mac(*mac, host.server_mac);
    if (const Cursor* mtu = keys.find("mtu")) mtu->read_number(host.mtu, kMtuMin, kMtuMax);
    if (const Cursor* ring = keys.find("rx_ring")) parse_ring(*ring, host.rx_ring);
    if (const Cursor* ring = keys.find("tx_ring")) parse_ring(*ring, host.tx_ring);
    if (const Cursor* metrics = keys.find("metrics"))
        parse_metrics(*metrics, host.metrics.emplace());
    return host;
}

}  // namespace nlb::config
