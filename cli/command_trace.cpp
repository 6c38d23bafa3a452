// trace: what the running dataplane decides about packets, as it decides it: a line each, or a
// capture with the decisions as comments.
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <optional>

#include "cli/commands.hpp"
#include "cli/decision_view.hpp"
#include "cli/packet_filter.hpp"
#include "cli/pcapng_writer.hpp"
#include "cli/selection.hpp"
#include "cli/text_table.hpp"
#include "cli/trace_client.hpp"
#include "config/format.hpp"
#include "config/load.hpp"
#include "core/base/endian.hpp"
#include "core/packet/headers.hpp"

namespace nlb::cli {
namespace {

constexpr int kFlowWidth = 46;  // two IPv4 addresses with ports and flags

Decision decision_of(const trace::Packet& packet) {
    return {packet.reason, packet.info.rule, packet.info.bucket, packet.owner};
}

std::string flow_of(const TraceClient::Traced& traced) {
    const std::string flow =
        flow_text(traced.packet.info, traced.packet.direction == trace::Direction::egress);
    if (!flow.empty() || traced.bytes.size() < sizeof(EthernetHeader)) return flow;
    MacAddress to;
    MacAddress from;
    std::copy_n(traced.bytes.begin(), to.bytes.size(), to.bytes.begin());
    std::copy_n(traced.bytes.begin() + sizeof to, from.bytes.size(), from.bytes.begin());
    return fmt::format("{} > {} ethertype {:#06x}", config::to_string(from), config::to_string(to),
                       load_big_endian<std::uint16_t>(traced.bytes.data() + 12));
}

// "12:03:04.123456789", this machine's time of day.
std::string time_of_day(std::int64_t time_ns) {
    const time_t seconds = time_ns / 1'000'000'000;
    tm parts{};
    localtime_r(&seconds, &parts);
    return fmt::format("{:02}:{:02}:{:02}.{:09}", parts.tm_hour, parts.tm_min, parts.tm_sec,
                       time_ns % 1'000'000'000);
}

// What was traced, to the reader it was asked for.
class TraceOutput {
public:
    TraceOutput(const config::Cluster& cluster, std::optional<PcapngWriter> writer,
                Console& console)
        : view_(cluster), writer_(std::move(writer)), console_(console) {}

    [[nodiscard]] Status show(const TraceClient::Traced& traced) {
        if (++shown_ == 1 && !writer_) say_titles();
        const Decision decision = decision_of(traced.packet);
        if (writer_)
            return writer_->write({traced.bytes, traced.packet.length, traced.packet.time_ns,
                                   traced.packet.direction == trace::Direction::egress,
                                   "nlb: " + view_.sentence(decision)});
        console_.json() ? answer(traced, decision) : say(traced, decision);
        return Done{};
    }

    [[nodiscard]] std::uint64_t shown() const { return shown_; }

private:
    void say_titles() {
        console_.say(painted(fmt::format("{:<18}  {:<3}  {:<{}}  {}", "time", "way", "packet",
                                         kFlowWidth, view_.titles()),
                             Paint::bold, console_.colour()));
    }

    void say(const TraceClient::Traced& traced, const Decision& decision) {
        const bool out = traced.packet.direction == trace::Direction::egress;
        const std::string line =
            fmt::format("{:<18}  {:<3}  {:<{}}  {}", time_of_day(traced.packet.time_ns),
                        out ? "out" : "in", flow_of(traced), kFlowWidth, view_.row(decision));
        console_.say(painted(line, paint_of(verdict_of(decision.reason)), console_.colour()));
        console_.flush();
    }

    void answer(const TraceClient::Traced& traced, const Decision& decision) {
        Json object{
            {"n", shown_},
            {"time_ns", traced.packet.time_ns},
            {"direction", traced.packet.direction == trace::Direction::egress ? "out" : "in"},
            {"packet", flow_of(traced)},
            {"bytes", traced.packet.length},
            {"lane", traced.packet.lane},
            {"epoch", traced.packet.epoch}};
        view_.add_to(object, decision);
        console_.answer(object);
        console_.flush();
    }

    DecisionView view_;
    std::optional<PcapngWriter> writer_;
    Console& console_;
    std::uint64_t shown_ = 0;
};

ExitCode finish(const TraceOutput& output, const trace::Progress& progress, const Options& options,
                Console& console) {
    const std::string into =
        options.output.empty() || options.output == "-" ? "" : " in " + options.output;
    std::string sentence = fmt::format("{}{}, {} looked at", counted(output.shown(), "packet"),
                                       into, progress.looked_at);
    if (progress.passed_by != 0)
        sentence +=
            fmt::format("; {} passed by unseen, as the budget of {} a second was used up (--rate)",
                        progress.passed_by, options.rate);
    Json object = success(sentence);
    object["packets"] = output.shown();
    object["looked_at"] = progress.looked_at;
    object["passed_by"] = progress.passed_by;
    if (options.output != "-") console.answer(object);
    if (options.output != "-") console.say(painted(sentence, Paint::dim, console.colour()));
    return ExitCode::done;
}

ExitCode follow(TraceClient& client, TraceOutput& output, const Options& options,
                Console& console) {
    trace::Progress progress{};
    while (options.count == 0 || output.shown() < options.count) {
        const TraceClient::Event event = client.next();
        if (const auto* traced = std::get_if<TraceClient::Traced>(&event)) {
            progress = traced->packet.progress;
            if (const auto status = output.show(*traced); !status)
                return console.fail(ExitCode::refused, ReturnValue::io_error,
                                    status.error().message);
        } else if (const auto* seen = std::get_if<trace::Progress>(&event)) {
            progress = *seen;
        } else if (const auto* refused = std::get_if<TraceClient::Refused>(&event)) {
            return console.fail(ExitCode::refused, ReturnValue::refused, refused->sentence);
        } else if (std::holds_alternative<TraceClient::Gone>(event)) {
            return console.fail(ExitCode::unreachable, ReturnValue::io_error,
                                "the dataplane closed the trace: look into its log");
        } else {
            break;
        }
    }
    return finish(output, progress, options, console);
}

Result<trace::Request> request_of(const Options& options, const config::Cluster& cluster,
                                  std::size_t instructions) {
    trace::Request request{};
    request.build = trace::build_of_this();
    if (cluster.name.size() >= request.cluster.size())
        return Error{"the cluster's name is too long to be traced by"};
    std::copy(cluster.name.begin(), cluster.name.end(), request.cluster.begin());
    constexpr std::array kWays{std::pair{"in", trace::Direction::ingress},
                               std::pair{"out", trace::Direction::egress},
                               std::pair{"both", trace::Direction::both}};
    const auto* way = std::find_if(kWays.begin(), kWays.end(), [&](const auto& known) {
        return options.direction == known.first;
    });
    if (way == kWays.end())
        return Error{"--direction: expected in, out or both, got " +
                     config::in_quotes(options.direction)};
    request.direction = way->second;
    if (options.rate < 1 || options.rate > trace::kRateMax)
        return Error{fmt::format("--rate: expected 1 to {} packets a second, got {}",
                                 trace::kRateMax, options.rate)};
    request.packets_per_second = options.rate;
    if (options.snap < sizeof(EthernetHeader) || options.snap > trace::kSnapBytesMax)
        return Error{fmt::format("--snap: expected {} to {} bytes, got {}", sizeof(EthernetHeader),
                                 trace::kSnapBytesMax, options.snap)};
    request.snap_bytes = options.snap;
    request.instruction_count = static_cast<std::uint32_t>(instructions);
    return request;
}

}  // namespace

ExitCode run_trace(const Options& options, Console& console) {
    const auto loaded = config::load_file(options.config);
    if (!loaded) return console.fail_configuration(loaded.error());
    const auto cluster = choose_cluster(loaded.value().config, options.cluster);
    if (!cluster) return console.fail_usage(cluster.error());
    const auto filter = compile_filter(options.filter);
    if (!filter) return console.fail_usage(filter.error());
    const auto request = request_of(options, *cluster.value(), filter.value().size());
    if (!request) return console.fail_usage(request.error());
    auto client = TraceClient::connect(options.run_dir);
    if (!client)
        return console.fail(ExitCode::unreachable, ReturnValue::io_error, client.error().message);
    std::optional<PcapngWriter> writer;
    if (!options.output.empty()) {
        auto created =
            PcapngWriter::create(options.output, "nlb " + cluster.value()->name, options.snap);
        if (!created)
            return console.fail(ExitCode::refused, ReturnValue::io_error, created.error().message);
        writer.emplace(std::move(created.value()));
    }
    if (const auto asked = client.value().ask(request.value(), filter.value()); !asked)
        return console.fail(ExitCode::refused, ReturnValue::io_error, asked.error().message);
    TraceOutput output(*cluster.value(), std::move(writer), console);
    return follow(client.value(), output, options, console);
}

}  // namespace nlb::cli
