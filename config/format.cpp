// Text of addresses and ports. IPv6 is written by hand because inet_ntop() writes ::192.0.2.1 where
// RFC 5952 does not.
#include "config/format.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include "config/words.hpp"

namespace nlb::config {
namespace {

constexpr std::size_t kQuotedCharactersMax = 60;
constexpr std::size_t kAddressCharactersMax = 45;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::array<unsigned, 8> groups_of(const IpAddress& address) {
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = unsigned{address.bytes[2 * i]} << 8 | address.bytes[2 * i + 1];
    return groups;
}

// The first of the longest runs of zero groups; a single one is not shortened (RFC 5952 4.2.2).
struct Run {
    std::size_t first = 8;
    std::size_t count = 1;
};
Run longest_zero_run(const std::array<unsigned, 8>& groups) {
    Run best;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::size_t end = i;
        while (end < groups.size() && groups[end] == 0) ++end;
        if (end - i > best.count) best = Run{i, end - i};
    }
    return best;
}

std::string hexadecimal(unsigned value) {
    std::array<char, 8> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, 16).ptr;
    return {text.data(), end};
}

template <class Choice>
std::string word_of(Choice value) {
    for (const Word<Choice>& word : words_of<Choice>())
        if (word.value == value) return std::string(word.text);
    return "unknown";
}

}  // namespace

std::string to_string(const IpAddress& address) {
    if (address.is_v4()) {
        std::string text;
        for (std::size_t i = 12; i < 16; ++i)
            text += (i == 12 ? "" : ".") + std::to_string(address.bytes[i]);
        return text;
    }
    const auto groups = groups_of(address);
    const Run run = longest_zero_run(groups);
    std::string text;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == run.first) {
            text += "::";
            i += run.count - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        text += hexadecimal(groups[i]);
    }
    return text;
}

std::string to_string(const MacAddress& address) {
    std::string text;
    for (const Byte byte : address.bytes) {
        if (!text.empty()) text += ':';
        text += kHexDigits[byte >> 4];
        text += kHexDigits[byte & 15U];
    }
    return text;
}

std::string to_string(const Prefix& prefix) {
    return to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

std::string to_string(const PortRange& ports) {
    if (ports.first == 0 && ports.last == 65535) return "all";
    if (ports.first == ports.last) return std::to_string(ports.first);
    return std::to_string(ports.first) + "-" + std::to_string(ports.last);
}

std::string to_string(LinkMode mode) {
    return word_of(mode);
}
std::string to_string(IcmpMode mode) {
    return word_of(mode);
}
std::string to_string(RuleMode mode) {
    return word_of(mode);
}
std::string to_string(Affinity affinity) {
    return word_of(affinity);
}
std::string to_string(InitialState state) {
    return word_of(state);
}
std::string to_string(PollMode mode) {
    return word_of(mode);
}
std::string to_string(PartitionMode mode) {
    return word_of(mode);
}
std::string to_string(Protocols protocols) {
    return word_of(protocols);
}
std::string to_string(AddressesBy by) {
    return word_of(by);
}
std::string to_string(CheckKind kind) {
    return word_of(kind);
}
std::string to_string(OnFail what) {
    return word_of(what);
}
std::string to_string(AllFailed what) {
    return word_of(what);
}

std::string to_string(StatusRange status) {
    const std::string first = std::to_string(status.first);
    return status.first == status.last ? first : first + "-" + std::to_string(status.last);
}

Result<IpAddress> parse_ip(std::string_view text) {
    const Error wrong{"expected an IPv4 or IPv6 address, got " + in_quotes(text)};
    if (text.size() > kAddressCharactersMax || text.find('\0') != std::string_view::npos)
        return wrong;
    const std::string terminated(text);
    in_addr v4{};
    if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return IpAddress::v4(ntohl(v4.s_addr));
    IpAddress address;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return wrong;
    if (address.is_v4())
        return Error{"expected IPv4 written as " + to_string(address) + ", got " + in_quotes(text)};
    return address;
}

Result<Prefix> parse_prefix(std::string_view text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    auto address = parse_ip(text.substr(0, slash));
    if (!address) return address.error();
    const std::uint8_t most = address.value().is_v4() ? 32 : 128;
    if (slash == text.size()) return Prefix{address.value(), most};
    std::uint64_t length = 0;
    if (!read_decimal(text.substr(slash + 1), length) || length < 1 || length > most)
        return Error{"expected a prefix length in 1-" + std::to_string(most) + ", got " +
                     in_quotes(text)};
    return Prefix{address.value(), static_cast<std::uint8_t>(length)};
}

Result<MacAddress> parse_mac(std::string_view text) {
    const Error wrong{"expected a MAC address such as 02:bf:c0:00:02:50, got " + in_quotes(text)};
    if (text.size() != 17 || (text[2] != ':' && text[2] != '-')) return wrong;
    MacAddress address;
    for (std::size_t i = 0; i < address.bytes.size(); ++i) {
        const char* pair = text.data() + 3 * i;
        const auto read = std::from_chars(pair, pair + 2, address.bytes[i], 16);
        if (read.ec != std::errc{} || read.ptr != pair + 2) return wrong;
        if (i + 1 < address.bytes.size() && pair[2] != text[2]) return wrong;
    }
    return address;
}

Result<PortRange> parse_port_range(std::string_view text) {
    if (text == "all") return PortRange{};
    const Error wrong{"expected a port or a range in 0-65535, got " + in_quotes(text)};
    const std::size_t dash = std::min(text.find('-'), text.size());
    std::uint64_t first = 0;
    if (!read_decimal(text.substr(0, dash), first)) return wrong;
    std::uint64_t last = first;
    if (dash < text.size() && !read_decimal(text.substr(dash + 1), last)) return wrong;
    if (first > 65535 || last > 65535) return wrong;
    if (first > last)
        return Error{"expected a range from the lower port to the higher, got " + in_quotes(text)};
    return PortRange{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
}

Result<StatusRange> parse_status_range(std::string_view text) {
    const Error wrong{"expected a status or a range in 100-599, got " + in_quotes(text)};
    const std::size_t dash = std::min(text.find('-'), text.size());
    std::uint64_t first = 0;
    if (!read_decimal(text.substr(0, dash), first)) return wrong;
    std::uint64_t last = first;
    if (dash < text.size() && !read_decimal(text.substr(dash + 1), last)) return wrong;
    if (first < 100 || last > 599 || first > last) return wrong;
    return StatusRange{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    std::size_t shown = 0;
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        const bool starts_a_character = (byte & 0xc0U) != 0x80U;
        if (starts_a_character && ++shown > kQuotedCharactersMax) return out + "...\"";
        if (byte == '"' || byte == '\\') out += '\\';
        if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += std::string("\\x") + kHexDigits[byte >> 4] + kHexDigits[byte & 15U];
        } else {
            out += character;
        }
    }
    return out + "\"";
}

bool read_decimal(std::string_view text, std::uint64_t& into) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
    if (text.find_first_not_of("0123456789") != std::string_view::npos) return false;
    std::uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
        return false;
    into = value;
    return true;
}

bool same_subnet(const IpAddress& one, const IpAddress& other, std::uint8_t length) {
    if (one.is_v4() != other.is_v4()) return false;
    const std::size_t bits = length + (one.is_v4() ? 96U : 0U);
    for (std::size_t i = 0; i < bits; ++i) {
        const auto mask = static_cast<Byte>(0x80U >> (i % 8));
        if (((one.bytes[i / 8] ^ other.bytes[i / 8]) & mask) != 0) return false;
    }
    return true;
}

}  // namespace nlb::config
