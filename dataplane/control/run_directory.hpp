// The directory of one host's sockets, and the lock that keeps its dataplane single. The lock goes
// with the process, however it ends.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace nlb::dataplane {

class RunDirectory {
public:
    // Made with mode 0755 when it is missing, with its parents.
    static Result<RunDirectory> claim(const std::string& path);
    RunDirectory(RunDirectory&& other) noexcept;
    RunDirectory& operator=(RunDirectory&&) = delete;
    ~RunDirectory();

    [[nodiscard]] std::string socket_path() const { return path_ + "/dataplane.sock"; }
    [[nodiscard]] std::string trace_socket_path() const { return path_ + "/trace.sock"; }

private:
    RunDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_;
};

}  // namespace nlb::dataplane
