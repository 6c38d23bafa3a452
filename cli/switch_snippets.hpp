// What to type on a switch and on the router beside it, for one cluster, in the words of a vendor.
// Ports and interfaces are the reader's to fill in; nothing is sent anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tables/tables.hpp"

namespace nlb::cli {

enum class SwitchKind { cisco, arista, juniper, linux_bridge };

// Their words: "cisco", "arista", "juniper", "linux"; nothing: none of them.
[[nodiscard]] std::optional<SwitchKind> switch_kind_of(std::string_view word);
// "cisco, arista, juniper or linux"
[[nodiscard]] std::string switch_kinds();

struct SwitchedCluster {
    LinkMode mode = LinkMode::unicast;
    IpAddress primary;
    std::vector<IpAddress> addresses;  // all virtual ones, the primary too
    std::vector<MacAddress> masked;    // the hosts' sources in unicast mode
    std::uint16_t vlan = 0;            // 0: not told
    std::optional<MacAddress> mac;     // the cluster's, by hand
};

// Lines without the last newline. Remarks begin as that vendor's comments do.
[[nodiscard]] std::string switch_snippet(SwitchKind kind, const SwitchedCluster& cluster);

}  // namespace nlb::cli
