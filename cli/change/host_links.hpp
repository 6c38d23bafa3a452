// The hosts of a cluster, and how each is asked: this machine's at its socket, the others over
// remote control. All are asked at the same time. What they are asked is their user's matter.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/change/base.hpp"
#include "cli/control_client.hpp"
#include "cli/options.hpp"
#include "cli/remote_exchange.hpp"

namespace nlb::cli {

struct HostLink {
    std::string host;
    std::string run_dir;      // empty: over remote control
    RemoteQuestion question;  // of remote control

    [[nodiscard]] bool is_here() const { return !run_dir.empty(); }
    // Thread: any.
    [[nodiscard]] ControlReply ask(const Json& request, Duration timeout) const;
};

// One for each host of the base's cluster. An error names what a host lacks to be asked.
[[nodiscard]] Result<std::vector<HostLink>> links_to_hosts(const Options& options,
                                                           const Base& base);

using LinkTask = std::function<ControlReply(const HostLink&)>;
// The answers in the order of the links. What lasts is told each two seconds: `progress` says how
// far it is.
[[nodiscard]] std::vector<ControlReply> ask_all(const std::vector<HostLink>& links,
                                                const LinkTask& task, Console& console,
                                                const std::function<std::string()>& progress);

struct Upload {
    std::string kind;  // "configuration" or "key"
    std::string name;  // of a key
    std::string bytes;
    std::string digest;
};
// In pieces; the answer to the last one, or the first that is none or a refusal. `sent` is called
// with the bytes that have arrived. Thread: any.
[[nodiscard]] ControlReply upload(const HostLink& link, const std::string& cluster,
                                  const Upload& what,
                                  const std::function<void(std::uint64_t)>& sent);

}  // namespace nlb::cli
