// The directory of one host's sockets and locks. Each of the two daemons holds it once: its lock,
// RUN_DIR/dataplane.lock or RUN_DIR/controlplane.lock, goes with the process, however it ends.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace nlb::daemon {

class RunDirectory {
public:
    // `role` is "dataplane" or "controlplane". The directory is made with mode 0755 when it is
    // missing, with its parents. An error when it cannot be used, when it is a link or others than
    // this user and root may put names into it, when its path is too long for a socket in it, and
    // while another process holds the role's lock.
    [[nodiscard]] static Result<RunDirectory> take(const std::string& path, std::string_view role);
    // Whether another process holds the role's lock. It makes and keeps nothing; what cannot be
    // read is not held.
    [[nodiscard]] static bool is_held(const std::string& path, std::string_view role);
    RunDirectory(RunDirectory&& other) noexcept;
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;
    RunDirectory& operator=(RunDirectory&&) = delete;
    ~RunDirectory();

    // The dataplane listens here for its control plane.
    [[nodiscard]] std::string dataplane_socket() const { return path_ + "/dataplane.sock"; }
    // The dataplane listens here for `nlb trace`.
    [[nodiscard]] std::string trace_socket() const { return path_ + "/trace.sock"; }
    // The control plane listens here for commands.
    [[nodiscard]] std::string control_socket() const { return path_ + "/control.sock"; }

private:
    RunDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_;
};

}  // namespace nlb::daemon
