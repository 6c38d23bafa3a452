// observe: listens to the heartbeats of Windows clusters on a link or in a capture, and tells what
// they say. It sends nothing.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <pcap/pcap.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/pcap_reader.hpp"
#include "cli/windows/observed_view.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

constexpr int kSnapBytes = 2048;
constexpr int kPollMs = 200;
constexpr std::chrono::seconds kMetricsPeriod{5};
constexpr const char* kFilter = "ether proto 0x886f or (vlan and ether proto 0x886f)";

volatile std::sig_atomic_t interrupted = 0;  // set by the signal, read by the loop

void on_signal(int) {
    interrupted = 1;
}

using Pcap = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

Result<Pcap> open_interface(const std::string& name) {
    char why[PCAP_ERRBUF_SIZE] = "";
    Pcap pcap(pcap_create(name.c_str(), why), &pcap_close);
    if (!pcap) return Error{fmt::format("--interface {}: {}", printable(name), why)};
    pcap_set_snaplen(pcap.get(), kSnapBytes);
    pcap_set_promisc(pcap.get(), 1);
    pcap_set_immediate_mode(pcap.get(), 1);
    pcap_set_timeout(pcap.get(), kPollMs);
    const int status = pcap_activate(pcap.get());
    if (status < 0)
        return Error{
            fmt::format("--interface {}: {} ({}); it must exist, and listening needs "
                        "root or CAP_NET_RAW",
                        printable(name), pcap_statustostr(status), pcap_geterr(pcap.get()))};
    if (pcap_datalink(pcap.get()) != DLT_EN10MB)
        return Error{fmt::format("--interface {}: expected Ethernet, got {}", printable(name),
                                 pcap_datalink_val_to_name(pcap_datalink(pcap.get())))};
    bpf_program filter{};
    if (pcap_compile(pcap.get(), &filter, kFilter, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
        pcap_setfilter(pcap.get(), &filter) != 0)
        return Error{fmt::format("--interface {}: {}", printable(name), pcap_geterr(pcap.get()))};
    pcap_freecode(&filter);
    // Without it a quiet link would hold the loop for ever on some kernels.
    if (pcap_setnonblock(pcap.get(), 1, why) != 0)
        return Error{fmt::format("--interface {}: {}", printable(name), why)};
    return pcap;
}

void on_packet(u_char* user, const pcap_pkthdr* header, const u_char* bytes) {
    auto& seen = *reinterpret_cast<windows::Observation*>(user);
    const auto time =
        std::chrono::seconds{header->ts.tv_sec} + std::chrono::microseconds{header->ts.tv_usec};
    seen.take({bytes, header->caplen}, time);
}

// Whole or not at all: the collector may read at any moment.
Status write_metrics(const std::string& path, const windows::Observation& seen) {
    if (path.empty()) return Done{};
    const std::string next = path + ".next";
    const std::string text = windows::metrics_of(seen);
    std::FILE* file = std::fopen(next.c_str(), "w");
    const bool written =
        file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const bool closed = file != nullptr && std::fclose(file) == 0;
    if (written && closed && std::rename(next.c_str(), path.c_str()) == 0) return Done{};
    const Error error{fmt::format("--metrics-file {}: {}", path, std::strerror(errno))};
    if (file != nullptr) ::unlink(next.c_str());
    return error;
}

void sleep_for(std::chrono::milliseconds time) {
    const timespec wanted{0, std::chrono::nanoseconds{time}.count()};
    ::nanosleep(&wanted, nullptr);
}

Status listen(const Options& options, windows::Observation& seen) {
    auto pcap = open_interface(options.interface);
    if (!pcap) return pcap.error();
    struct sigaction action {};
    action.sa_handler = &on_signal;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    const auto begun = std::chrono::steady_clock::now();
    auto written = begun;
    while (interrupted == 0) {
        const int taken =
            pcap_dispatch(pcap.value().get(), 64, &on_packet, reinterpret_cast<u_char*>(&seen));
        if (taken < 0)
            return Error{fmt::format("--interface {}: {}", options.interface,
                                     pcap_geterr(pcap.value().get()))};
        const auto now = std::chrono::steady_clock::now();
        if (options.seconds != 0 && now - begun >= std::chrono::seconds{options.seconds}) break;
        if (now - written >= kMetricsPeriod) {
            written = now;
            if (const auto status = write_metrics(options.metrics_file, seen); !status)
                return status.error();
        }
        if (taken == 0) sleep_for(std::chrono::milliseconds{kPollMs});
    }
    return Done{};
}

Status read_capture(const std::string& path, windows::Observation& seen) {
    auto reader = PcapReader::open(path);
    if (!reader) return reader.error();
    while (true) {
        auto packet = reader.value().next();
        if (!packet) return packet.error();
        if (!packet.value()) return Done{};
        seen.take(packet.value()->bytes, packet.value()->time);
    }
}

void show(const windows::Observation& seen, const std::vector<std::string>& warnings,
          const Options& options, Console& console) {
    if (options.yaml) {
        std::string yaml = windows::yaml_of(seen);
        yaml.pop_back();  // say() adds the line's end
        console.say(yaml);
        console.aside(windows::text_of(seen, false));
    } else {
        console.say(windows::text_of(seen, console.colour()));
    }
    Json answer = success("");
    answer.update(windows::json_of(seen));
    answer["warnings"] = warnings;
    if (options.yaml) answer["yaml"] = windows::yaml_of(seen);
    console.answer(answer);
    console.flush();
    if (!console.json())
        for (const std::string& warning : warnings) console.warn(warning);
}

}  // namespace

ExitCode run_observe(const Options& options, Console& console) {
    if (options.interface.empty() == options.pcap.empty())
        return console.fail_usage(Error{"expected one of --interface NAME and --pcap FILE"});
    const auto ours = config::load_file(options.config);
    if (!ours && options.config_given) return console.fail_configuration(ours.error());
    windows::Observation seen;
    const bool live = !options.interface.empty();
    const auto status = live ? listen(options, seen) : read_capture(options.pcap, seen);
    if (!status && live)
        return console.fail(ExitCode::refused, ReturnValue::io_error, status.error().message);
    if (!status) return console.fail_usage(status.error());
    if (const auto written = write_metrics(options.metrics_file, seen); !written)
        return console.fail(ExitCode::refused, ReturnValue::io_error, written.error().message);
    show(seen, windows::warnings_of(seen, ours ? &ours.value().config : nullptr), options, console);
    return ExitCode::done;
}

}  // namespace nlb::cli
