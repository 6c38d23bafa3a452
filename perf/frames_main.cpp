// nlb-frames: writes a capture of generated traffic, for net_pcap, tcpreplay or tests. It needs no
// DPDK and no rights. Exit codes: 0 done, 1 could not write, 2 usage.
#include <cstdio>
#include <iostream>

#include "perf/capture_writer.hpp"
#include "perf/traffic_options.hpp"

namespace {

using namespace nlb;
using namespace nlb::perf;

int fail(int exit_code, const Error& error) {
    std::fprintf(stderr, "nlb-frames: %s\n", error.message.c_str());
    return exit_code;
}

int write_frames(Traffic& traffic, std::uint64_t count, const std::string& path) {
    auto writer = CaptureWriter::create(path);
    if (!writer) return fail(1, writer.error());
    std::array<Byte, kFrameBytesMax> frame;
    for (std::uint64_t n = 0; n < count; ++n)
        writer.value().add({frame.data(), traffic.next(frame.data())});
    if (auto done = writer.value().finish(); !done) return fail(1, done.error());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    TrafficTexts texts;
    std::string tables_path;
    std::string output;
    std::uint64_t count = 0;
    CLI::App app{"A capture of the traffic that nlb-perf would generate.", "nlb-frames"};
    add_traffic_options(app, texts);
    app.add_option("--tables", tables_path, "what `nlb tables` wrote: virtual addresses and key")
        ->required();
    app.add_flag("--stamped", texts.wishes.stamped,
                 "frames end with a stamp that nlb-perf's rxonly reads");
    app.add_option("--frames", count, "so many frames (default: one for each client)");
    app.add_option("-o,--output", output, "the capture")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& mistake) {
        return fail(2, Error{std::string{mistake.what()} + "; see nlb-frames --help"});
    }
    const auto wishes = read_wishes(texts);
    if (!wishes) return fail(2, wishes.error());
    const auto fixed = read_tables_file(tables_path);
    if (!fixed) return fail(2, fixed.error());
    auto traffic = Traffic::make(wishes.value(), fixed.value().tables);
    if (!traffic) return fail(2, traffic.error());
    return write_frames(traffic.value(), count != 0 ? count : wishes.value().clients, output);
}
