// libpcap's own struct is copied into ours, which has the same layout.
#include "cli/packet_filter.hpp"

#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <pcap/pcap.h>

namespace nlb::cli {

Result<std::vector<trace::Instruction>> compile_filter(const std::string& expression) {
    const std::unique_ptr<pcap_t, void (*)(pcap_t*)> ethernet(pcap_open_dead(DLT_EN10MB, 65535),
                                                              pcap_close);
    bpf_program program{};
    if (pcap_compile(ethernet.get(), &program, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
        return Error{fmt::format("--filter \"{}\": {}; see pcap-filter(7)", expression,
                                 pcap_geterr(ethernet.get()))};
    std::vector<trace::Instruction> instructions(program.bf_len);
    static_assert(sizeof(bpf_insn) == sizeof(trace::Instruction));
    std::memcpy(instructions.data(), program.bf_insns, program.bf_len * sizeof(bpf_insn));
    pcap_freecode(&program);
    if (instructions.size() > trace::kInstructionsMax)
        return Error{
            fmt::format("--filter: {} instructions; at most {} are taken: ask for less at once",
                        instructions.size(), trace::kInstructionsMax)};
    return instructions;
}

}  // namespace nlb::cli
