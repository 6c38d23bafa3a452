#include "controlplane/loop/run_directory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "controlplane/loop/unix_address.hpp"

namespace nlb::controlplane {

Result<RunDirectory> RunDirectory::take(const std::string& path) {
    if (!unix_address(path + "/dataplane.sock"))
        return Error{
            path +
            ": the run directory's path is too long for a unix socket; choose a shorter --run-dir"};
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
        return Error{path + ": cannot make the run directory: " + std::strerror(errno)};
    const std::string lock = path + "/controlplane.lock";
    const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return Error{lock + ": cannot open: " + std::strerror(errno)};
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return Error{lock +
                     ": another nlb-controlplane works in this run directory; stop it or choose "
                     "another --run-dir"};
    }
    return RunDirectory{path, fd};
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

RunDirectory::~RunDirectory() {
    if (lock_ >= 0) close(lock_);
}

}  // namespace nlb::controlplane
