// Origins are compared with the Host header of the same request: a browser sets both, and a foreign
// page can choose neither.
#include "controlplane/manager/access.hpp"

#include <algorithm>
#include <sodium.h>

#include "config/format.hpp"

namespace nlb::controlplane {
namespace {

std::string in_small_letters(std::string_view text) {
    std::string small{text};
    std::transform(small.begin(), small.end(), small.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return small;
}

bool is_port(std::string_view text) {
    std::uint64_t port = 0;
    return config::read_decimal(text, port) && port <= 65535;
}

// Without the port; empty when it is no Host header at all.
std::string_view name_in(std::string_view host) {
    if (!host.empty() && host.front() == '[') {
        const std::size_t end = host.find(']');
        if (end == std::string_view::npos) return {};
        const std::string_view rest = host.substr(end + 1);
        const bool right = rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
        return right ? host.substr(1, end - 1) : std::string_view{};
    }
    const std::size_t colon = host.find(':');
    if (colon == std::string_view::npos) return host;
    return is_port(host.substr(colon + 1)) ? host.substr(0, colon) : std::string_view{};
}

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

const std::string* header(const HttpRequest& request, const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? nullptr : &found->second;
}

// "http://192.0.2.1:9781" of "192.0.2.1:9781"; a proxy that adds TLS keeps the Host header.
bool is_origin_of(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (origin.substr(0, scheme.size()) == scheme)
            return in_small_letters(origin.substr(scheme.size())) == in_small_letters(host);
    return false;
}

// In constant time for tokens of one length.
bool is_same(std::string_view one, std::string_view other) {
    return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

bool is_known_host(std::string_view host, const std::vector<std::string>& names) {
    const bool bracketed = !host.empty() && host.front() == '[';
    const std::string name = in_small_letters(name_in(host));
    if (name.empty()) return false;
    if (const auto address = config::parse_ip(name); address)
        return address.value().is_v4() != bracketed;
    if (bracketed) return false;
    return name == "localhost" || ends_with(name, ".localhost") ||
           std::any_of(names.begin(), names.end(), [&name](const std::string& known) {
               return in_small_letters(known) == name;
           });
}

std::optional<Refusal> refuse_stranger(const HttpRequest& request, const AccessRules& rules) {
    const std::string* const host = header(request, "host");
    if (host == nullptr || !is_known_host(*host, rules.names))
        return Refusal{421,
                       "this page answers to addresses and to localhost; put another name into "
                       "manager.names"};
    const std::string* const origin = header(request, "origin");
    if (origin != nullptr && !is_origin_of(*origin, *host))
        return Refusal{403, "this request comes from a page of another site"};
    const std::string* const site = header(request, "sec-fetch-site");
    const bool followed = request.method == "GET" && request.path == "/";
    if (site != nullptr && *site != "same-origin" && *site != "none" && !followed)
        return Refusal{403, "this request comes from a page of another site"};
    return std::nullopt;
}

std::optional<Refusal> refuse_without_token(const HttpRequest& request, const AccessRules& rules,
                                            bool changes) {
    if (!changes && !rules.read_token) return std::nullopt;
    if (!rules.token)
        return Refusal{403, "this page only shows: name a token_file in manager to change things"};
    constexpr std::string_view kBearer = "Bearer ";
    const std::string* const given = header(request, "authorization");
    const bool right = given != nullptr && given->substr(0, kBearer.size()) == kBearer &&
                       is_same(std::string_view{*given}.substr(kBearer.size()), *rules.token);
    if (right) return std::nullopt;
    return Refusal{401, given == nullptr ? "the token is wanted" : "this is not the token"};
}

}  // namespace nlb::controlplane
