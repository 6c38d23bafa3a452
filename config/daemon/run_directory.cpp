// flock on a file that is never removed: removing it would let two processes hold locks of the same
// name.
#include "config/daemon/run_directory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "config/daemon/trusted_directory.hpp"
#include "config/daemon/unix_socket.hpp"

namespace nlb::daemon {
namespace {

std::string without_last_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

}  // namespace

Result<RunDirectory> RunDirectory::take(const std::string& wanted, std::string_view role) {
    const std::string path = without_last_slashes(wanted);
    const std::string unusable = "run directory " + path + " cannot be used (";
    // The longest name of a socket in it.
    if (!unix_address(path + "/dataplane.sock"))
        return Error{unusable +
                     "its path is too long for a unix socket): choose a shorter --run-dir"};
    std::error_code failed;
    const bool existed = std::filesystem::is_directory(path, failed);
    if (!existed && std::filesystem::create_directories(path, failed)) chmod(path.c_str(), 0755);
    if (const std::string why = distrust(path); !why.empty())
        return Error{unusable + why + "): check --run-dir and its permissions"};
    const std::string lock = path + "/" + std::string{role} + ".lock";
    const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return Error{unusable + std::strerror(errno) + "): check --run-dir and its permissions"};
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return RunDirectory(path, fd);
    const bool taken = errno == EWOULDBLOCK;
    const std::string cause = std::strerror(errno);
    close(fd);
    if (taken)
        return Error{"another nlb-" + std::string{role} + " runs on " + path +
                     ": stop it, or give this one a --run-dir of its own"};
    return Error{lock + " cannot be locked (" + cause + ")"};
}

bool RunDirectory::is_held(const std::string& path, std::string_view role) {
    const std::string lock = path + "/" + std::string{role} + ".lock";
    const int fd = open(lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    // Goes with the descriptor, at once.
    const bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

RunDirectory::~RunDirectory() {
    if (lock_ >= 0) close(lock_);
}

}  // namespace nlb::daemon
