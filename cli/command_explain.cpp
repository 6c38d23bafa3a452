// explain: reads packets from the command line or a capture, and prints one line per packet and
// host.
#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <utility>

#include "cli/commands.hpp"
#include "cli/decision_view.hpp"
#include "cli/explanation.hpp"
#include "cli/map_source.hpp"
#include "cli/pcap_reader.hpp"
#include "cli/selection.hpp"
#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

Decision decision_of(const Explanation& explanation) {
    return {explanation.reason, explanation.rule, explanation.bucket, explanation.owner};
}

// What no map tells.
void say_what_is_unknown(const MapInUse& map, Console& console) {
    console.say(map.headline);
    if (!map.live) return;
    console.say(
        "flows that are open already, and clients that a host remembers, are not known "
        "here: `nlb trace` shows them");
}

class Printer {
public:
    Printer(const Explainer& explainer, const MapInUse& map, Console& console)
        : explainer_(explainer), map_(map), view_(explainer.cluster()), console_(console) {}

    // The packet's destination MAC is not known, and is taken to be the cluster's.
    void assume_destination(std::uint64_t number) { assumed_.insert(number); }

    void print(std::uint64_t number, const std::vector<Explanation>& explanations) {
        const bool assumed = assumed_.erase(number) != 0;
        if (!console_.json()) {
            say_head();
            const std::string flow = flow_text(explanations.front().info);
            console_.say(fmt::format(
                "{}  {}{}", painted(std::to_string(number), Paint::bold, console_.colour()),
                flow.empty() ? "no IP flow" : flow,
                assumed ? "  (destination MAC not captured; taken as sent to the cluster)" : ""));
        }
        for (std::size_t i = 0; i < explanations.size(); ++i) {
            const std::string& host = explainer_.hosts()[i].host->name;
            console_.json() ? answer(number, host, explanations[i], assumed)
                            : say_row(host, explanations[i]);
        }
    }

private:
    void answer(std::uint64_t number, const std::string& host, const Explanation& explanation,
                bool assumed) {
        Json object{{"n", number}, {"host", host}};
        view_.add_to(object, decision_of(explanation));
        object["map"] = map_.word();
        if (assumed) object["unknown"] = {"destination_mac"};
        if (map_.live) object["epoch"] = map_.live->epoch;
        console_.answer(object);
    }

    // Which map, before the first packet; a capture that cannot be read has no head.
    void say_head() {
        if (std::exchange(has_head_, true)) return;
        say_what_is_unknown(map_, console_);
        console_.say(painted(row("host", view_.titles()), Paint::bold, console_.colour()));
    }

    void say_row(const std::string& host, const Explanation& explanation) {
        console_.say(painted(row(host, view_.row(decision_of(explanation))),
                             paint_of(verdict_of(explanation.reason)), console_.colour()));
    }

    std::string row(std::string_view host, std::string_view decision) const {
        return fmt::format("   {:<{}}  {}", host, view_.host_width(), decision);
    }

    const Explainer& explainer_;
    const MapInUse& map_;
    DecisionView view_;
    Console& console_;
    bool has_head_ = false;
    std::set<std::uint64_t> assumed_;  // not printed yet
};

// Whose eyes to look through: --host, --all-hosts, the host that answered or this machine, else
// everyone present.
Result<std::vector<const config::Host*>> chosen_hosts(const MapInUse& map, HostSet members,
                                                      const Options& options) {
    const config::Cluster& cluster = *map.cluster;
    const bool all = options.all_hosts || options.host == "all";
    if (!all && !options.host.empty()) {
        const auto host = choose_host(cluster, options.host);
        if (!host) return Error{"--host: " + host.error().message};
        return std::vector{host.value()};
    }
    if (!all) {
        const config::Host* const self =
            map.live ? find_host(cluster, map.live->host) : host_of_this_machine(cluster);
        if (self != nullptr) return std::vector{self};
    }
    return hosts_by_id(cluster, members);
}

std::vector<HostScene> scenes_of(const MapInUse& map, HostSet members,
                                 const std::vector<const config::Host*>& hosts) {
    if (!map.live) return ideal_scenes(*map.cluster, members, hosts);
    std::vector<HostScene> scenes;
    for (const config::Host* host : hosts)
        scenes.push_back({host, ownership_of(*map.live, host->id),
                          host->id != map.live->self || map.live->serves});
    return scenes;
}

void say_tally(const AcceptTally& tally, std::size_t hosts, Console& console) {
    const bool good = tally.several == 0;
    console.say(
        painted(fmt::format("{} at {}: {} accepted by exactly one, {} by none, {} by several",
                            counted(tally.packets(), "packet"), counted(hosts, "host"), tally.one,
                            tally.none, tally.several),
                good ? Paint::good : Paint::notice, console.colour()));
}

void show(const std::vector<ExplainedPacket>& packets, Printer& printer, AcceptTally& tally) {
    for (const ExplainedPacket& packet : packets) {
        tally.count(packet.explanations);
        printer.print(packet.number, packet.explanations);
    }
}

ExitCode explain_capture(const std::string& path, Explainer& explainer, Printer& printer,
                         AcceptTally& tally, Console& console) {
    auto reader = PcapReader::open(path);
    if (!reader) return console.fail_usage(reader.error());
    bool warned = false;
    for (std::uint64_t number = 1;; ++number) {
        const auto packet = reader.value().next();
        if (!packet) return console.fail_usage(packet.error());
        if (!packet.value()) break;
        CapturedPacket captured = *packet.value();
        if (captured.lacks_destination) {
            const MacAddress& mac = explainer.hosts().front().tables.cluster_mac;
            std::copy(mac.bytes.begin(), mac.bytes.end(), captured.bytes.begin());
            printer.assume_destination(number);
        }
        if (!warned && captured.wire_bytes > captured.bytes.size()) {
            console.warn(
                fmt::format("{}: packet {}: the capture holds {} of {} bytes; cut packets may be "
                            "judged otherwise than whole ones",
                            path, number, captured.bytes.size(), captured.wire_bytes));
            warned = true;
        }
        show(explainer.offer(captured.bytes, captured.time), printer, tally);
    }
    show(explainer.finish(), printer, tally);
    return ExitCode::done;
}

ExitCode explain_wish(const Options& options, Explainer& explainer, Printer& printer,
                      AcceptTally& tally, Console& console) {
    const MacAddress mac = explainer.hosts().front().tables.cluster_mac;
    const auto frame =
        frame_of({options.protocol, options.source, options.destination, options.flags}, mac);
    if (!frame) return console.fail_usage(frame.error());
    show(explainer.offer(frame.value(), {}), printer, tally);
    return ExitCode::done;
}

std::optional<Error> misuse(const Options& options) {
    const bool described = !options.protocol.empty();
    if (described == !options.pcap.empty())
        return Error{"expected either --pcap FILE or tcp|udp|icmp SRC[:PORT] DST[:PORT]"};
    if (described && options.destination.empty())
        return Error{
            "expected tcp|udp|icmp SRC[:PORT] DST[:PORT]: source or destination is missing"};
    if (!described && !options.flags.empty())
        return Error{"--flags belongs to tcp SRC DST, not to --pcap"};
    if (options.all_hosts && !options.host.empty() && options.host != "all")
        return Error{"expected either --host or --all-hosts"};
    return std::nullopt;
}

}  // namespace

ExitCode run_explain(const Options& options, Console& console) {
    if (const auto error = misuse(options)) return console.fail_usage(*error);
    MapInUse map;
    if (const auto code = choose_map(options, console, true, map)) return *code;
    const auto members = map.live ? Result<HostSet>(map.live->members)
                                  : choose_members(*map.cluster, options.members);
    if (!members) return console.fail_usage(members.error());
    const auto hosts = chosen_hosts(map, members.value(), options);
    if (!hosts) return console.fail_usage(hosts.error());
    Explainer explainer(*map.cluster, scenes_of(map, members.value(), hosts.value()),
                        *map.hash_key);
    Printer printer(explainer, map, console);
    AcceptTally tally;
    const ExitCode code = options.pcap.empty()
                              ? explain_wish(options, explainer, printer, tally, console)
                              : explain_capture(options.pcap, explainer, printer, tally, console);
    const bool everyone = options.all_hosts || options.host == "all";
    if (everyone && tally.packets() > 0) say_tally(tally, hosts.value().size(), console);
    return code;
}

}  // namespace nlb::cli
