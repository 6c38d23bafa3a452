// libpcap's bpf_validate() and bpf_filter(), and what its validation leaves out: it lets programs
// jump back (`protochain` needs it), so that one could run for ever, and lets instructions pass at
// which its interpreter aborts.
#include "dataplane/worker/trace_filter.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace nlb::dataplane {

static_assert(sizeof(trace::Instruction) == sizeof(bpf_insn) &&
              offsetof(bpf_insn, k) == offsetof(trace::Instruction, operand) &&
              offsetof(bpf_insn, jt) == offsetof(trace::Instruction, jump_true));

namespace {

// What bpf_filter() knows, by its code.
constexpr std::array<std::uint16_t, 49> kKnown{
    // loads of the packet, its length, numbers and memory; stores
    0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0x81, 0xb1, 0x00, 0x01, 0x60, 0x61, 0x02, 0x03,
    // jumps, with a number and with X
    0x05, 0x15, 0x25, 0x35, 0x45, 0x1d, 0x2d, 0x3d, 0x4d,
    // arithmetic, with a number and with X
    0x04, 0x14, 0x24, 0x34, 0x94, 0x54, 0x44, 0xa4, 0x64, 0x74, 0x0c, 0x1c, 0x2c, 0x3c, 0x9c, 0x5c,
    0x4c, 0xac, 0x6c, 0x7c, 0x84,
    // ends; A to X and back
    0x06, 0x16, 0x07, 0x87};

bool is_known(const bpf_insn& instruction) {
    return std::find(kKnown.begin(), kKnown.end(), instruction.code) != kKnown.end();
}

bool jumps_back(std::span<const bpf_insn> program) {
    for (std::size_t i = 0; i < program.size(); ++i)
        if (program[i].code == (BPF_JMP | BPF_JA) && program[i].k >= program.size() - i - 1)
            return true;
    return false;
}

}  // namespace

Result<TraceFilter> TraceFilter::create(std::span<const trace::Instruction> program) {
    std::vector<bpf_insn> instructions(program.size());
    if (!program.empty()) std::memcpy(instructions.data(), program.data(), program.size_bytes());
    if (program.size() > trace::kInstructionsMax ||
        bpf_validate(instructions.data(), static_cast<int>(instructions.size())) == 0 ||
        !std::all_of(instructions.begin(), instructions.end(), is_known))
        return Error{"the filter is no valid classic BPF program"};
    if (jumps_back(instructions))
        return Error{"the filter has a loop (`protochain`): name the protocol itself"};
    return TraceFilter(std::move(instructions));
}

bool TraceFilter::wants(const Frame& frame) const {
    return bpf_filter(program_.data(), frame.data, frame.length, frame.length) != 0;
}

}  // namespace nlb::dataplane
