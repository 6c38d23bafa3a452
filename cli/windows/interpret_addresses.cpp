#include "cli/windows/interpret_addresses.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::uint8_t kAssumedIpv6Length = 64;
constexpr std::size_t kNameMax = 63;

// 255.255.255.0 is 24; nothing: its bits are not in one piece.
std::optional<std::uint8_t> length_of(std::string_view mask) {
    std::uint64_t number = 0;
    if (config::read_decimal(mask, number) && number <= 128)
        return static_cast<std::uint8_t>(number);
    const auto address = config::parse_ip(mask);
    if (!address || !address.value().is_v4()) return std::nullopt;
    const std::uint32_t bits = address.value().as_v4();
    const auto length = static_cast<std::uint8_t>(std::countl_one(bits));
    if (std::popcount(bits) != length) return std::nullopt;
    return length;
}

bool is_link_local(const IpAddress& address) {
    return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0U) == 0x80;
}

}  // namespace

std::optional<config::Prefix> prefix_of(const AddressStatement& at, const std::string& what,
                                        Findings& findings) {
    const auto address = config::parse_ip(at.address);
    if (!address) {
        findings.mistakes.add(at.place, what + ": " + address.error().message);
        return std::nullopt;
    }
    const auto length = length_of(at.mask);
    if (!address.value().is_v4()) {
        if (!length)
            findings.note(at.place, fmt::format("Windows tells no length of {}: /{} is assumed",
                                                at.address, kAssumedIpv6Length));
        return config::Prefix{address.value(), length.value_or(kAssumedIpv6Length)};
    }
    if (trimmed(at.mask).empty()) {
        findings.note(at.place, fmt::format("no mask of {} is told: add its /LENGTH", at.address));
        return config::Prefix{address.value(), 32};
    }
    if (length && *length <= 32) return config::Prefix{address.value(), *length};
    findings.mistakes.add(at.place, fmt::format("{}: expected a mask such as 255.255.255.0, got {}",
                                                what, config::in_quotes(at.mask)));
    return std::nullopt;
}

void add_prefixes(const std::vector<AddressStatement>& from, const std::string& what,
                  std::vector<config::Prefix>& into, Findings& findings) {
    for (const AddressStatement& at : from) {
        if (at.address == "0.0.0.0" || at.address == "::" || at.address.empty()) continue;
        const auto prefix = prefix_of(at, what, findings);
        if (!prefix) continue;
        if (is_link_local(prefix->address))
            findings.note(at.place, fmt::format("{} is link-local and left out", at.address));
        else if (!holds(into, prefix->address))
            into.push_back(*prefix);
    }
}

bool holds(const std::vector<config::Prefix>& prefixes, const IpAddress& address) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const config::Prefix& one) { return one.address == address; });
}

std::string usable_name(std::string_view text) {
    std::string name;
    for (const char c : text.substr(0, kNameMax)) {
        const bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        const bool inner = c == '-' || c == '_' || c == '.';
        if (letter || (inner && !name.empty()))
            name += c;
        else if (!name.empty())
            name += '-';
    }
    return name == "all" ? "all-" : name;
}

}  // namespace nlb::cli::windows
