// keygen and ip2mac: what an operator needs before the first start.
#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/commands.hpp"
#include "cli/selection.hpp"
#include "cli/switch_snippets.hpp"
#include "cli/text_table.hpp"
#include "config/format.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"
#include "core/tables/tables.hpp"

namespace nlb::cli {
namespace {

constexpr const char* kDefaultKeyFile = "nlb.key";

// The path on the command line, else the key file of the configuration that it names, else one in
// this directory.
Result<std::string> new_key_path(const Options& options) {
    if (!options.subject.empty()) return options.subject;
    if (!options.config_given) return std::string(kDefaultKeyFile);
    const auto loaded = config::load_file(options.config);
    if (!loaded) return loaded.error();
    const auto cluster = choose_cluster(loaded.value().config, options.cluster);
    if (!cluster) return cluster.error();
    return cluster.value()->key_file;
}

// What the configuration says of the cluster of that address; without one, every mode.
Result<std::vector<SwitchedCluster>> switched_clusters(const Options& options,
                                                       const IpAddress& primary) {
    std::vector<SwitchedCluster> clusters;
    if (!options.config_given) {
        for (const LinkMode mode : {LinkMode::unicast, LinkMode::multicast, LinkMode::igmp}) {
            if (mode == LinkMode::igmp && !primary.is_v4()) continue;
            SwitchedCluster cluster{mode, primary, {primary}, {}, 0};
            cluster.masked = {masked_mac(1, primary), masked_mac(2, primary)};
            clusters.push_back(std::move(cluster));
        }
        return clusters;
    }
    const auto loaded = config::load_file(options.config);
    if (!loaded) return loaded.error();
    for (const config::Cluster& one : loaded.value().config.clusters) {
        if (one.address.address != primary) continue;
        SwitchedCluster cluster{one.mode, primary, {primary}, {}, one.vlan, one.mac};
        for (const config::Prefix& address : one.virtual_addresses)
            cluster.addresses.push_back(address.address);
        for (const config::Host* host : hosts_by_id(one, all_hosts(one)))
            cluster.masked.push_back(masked_mac(host->id, primary));
        clusters.push_back(std::move(cluster));
    }
    if (!clusters.empty()) return clusters;
    return Error{fmt::format("{}: no cluster has the primary address {}", options.config,
                             config::to_string(primary))};
}

ExitCode show_switch(const Options& options, const IpAddress& primary, Console& console) {
    const auto kind = switch_kind_of(options.switch_kind);
    if (!kind)
        return console.fail_usage(Error{fmt::format("--switch: expected {}, got {}", switch_kinds(),
                                                    config::in_quotes(options.switch_kind))});
    const auto clusters = switched_clusters(options, primary);
    if (!clusters) return console.fail_configuration(clusters.error());
    Json answer = success("");
    answer["snippets"] = Json::array();
    for (const SwitchedCluster& cluster : clusters.value()) {
        const std::string text = switch_snippet(*kind, cluster);
        console.say(text + "\n");
        answer["snippets"].push_back({{"mode", config::to_string(cluster.mode)}, {"text", text}});
    }
    console.answer(answer);
    return ExitCode::done;
}

struct MaskedSource {
    HostId id;
    std::string name;  // empty: no configuration says
    std::string mac;
};

// The configured hosts when a configuration is named and holds this cluster address, else every id.
Result<std::vector<MaskedSource>> masked_sources(const Options& options, const IpAddress& primary) {
    std::vector<MaskedSource> sources;
    if (!options.config_given) {
        for (std::size_t id = 1; id <= kHostsMax; ++id)
            sources.push_back({static_cast<HostId>(id), "",
                               config::to_string(masked_mac(static_cast<HostId>(id), primary))});
        return sources;
    }
    const auto loaded = config::load_file(options.config);
    if (!loaded) return loaded.error();
    for (const config::Cluster& cluster : loaded.value().config.clusters) {
        if (cluster.address.address != primary) continue;
        for (const config::Host* host : hosts_by_id(cluster, all_hosts(cluster)))
            sources.push_back(
                {host->id, host->name, config::to_string(masked_mac(host->id, primary))});
        return sources;
    }
    return Error{fmt::format("{}: no cluster has the primary address {}", options.config,
                             config::to_string(primary))};
}

void show_masked_sources(const std::vector<MaskedSource>& sources, Console& console) {
    TextTable table({{"host", Align::right}, {"name"}, {"masked source (unicast mode)"}});
    for (const MaskedSource& source : sources)
        table.add({std::to_string(source.id), source.name, source.mac});
    console.say(fmt::format("\n{}", table.render(console.colour())));
}

}  // namespace

ExitCode run_keygen(const Options& options, Console& console) {
    const auto path = new_key_path(options);
    if (!path) return console.fail_configuration(path.error());
    struct stat status {};
    if (::lstat(path.value().c_str(), &status) == 0)
        return console.fail(ExitCode::refused, ReturnValue::refused,
                            path.value() +
                                ": exists already and is not overwritten; move it away first if "
                                "the cluster is to have a new key");
    if (const auto written = config::write_key(path.value()); !written)
        return console.fail(ExitCode::refused, ReturnValue::refused, written.error().message);
    const auto key = config::read_key(path.value());
    if (!key) return console.fail(ExitCode::refused, ReturnValue::refused, key.error().message);
    const std::string id = fmt::format("{:04x}", config::key_id(key.value()));
    console.say(fmt::format(
        "{}: new key {}, readable only by its owner; copy it to every host of the cluster",
        path.value(), id));
    Json answer = success("");
    answer["file"] = path.value();
    answer["key_id"] = id;
    console.answer(answer);
    return ExitCode::done;
}

ExitCode run_ip2mac(const Options& options, Console& console) {
    const auto address = config::parse_ip(options.subject);
    if (!address) return console.fail_usage(address.error());
    const IpAddress& primary = address.value();
    if (!options.switch_kind.empty()) return show_switch(options, primary, console);
    const auto sources = masked_sources(options, primary);
    if (!sources) return console.fail_configuration(sources.error());
    const auto mac = [&](LinkMode mode) { return config::to_string(cluster_mac(mode, primary)); };
    Json answer = success("");
    answer["address"] = config::to_string(primary);
    answer["unicast"] = mac(LinkMode::unicast);
    answer["multicast"] = mac(LinkMode::multicast);
    answer["igmp"] = primary.is_v4() ? Json(mac(LinkMode::igmp)) : Json(nullptr);
    answer["igmp_group"] =
        primary.is_v4() ? Json(fmt::format("239.255.{}.{}", primary.bytes[14], primary.bytes[15]))
                        : Json(nullptr);
    answer["masked_sources"] = Json::array();
    for (const MaskedSource& source : sources.value()) {
        Json entry{{"id", source.id}, {"mac", source.mac}};
        if (!source.name.empty()) entry["host"] = source.name;
        answer["masked_sources"].push_back(entry);
    }
    console.answer(answer);
    console.say(fmt::format("cluster address  {}\nunicast MAC      {}\nmulticast MAC    {}",
                            config::to_string(primary), mac(LinkMode::unicast),
                            mac(LinkMode::multicast)));
    if (primary.is_v4())
        console.say(fmt::format("igmp MAC         {}  group {}", mac(LinkMode::igmp),
                                answer["igmp_group"].get<std::string>()));
    else
        console.say("igmp MAC         none: igmp mode needs an IPv4 primary address");
    show_masked_sources(sources.value(), console);
    return ExitCode::done;
}

}  // namespace nlb::cli
