// The run directory belongs to one control plane at a time: RUN_DIR/controlplane.lock, held as long
// as the process lives.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace nlb::controlplane {

class RunDirectory {
public:
    // Creates the directory when it is missing.
    [[nodiscard]] static Result<RunDirectory> take(const std::string& path);
    RunDirectory(RunDirectory&& other) noexcept;
    RunDirectory(const RunDirectory&) = delete;
    RunDirectory& operator=(const RunDirectory&) = delete;
    RunDirectory& operator=(RunDirectory&&) = delete;
    ~RunDirectory();

    [[nodiscard]] std::string dataplane_socket() const { return path_ + "/dataplane.sock"; }
    [[nodiscard]] std::string control_socket() const { return path_ + "/control.sock"; }
    [[nodiscard]] std::string state_file() const { return path_ + "/state"; }

private:
    RunDirectory(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_;
};

}  // namespace nlb::controlplane
