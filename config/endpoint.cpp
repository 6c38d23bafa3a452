// Splits at the colon that cannot belong to the address; the address itself is read by
// config/format.
#include "config/endpoint.hpp"

#include <algorithm>
#include <array>

#include "config/format.hpp"

namespace nlb::config {
namespace {

struct FlagLetter {
    char letter;
    std::uint8_t bit;
};
constexpr std::array<FlagLetter, 6> kFlagLetters{
    {{'F', 0x01}, {'S', 0x02}, {'R', 0x04}, {'P', 0x08}, {'A', 0x10}, {'U', 0x20}}};

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint64_t port = 0;
    if (!read_decimal(text, port) || port > 65535)
        return Error{"expected a port in 0-65535, got " + in_quotes(text)};
    return static_cast<std::uint16_t>(port);
}

struct Halves {
    std::string_view address;
    std::optional<std::string_view> port;
};

// An address with two colons or more is IPv6 and has its port only behind brackets.
Result<Halves> split_endpoint(std::string_view text) {
    if (!text.empty() && text.front() == '[') {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return Error{"expected [ADDRESS]:PORT, got " + in_quotes(text)};
        const std::string_view rest = text.substr(end + 1);
        if (rest.empty()) return Halves{text.substr(1, end - 1), std::nullopt};
        if (rest.front() != ':') return Error{"expected [ADDRESS]:PORT, got " + in_quotes(text)};
        return Halves{text.substr(1, end - 1), rest.substr(1)};
    }
    if (std::count(text.begin(), text.end(), ':') != 1) return Halves{text, std::nullopt};
    const std::size_t colon = text.find(':');
    return Halves{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& text) {
    const auto halves = split_endpoint(text);
    if (!halves) return halves.error();
    const auto address = parse_ip(halves.value().address);
    if (!address) return address.error();
    Endpoint endpoint{address.value(), std::nullopt};
    if (text.front() == '[' && endpoint.address.is_v4())
        return Error{"expected an IPv6 address in brackets, got " + in_quotes(text)};
    if (halves.value().port) {
        const auto port = parse_port(*halves.value().port);
        if (!port) return port.error();
        endpoint.port = port.value();
    }
    return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
    const std::string address = to_string(endpoint.address);
    if (!endpoint.port) return address;
    return endpoint.address.is_v4() ? address + ":" + std::to_string(*endpoint.port)
                                    : "[" + address + "]:" + std::to_string(*endpoint.port);
}

Result<std::uint8_t> parse_tcp_flags(const std::string& text) {
    std::uint8_t flags = 0;
    for (const char c : text) {
        const char letter = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        const auto found = std::find_if(kFlagLetters.begin(), kFlagLetters.end(),
                                        [&](const FlagLetter& f) { return f.letter == letter; });
        if (found == kFlagLetters.end() || (flags & found->bit) != 0)
            return Error{"expected TCP flags as letters of SAFRPU, each once, got " +
                         in_quotes(text)};
        flags = static_cast<std::uint8_t>(flags | found->bit);
    }
    return flags;
}

Result<PortOfVip> parse_port_of_vip(const std::string& text) {
    PortOfVip wanted;
    if (text.find(':') == std::string::npos) {
        const auto port = parse_port(text);
        if (!port) return port.error();
        wanted.port = port.value();
        return wanted;
    }
    const auto endpoint = parse_endpoint(text);
    if (!endpoint) return endpoint.error();
    if (!endpoint.value().port) return Error{"expected [VIP:]PORT, got " + in_quotes(text)};
    wanted.vip = endpoint.value().address;
    wanted.port = *endpoint.value().port;
    return wanted;
}

}  // namespace nlb::config
