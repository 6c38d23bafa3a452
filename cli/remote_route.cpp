// A member reaches the others at their dedicated addresses, straight through its own kernel and
// dataplane; its control plane has no part in it.
#include "cli/remote_route.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/control_request.hpp"
#include "cli/endpoint.hpp"
#include "cli/selection.hpp"
#include "config/format.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

// As the socket here tells it; empty: nobody answers there.
struct Here {
    std::string name;
    std::string id;
    std::vector<std::string> hears;  // hosts; empty: it takes no part, or hears nobody
};
Here host_here(const Options& options) {
    Options local = options;
    local.host.clear();
    const ControlReply reply =
        ask_control_plane(options.run_dir, request_for(local, "query"), options.timeout);
    const Json& clusters = list_of(reply.json, "clusters");
    if (clusters.empty()) return {};
    Here here{
        text_of(clusters.front(), "host"), std::to_string(number_of(clusters.front(), "id")), {}};
    for (const Json& cluster : clusters)
        for (const Json& member : list_of(cluster, "members"))
            if (member_of(member, "heard_ms").is_number())
                here.hears.push_back(text_of(member, "name"));
    return here;
}

remote::Wanted wanted_of(const Options& options) {
    if (options.host == "all") return remote::Wanted::all;
    return options.host.empty() ? remote::Wanted::one : remote::Wanted::named;
}

Result<Route> route_from_outside(const Options& options) {
    if (options.key_file.empty())
        return Error{"--remote needs --key-file: the file of remote_control.key_file"};
    const auto endpoint = parse_endpoint(options.remote);
    if (!endpoint) return endpoint.error();
    Route route;
    route.question.targets = {
        {endpoint.value().address, endpoint.value().port.value_or(std::uint16_t{2504})}};
    route.question.key_file = options.key_file;
    route.question.wanted = wanted_of(options);
    route.question.host = options.host == "all" ? "" : options.host;
    route.question.timeout = options.timeout;
    route.place = to_string(Endpoint{endpoint.value().address, route.question.targets[0].port});
    return route;
}

bool is_called(const config::Host& host, const std::string& name) {
    return host.name == name || std::to_string(host.id) == name;
}

Error not_enabled(const Options& options, const std::string& why) {
    return Error{
        fmt::format("--host {} needs remote control{}", config::in_quotes(options.host), why)};
}

// Of the hosts that are meant, those at other machines; who has no address of its own cannot be
// reached, and is named later as one that did not answer.
void add_targets(Route& route, const Options& options, const config::Cluster& cluster,
                 const std::vector<std::string>& heard) {
    for (const config::Host& host : cluster.hosts) {
        if (options.host != "all" && !is_called(host, options.host)) continue;
        route.hosts.push_back(host.name);
        if (host.name == route.self || host.addresses.empty()) continue;
        const bool is_doubtful =
            !heard.empty() && std::find(heard.begin(), heard.end(), host.name) == heard.end();
        route.question.targets.push_back(
            {host.addresses.front().address, cluster.remote_control.port, is_doubtful});
    }
}

// The one in force, which may have come from another machine; the usual file where nobody tells.
Result<config::Loaded> configuration_here(const Options& options) {
    if (options.config_given) return config::load_file(options.config);
    const ControlReply reply =
        ask_control_plane(options.run_dir, Json{{"command", "map"}}, options.timeout);
    for (const Json& cluster : list_of(reply.json, "clusters")) {
        const Json& told = member_of(cluster, "configuration");
        const Json& text = member_of(told, "text");
        const std::string file = text_of(told, "file", options.config);
        if (text.is_string())
            return config::load_text(text.get<std::string>(), file,
                                     text_of(told, "own_file", file));
    }
    return config::load_file(options.config);
}

Result<Route> route_from_member(const Options& options) {
    const auto loaded = configuration_here(options);
    if (!loaded) {
        const std::string& why = loaded.error().message;
        return not_enabled(options, ", whose keys are not known: " + why.substr(0, why.find('\n')));
    }
    const auto cluster = choose_cluster(loaded.value().config, options.cluster);
    if (!cluster) return cluster.error();
    const config::RemoteControl& remote = cluster.value()->remote_control;
    if (!remote.enabled)
        return not_enabled(options, fmt::format(", which is not enabled in {}; run the command on "
                                                "the host",
                                                options.config));
    Route route;
    const Here here = host_here(options);
    if (options.host == "all") route.self = here.name;
    route.cluster = cluster.value()->name;
    route.place = "the dedicated addresses of cluster " + route.cluster;
    route.question.key_file = options.key_file.empty() ? remote.key_file : options.key_file;
    route.question.wanted = wanted_of(options);
    route.question.timeout = options.timeout;
    for (const config::Host& host : cluster.value()->hosts)
        if (host.name == here.name)
            for (const config::Prefix& prefix : host.addresses)
                route.question.from.push_back(prefix.address);
    add_targets(route, options, *cluster.value(), here.hears);
    if (route.hosts.empty()) {
        const auto known = choose_host(*cluster.value(), options.host);
        return known ? Error{"there is no such host"} : known.error();
    }
    if (route.question.targets.empty() && route.self.empty())
        return Error{
            fmt::format("{} has no dedicated address: run the command there", route.hosts.front())};
    if (options.host != "all") route.question.host = route.hosts.front();
    return route;
}

}  // namespace

bool speaks_to_several(const Options& options) {
    return options.host == "all" || (!options.remote.empty() && options.host.empty());
}

bool speaks_to_this_host(const Options& options) {
    if (!options.remote.empty() || options.host == "all") return false;
    if (options.host.empty()) return true;
    const Here here = host_here(options);
    return here.name == options.host || here.id == options.host;
}

Result<Route> route_of(const Options& options) {
    return options.remote.empty() ? route_from_member(options) : route_from_outside(options);
}

ControlReply nobody(const Route& route) {
    ControlReply reply;
    reply.fault = ReturnValue::timeout;
    const std::string& host = route.question.host;
    reply.message = fmt::format(
        "{} answers remote control at {} within {} ms; is it enabled there, and is {} its key?",
        host.empty() ? "nobody" : "no host " + config::in_quotes(host), route.place,
        std::chrono::duration_cast<std::chrono::milliseconds>(route.question.timeout).count(),
        route.question.key_file);
    return reply;
}

std::string ambiguous(const Route& route, const RemoteReplies& replies) {
    std::string names;
    for (const HostReply& one : replies.hosts) names += (names.empty() ? "" : ", ") + one.host;
    return fmt::format("several hosts answer at {} ({}): name one with --host, or say --host all",
                       route.place, names);
}

}  // namespace nlb::cli
