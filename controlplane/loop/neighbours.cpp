#include "controlplane/loop/neighbours.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include "config/format.hpp"
#include "controlplane/loop/neighbour_dump.hpp"

namespace nlb::controlplane {
namespace {

constexpr std::uint32_t kRouteGateway = 0x2;  // RTF_GATEWAY
constexpr std::uint32_t kArpComplete = 0x2;   // ATF_COM
constexpr std::size_t kReadMax = 64 * 1024;

std::string text_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    text.resize(std::min(text.size(), kReadMax));
    return text;
}

std::vector<std::vector<std::string>> rows_of(const std::string& text) {
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        rows.emplace_back(std::istream_iterator<std::string>(words),
                          std::istream_iterator<std::string>());
    }
    return rows;
}

bool read_hex(std::string_view text, std::uint32_t& into) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, 16);
    return error == std::errc{} && end == text.data() + text.size();
}

void add(std::vector<IpAddress>& all, const IpAddress& address) {
    if (std::find(all.begin(), all.end(), address) == all.end()) all.push_back(address);
}

// Columns: Iface Destination Gateway Flags; words are in the machine's order.
void add_gateways(std::vector<IpAddress>& all, const std::string& route) {
    for (const auto& row : rows_of(route)) {
        std::uint32_t destination = 0;
        std::uint32_t gateway = 0;
        std::uint32_t flags = 0;
        if (row.size() < 4 || !read_hex(row[1], destination) || !read_hex(row[2], gateway) ||
            !read_hex(row[3], flags))
            continue;
        if (destination == 0 && (flags & kRouteGateway) != 0)
            add(all, IpAddress::v4(__builtin_bswap32(gateway)));
    }
}

// Columns: destination, its prefix, source, its prefix, next hop, metric, ...
void add_ipv6_gateways(std::vector<IpAddress>& all, const std::string& route) {
    for (const auto& row : rows_of(route)) {
        if (row.size() < 9 || row[1] != "00" || row[4].size() != 32) continue;
        IpAddress gateway;
        bool sound = true;
        for (std::size_t i = 0; i < gateway.bytes.size(); ++i) {
            std::uint32_t byte = 0;
            sound = sound && read_hex(std::string_view(row[4]).substr(2 * i, 2), byte);
            gateway.bytes[i] = static_cast<Byte>(byte);
        }
        if (sound && gateway != IpAddress{}) add(all, gateway);
    }
}

// Columns: IP address, HW type, Flags, HW address, Mask, Device.
void add_neighbours(std::vector<IpAddress>& all, const std::string& arp) {
    for (const auto& row : rows_of(arp)) {
        std::uint32_t flags = 0;
        if (row.size() < 4 || !read_hex(row[2], flags) || (flags & kArpComplete) == 0) continue;
        if (const auto address = config::parse_ip(row[0])) add(all, address.value());
    }
}

}  // namespace

std::vector<IpAddress> neighbours_in(const std::string& route, const std::string& ipv6_route,
                                     const std::string& arp, const std::vector<IpAddress>& ipv6) {
    std::vector<IpAddress> all;
    add_gateways(all, route);
    add_ipv6_gateways(all, ipv6_route);
    add_neighbours(all, arp);
    for (const IpAddress& address : ipv6) add(all, address);
    return all;
}

std::vector<IpAddress> known_neighbours() {
    return neighbours_in(text_of("/proc/net/route"), text_of("/proc/net/ipv6_route"),
                         text_of("/proc/net/arp"), ipv6_neighbours());
}

}  // namespace nlb::controlplane
