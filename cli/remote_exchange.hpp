// One question to hosts of a cluster over remote control, and their answers: UDP around
// core/remote's client. It waits no longer than it is told to, and believes nothing that the key
// has not sealed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/control_client.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "core/remote/remote_client.hpp"

namespace nlb::cli {

// Where a datagram can be sent to. At a virtual address several hosts may answer.
struct RemoteTarget {
    IpAddress address;
    std::uint16_t port = 2504;
    bool is_doubtful = false;  // its host is probably gone: it is given less time
};

struct RemoteQuestion {
    std::vector<RemoteTarget> targets;  // at least one
    std::vector<IpAddress> from;        // own addresses to send from; empty: the kernel chooses
    std::string key_file;
    remote::Wanted wanted = remote::Wanted::all;
    std::string host;  // of Wanted::named
    Duration timeout{};
};

struct HostReply {
    std::string host;
    ControlReply reply;
};

// An error is the operator's to mend: a key file, a request that is too long. Nobody answered: the
// list is empty. Several were reached where one was meant: `ambiguous`, and nobody was asked.
struct RemoteReplies {
    std::vector<HostReply> hosts;
    bool ambiguous = false;
};
[[nodiscard]] Result<RemoteReplies> ask_hosts(const RemoteQuestion& question, const Json& request);

}  // namespace nlb::cli
