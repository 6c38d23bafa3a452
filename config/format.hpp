// Addresses, ports and durations as text and back. Text that is read is strict, text that is
// written reads back as the same value. An error is `expected ..., got "..."`, ready to stand
// behind the name of a place. Nothing here knows of YAML.
#pragma once

#include <string>
#include <string_view>

#include "config/schema.hpp"
#include "core/base/result.hpp"

namespace nlb::config {

// "192.0.2.1", or an IPv6 address as RFC 5952 writes it.
[[nodiscard]] std::string to_string(const IpAddress& address);
// "02:bf:c0:00:02:50"
[[nodiscard]] std::string to_string(const MacAddress& address);
// "192.0.2.1/24"; the length is always written.
[[nodiscard]] std::string to_string(const Prefix& prefix);
// "all", "80" or "100-200".
[[nodiscard]] std::string to_string(const PortRange& ports);
// In the largest unit that divides it: "100ms", "1500ms", "20m", "24h".
[[nodiscard]] std::string to_string(Duration duration);

// The words of the YAML.
[[nodiscard]] std::string to_string(LinkMode mode);
[[nodiscard]] std::string to_string(IcmpMode mode);
[[nodiscard]] std::string to_string(RuleMode mode);
[[nodiscard]] std::string to_string(Affinity affinity);
[[nodiscard]] std::string to_string(InitialState state);
[[nodiscard]] std::string to_string(PollMode mode);
[[nodiscard]] std::string to_string(PartitionMode mode);
[[nodiscard]] std::string to_string(Protocols protocols);
[[nodiscard]] std::string to_string(AddressesBy by);
[[nodiscard]] std::string to_string(CheckKind kind);
[[nodiscard]] std::string to_string(OnFail what);
[[nodiscard]] std::string to_string(AllFailed what);
// "200-399", or "204" of one status.
[[nodiscard]] std::string to_string(StatusRange status);

// No prefix, no zone, no leading zeros; an IPv4-mapped IPv6 address is refused, because IPv4 has a
// spelling of its own.
[[nodiscard]] Result<IpAddress> parse_ip(std::string_view text);
// "ADDRESS" or "ADDRESS/LENGTH"; without a length the whole address counts (32 or 128).
[[nodiscard]] Result<Prefix> parse_prefix(std::string_view text);
// Six pairs of hexadecimal digits, with ":" or "-" between them.
[[nodiscard]] Result<MacAddress> parse_mac(std::string_view text);
// A number, also with a decimal point, and one unit of us, ms, s, m, h.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// "all", one port, or "FIRST-LAST" in 0-65535.
[[nodiscard]] Result<PortRange> parse_port_range(std::string_view text);
// "204" or "200-399", within 100-599.
[[nodiscard]] Result<StatusRange> parse_status_range(std::string_view text);

// `"text"` for messages: control characters are escaped, long text is cut.
[[nodiscard]] std::string in_quotes(std::string_view text);
// Decimal digits only: no sign, blank, leading zero or overflow. False: `into` is untouched.
[[nodiscard]] bool read_decimal(std::string_view text, std::uint64_t& into);

// Both addresses in one subnet of that length.
[[nodiscard]] bool same_subnet(const IpAddress& one, const IpAddress& other, std::uint8_t length);

}  // namespace nlb::config
