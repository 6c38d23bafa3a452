// Whom a command speaks to: the control plane of this machine by its socket, or hosts of a cluster
// over remote control, from `--remote` on a machine that is no member, or from `--host` on one that
// is. It asks nobody but the socket here, for the name of this host.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/remote_exchange.hpp"
#include "core/base/result.hpp"

namespace nlb::cli {

// `--remote` without `--host`, or `--host all`: more than one host may answer.
[[nodiscard]] bool speaks_to_several(const Options& options);
// The host that is meant is this machine's: its socket answers. `--host all` is not.
[[nodiscard]] bool speaks_to_this_host(const Options& options);

struct Route {
    RemoteQuestion question;         // whom to ask; `wanted`, `host` and `timeout` too
    std::string place;               // for people: "192.0.2.80:2504"
    std::string cluster;             // empty: the one that is reached
    std::string self;                // of --host all: this host's name, asked at its socket
    std::vector<std::string> hosts;  // who should answer, this host too; empty: it is not known
};
// An error says what is missing. Requires: !speaks_to_this_host(options).
[[nodiscard]] Result<Route> route_of(const Options& options);

// What to say when nobody answered, and when several hosts did where one was meant.
[[nodiscard]] ControlReply nobody(const Route& route);
[[nodiscard]] std::string ambiguous(const Route& route, const RemoteReplies& replies);

}  // namespace nlb::cli
