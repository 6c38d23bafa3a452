#include "config/daemon/unix_socket.hpp"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/assert.hpp"

namespace nlb::daemon {
namespace {

constexpr mode_t kOwner = S_IRUSR | S_IWUSR;
constexpr mode_t kGroup = S_IRGRP | S_IWGRP;

const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

std::optional<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    path.copy(address.sun_path, path.size());
    return address;
}

Result<int> listen_unix(const std::string& path, int type, int backlog, SocketAccess access) {
    const auto address = unix_address(path);
    if (!address)
        return Error{path +
                     ": too long for the name of a socket (107 bytes); choose a shorter "
                     "--run-dir"};
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return Error{path + ": no socket could be made: " + std::strerror(errno)};
    unlink(path.c_str());
    // The mode is set before the name exists, so that there is no moment at which others could
    // connect. The kernel takes the umask off it when it makes the name.
    const mode_t wanted = access == SocketAccess::group ? kOwner | kGroup : kOwner;
    if (fchmod(fd, wanted) != 0 || bind(fd, as_sockaddr(*address), sizeof *address) != 0 ||
        listen(fd, backlog) != 0) {
        const std::string cause = std::strerror(errno);
        close(fd);
        return Error{path + ": cannot listen there: " + cause + "; check the run directory"};
    }
    struct stat about {};
    const bool half_open = stat(path.c_str(), &about) == 0 && (about.st_mode & kGroup) != kGroup;
    if (half_open) chmod(path.c_str(), kOwner);
    return fd;
}

Result<int> connect_unix(const std::string& path, int type) {
    const auto address = unix_address(path);
    NLB_ASSERT(address.has_value());
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return Error{std::strerror(errno)};
    if (connect(fd, as_sockaddr(*address), sizeof *address) == 0) return fd;
    const std::string cause = std::strerror(errno);
    close(fd);
    return Error{cause};
}

}  // namespace nlb::daemon
