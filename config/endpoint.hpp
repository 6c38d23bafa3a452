// The words of `explain tcp SRC[:PORT] DST[:PORT] --flags SA` and of `queryport [VIP:]PORT`, read
// strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::config {

struct Endpoint {
    IpAddress address;
    std::optional<std::uint16_t> port;
};

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80".
[[nodiscard]] Result<Endpoint> parse_endpoint(const std::string& text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// Letters of tcpdump: S SYN, A ACK, F FIN, R RST, P PSH, U URG; each at most once, in any order and
// case.
[[nodiscard]] Result<std::uint8_t> parse_tcp_flags(const std::string& text);

// "PORT" or "VIP:PORT".
struct PortOfVip {
    std::optional<IpAddress> vip;
    std::uint16_t port = 0;
};
[[nodiscard]] Result<PortOfVip> parse_port_of_vip(const std::string& text);

}  // namespace nlb::config
