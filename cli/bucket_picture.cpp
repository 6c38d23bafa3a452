// Cells; which colour and digit a host has is config/host_colours'.
#include "cli/bucket_picture.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/text_table.hpp"
#include "config/host_colours.hpp"

namespace nlb::cli {
namespace {

// One or more equal cells.
std::string cells(HostId host, std::size_t count, bool colour) {
    const std::string digits(count, host_digit(host));
    return on_host_colour(digits, host, colour);
}

}  // namespace

std::string on_host_colour(std::string_view text, HostId host, bool colour) {
    if (!colour) return std::string(text);
    if (host == kNoHost) return fmt::format("\x1b[97;41m{}\x1b[0m", text);
    return fmt::format("\x1b[30;48;5;{}m{}\x1b[0m", config::terminal_colour(host), text);
}

std::string bucket_strip(const BucketOwners& owners, bool colour) {
    std::string strip;
    for (auto at = owners.begin(); at != owners.end();) {
        const auto end = std::find_if(at, owners.end(), [&](HostId owner) { return owner != *at; });
        strip += cells(*at, static_cast<std::size_t>(end - at), colour);
        at = end;
    }
    return strip;
}

std::string bucket_legend(const BucketOwners& owners, const std::vector<LegendEntry>& hosts,
                          bool colour) {
    const auto count = [&](HostId id) {
        return static_cast<std::size_t>(std::count(owners.begin(), owners.end(), id));
    };
    std::string legend;
    const auto add = [&](HostId id, const std::string& name) {
        if (count(id) == 0) return;
        if (!legend.empty()) legend += "  ";
        legend += fmt::format("{} {} {} ({})", cells(id, 1, colour), name, count(id),
                              percent_of_buckets(count(id)));
    };
    for (const LegendEntry& host : hosts) add(host.id, host.name);
    add(kNoHost, "nobody");
    return legend;
}

std::string host_legend(const std::vector<LegendEntry>& hosts, bool colour, std::size_t width) {
    std::string legend;
    std::size_t column = 0;
    const auto add = [&](HostId id, const std::string& name) {
        const std::size_t size = 2 + width_of(name);
        const bool wraps = width != 0 && column != 0 && column + 2 + size > width;
        if (!legend.empty()) legend += wraps ? "\n" : "  ";
        column = legend.empty() || wraps ? size : column + 2 + size;
        legend += cells(id, 1, colour) + " " + name;
    };
    for (const LegendEntry& host : hosts) add(host.id, host.name);
    add(kNoHost, "nobody");
    return legend;
}

std::string percent_of_buckets(std::size_t buckets) {
    return fmt::format("{:.1f} %",
                       100.0 * static_cast<double>(buckets) / static_cast<double>(kBuckets));
}

}  // namespace nlb::cli
