// What `nlb trace` and a worker make of filters, for tests/golden/test_trace_filters.py: compiled
// as the one does, run as the other does. Usage: trace-filters CAPTURE < FILTERS, one filter a
// line; for each line the numbers of the frames that it wants, or `!` and why it is refused.
#include <cstdio>
#include <iostream>
#include <pcap/pcap.h>
#include <string>
#include <vector>

#include "cli/packet_filter.hpp"
#include "dataplane/worker/trace_filter.hpp"

namespace nlb {
namespace {

std::vector<std::vector<Byte>> frames_in(const char* path) {
    std::vector<std::vector<Byte>> frames;
    char error[PCAP_ERRBUF_SIZE];
    pcap_t* const capture = pcap_open_offline(path, error);
    if (capture == nullptr) return frames;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    while (pcap_next_ex(capture, &header, &data) == 1)
        frames.emplace_back(data, data + header->caplen);
    pcap_close(capture);
    return frames;
}

std::string answer(const std::string& expression, std::vector<std::vector<Byte>>& frames) {
    const auto program = cli::compile_filter(expression);
    if (!program) return "! " + program.error().message;
    const auto filter = dataplane::TraceFilter::create(program.value());
    if (!filter) return "! " + filter.error().message;
    std::string numbers;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto size = static_cast<std::uint16_t>(frames[i].size());
        if (filter.value().wants({frames[i].data(), size, size}))
            numbers += std::to_string(i) + " ";
    }
    return numbers;
}

}  // namespace
}  // namespace nlb

int main(int argc, char** argv) {
    auto frames = nlb::frames_in(argc == 2 ? argv[1] : "");
    if (frames.empty()) {
        std::fprintf(stderr, "usage: trace-filters CAPTURE < FILTERS\n");
        return 2;
    }
    for (std::string line; std::getline(std::cin, line);)
        std::cout << nlb::answer(line, frames) << "\n";
    return 0;
}
