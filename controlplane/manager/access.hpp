// Who is answered at all: by the name that the page was called by, by where a request comes from,
// and by the token. A page of a foreign site, open in an administrator's browser, gets nothing and
// does nothing. It decides nothing about what is answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/api/http_server.hpp"

namespace nlb::controlplane {

struct AccessRules {
    std::vector<std::string> names;    // besides addresses and localhost
    std::optional<std::string> token;  // nothing: nobody may change anything
    bool read_token = false;           // looking wants it too
};

// A Host header that no foreign site can make a browser send: an address, localhost or a name below
// it, or a name that was listed, each with a port or without. A DNS name that nobody listed may be
// a rebound one.
[[nodiscard]] bool is_known_host(std::string_view host, const std::vector<std::string>& names);

// Why a request is refused, with its status; nothing: it may go on.
struct Refusal {
    unsigned status;
    std::string sentence;
};
// Of every request: the Host header, and the Origin where there is one.
[[nodiscard]] std::optional<Refusal> refuse_stranger(const HttpRequest& request,
                                                     const AccessRules& rules);
// Of one that changes something (`changes`) or only looks.
[[nodiscard]] std::optional<Refusal> refuse_without_token(const HttpRequest& request,
                                                          const AccessRules& rules, bool changes);

}  // namespace nlb::controlplane
