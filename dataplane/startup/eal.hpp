// EAL's life in this process: started once from an EalPlan, cleaned up at the end. It cannot be
// started a second time, whatever became of the first. Thread: main.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "dataplane/startup/eal_arguments.hpp"
#include "dataplane/startup/eal_log.hpp"

namespace nlb::dataplane {

class Eal {
public:
    // Blocks the signals that main reads and net_tap's, for this thread and all that EAL makes.
    // `run_dir` gets DPDK's own files. Requires: called once in a process, before any other thread
    // exists.
    static Result<std::unique_ptr<Eal>> start(const EalPlan& plan, const std::string& run_dir,
                                              EalLog& log);
    // Removes DPDK's files. Requires: workers have returned, ports are closed, pools and rings are
    // freed.
    ~Eal();
    Eal(const Eal&) = delete;
    Eal& operator=(const Eal&) = delete;

private:
    explicit Eal(std::string run_dir) : run_dir_(std::move(run_dir)) {}
    std::string run_dir_;
};

}  // namespace nlb::dataplane
