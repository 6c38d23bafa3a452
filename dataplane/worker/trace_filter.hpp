// The filter of one trace: a classic BPF program, proven to be sound and run by libpcap's
// interpreter, which is the one that tcpdump's answers come from. DPDK 22.11's own (rte_bpf) loads
// programs that make it write where it should not, and its compiler makes wrong code of some
// ordinary filters.
#pragma once

#include <pcap/pcap.h>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/trace_messages.hpp"
#include "core/packet/burst.hpp"

namespace nlb::dataplane {

class TraceFilter {
public:
    // Error: the program could run for ever, jump out of itself, use memory that it does not have
    // or divide by zero. Thread: main.
    static Result<TraceFilter> create(std::span<const trace::Instruction> program);
    // No program reads behind the frame's end or runs longer than it is. Thread: any.
    [[nodiscard]] bool wants(const Frame& frame) const;

private:
    explicit TraceFilter(std::vector<bpf_insn> program) : program_(std::move(program)) {}
    std::vector<bpf_insn> program_;
};

}  // namespace nlb::dataplane
