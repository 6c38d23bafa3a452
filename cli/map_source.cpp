// One question to the control plane, and a comparison of digests: rules of another configuration
// would read the map wrongly.
#include "cli/map_source.hpp"

#include <charconv>
#include <fmt/format.h>

#include "cli/control_request.hpp"
#include "cli/selection.hpp"
#include "config/digest.hpp"
#include "config/format.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

// What came of asking.
struct Heard {
    std::optional<LiveMap> map;
    std::string why_not;
    std::optional<Error> misuse;
};

Heard ask_for_map(const Options& options, const std::string& cluster) {
    Json request{{"command", "map"}};
    if (!cluster.empty()) request["cluster"] = cluster;
    const ControlReply reply = ask_anybody(options, request);
    if (!reply.answered && !options.remote.empty()) return {std::nullopt, "", Error{reply.message}};
    if (!reply.answered)
        return {std::nullopt, fmt::format("no control plane answers in {}", options.run_dir), {}};
    const Json& clusters = list_of(reply.json, "clusters");
    if (!flag_of(reply.json, "ok") || clusters.empty())
        return {std::nullopt,
                fmt::format("the control plane tells none: {}",
                            text_of(reply.json, "message", "it knows no such question")),
                {}};
    if (clusters.size() > 1) {
        std::string names;
        for (const Json& one : clusters)
            names += (names.empty() ? "" : ", ") + text_of(one, "name", "?");
        return {std::nullopt, "",
                Error{fmt::format("this host is in several clusters: name one with --cluster ({})",
                                  names)}};
    }
    auto map = read_live_map(clusters.front());
    if (!map) return {std::nullopt, map.error().message, {}};
    if (!map.value().takes_part)
        return {std::nullopt,
                fmt::format("{} takes no part in cluster {} now, so it knows no map",
                            map.value().host, map.value().cluster),
                {}};
    return {std::move(map.value()), "", {}};
}

std::optional<ExitCode> load(const Result<config::Loaded>& loaded, Console& console,
                             MapInUse& into) {
    if (!loaded) return console.fail_configuration(loaded.error());
    into.config = std::make_unique<const config::Config>(loaded.value().config);
    return std::nullopt;
}

std::optional<ExitCode> choose(const std::string& name, Console& console, MapInUse& into) {
    const auto cluster = choose_cluster(*into.config, name);
    if (!cluster) return console.fail_usage(cluster.error());
    into.cluster = cluster.value();
    return std::nullopt;
}

// `path`: where the host that answered has it.
std::optional<ExitCode> read_hash_key(const std::string& path, bool needs_key, Console& console,
                                      MapInUse& into) {
    const auto key = config::read_key(path);
    if (key) into.hash_key = config::derive_hash_key(key.value());
    if (!key && needs_key) return console.fail_usage(key.error());
    return std::nullopt;
}

bool is_in_force(const MapInUse& use, const LiveMap& map) {
    std::uint64_t digest = 0;
    std::from_chars(map.config_digest.data(), map.config_digest.data() + map.config_digest.size(),
                    digest, 16);
    return use.hash_key &&
           config::digest_of(config::agreed_lines(*use.cluster, *use.hash_key)) == digest;
}

std::string headline_of(const LiveMap& map) {
    const LiveHost* const coordinator = map.find(map.coordinator);
    const bool moving = map.owners != map.targets;
    return fmt::format(
        "the live map of cluster {} as {} knows it: epoch {} of {}, {} of {} hosts are members{}",
        map.cluster, map.host, map.epoch,
        coordinator == nullptr ? fmt::format("host {}", map.coordinator) : coordinator->name,
        map.members.size(), map.hosts.size(), moving ? ", buckets are moving" : "");
}

// The configuration that was named, or the one in force, or the usual file.
std::optional<ExitCode> load_for(const Options& options, const Heard& heard, Console& console,
                                 MapInUse& into) {
    if (heard.map && heard.map->text)
        return load(config::load_text(*heard.map->text, heard.map->file, heard.map->own_file),
                    console, into);
    if (heard.map && !heard.map->file.empty())
        return load(config::load_file(heard.map->file), console, into);
    return load(config::load_file(options.config), console, into);
}

}  // namespace

std::optional<ExitCode> choose_map(const Options& options, Console& console, bool needs_key,
                                   MapInUse& into) {
    const bool named = options.config_given;
    std::string cluster = options.cluster;
    if (named || !options.members.empty()) {
        if (auto code = load(config::load_file(options.config), console, into)) return code;
        if (auto code = choose(cluster, console, into)) return code;
        cluster = into.cluster->name;
    }
    Heard heard;
    if (options.members.empty())
        heard = ask_for_map(options, cluster);
    else
        heard.why_not = "--members says who is present";
    if (heard.misuse) return console.fail_usage(*heard.misuse);
    if (into.config == nullptr) {
        if (auto code = load_for(options, heard, console, into)) return code;
        if (auto code = choose(heard.map ? heard.map->cluster : cluster, console, into))
            return code;
    }
    const bool as_told =
        !named && heard.map && options.remote.empty() && !heard.map->key_file.empty();
    const std::string& key_file = as_told ? heard.map->key_file : into.cluster->key_file;
    if (auto code = read_hash_key(key_file, needs_key, console, into)) return code;
    const bool unchecked = !needs_key && !named && !into.hash_key;
    if (heard.map && !unchecked && !is_in_force(into, *heard.map)) {
        heard.why_not = fmt::format(
            "the running control plane has another configuration (generation {}, digest {}) than "
            "{}{}",
            heard.map->generation, heard.map->config_digest,
            named ? options.config : heard.map->file,
            named ? "" : " with its key file as they are now");
        console.warn(heard.why_not);
        heard.map.reset();
    }
    into.live = std::move(heard.map);
    into.headline = into.live ? headline_of(*into.live)
                              : fmt::format("an ideal map of {}, not a running cluster's: {}",
                                            into.config->file, heard.why_not);
    return std::nullopt;
}

}  // namespace nlb::cli
