// Unix sockets of the run directory, as descriptors: made, bound and connected, with errors as
// sentences. What is said over them is their users' business.
#pragma once

#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/base/result.hpp"

namespace nlb::daemon {

// Nothing when the path is too long for the kernel (107 bytes).
[[nodiscard]] std::optional<sockaddr_un> unix_address(const std::string& path);

// Who may connect besides this user and root.
enum class SocketAccess {
    owner,  // nobody: mode 0600
    // The group of this process, where its umask leaves the group anything (units: UMask=0007):
    // mode 0660. A daemon that root starts by hand has a umask that does not, and so mode 0600.
    group,
};

// A listening socket at `path`; `type` is SOCK_SEQPACKET or SOCK_STREAM. It does not
// block and goes with exec. What a former process left behind at the path is replaced. The caller
// closes the descriptor and unlinks the path. Requires: this process holds the run directory's
// lock.
[[nodiscard]] Result<int> listen_unix(const std::string& path, int type, int backlog,
                                      SocketAccess access = SocketAccess::owner);

// A connection to whoever listens at `path`; it does not block and goes with exec. The caller
// closes it. The error is the kernel's word alone, without the path. Requires: unix_address(path).
[[nodiscard]] Result<int> connect_unix(const std::string& path, int type);

}  // namespace nlb::daemon
