// One question, `map`, and the loader.
#include "cli/change/base.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/control_request.hpp"
#include "core/base/assert.hpp"

namespace nlb::cli {

const config::Cluster& cluster_named(const config::Config& config, const std::string& name) {
    const auto found = std::find_if(config.clusters.begin(), config.clusters.end(),
                                    [&name](const auto& one) { return one.name == name; });
    NLB_ASSERT(found != config.clusters.end());
    return *found;
}

const config::Cluster& Base::in_force() const {
    return cluster_named(config, cluster);
}

std::uint64_t Base::next_generation() const {
    return std::max(told.generation, in_force().generation) + 1;
}

std::optional<ExitCode> read_base(const Options& options, Console& console, Base& into) {
    Json request = request_for(options, "map");
    const ControlReply reply = ask_anybody(options, request);
    if (!reply.answered) return fail_unreachable(console, reply);
    if (!flag_of(reply.json, "ok"))
        return console.fail(ExitCode::refused, ReturnValue::refused, refusal_in(reply.json));
    const Json& clusters = list_of(reply.json, "clusters");
    if (clusters.size() != 1)
        return console.fail_usage(
            Error{"this host is in several clusters: name one with --cluster"});
    auto told = read_live_map(clusters.front());
    if (!told) return console.fail(ExitCode::refused, ReturnValue::refused, told.error().message);
    into.told = std::move(told.value());
    if (!into.told.text)
        return console.fail(
            ExitCode::refused, ReturnValue::refused,
            fmt::format("{} is longer than the 256 KiB that a host tells: edit it by hand",
                        into.told.file));
    const auto loaded = config::load_text(*into.told.text, into.told.file, into.told.own_file);
    if (!loaded) return console.fail_configuration(loaded.error());
    into.config = loaded.value().config;
    into.cluster = into.told.cluster;
    const auto known = std::any_of(into.config.clusters.begin(), into.config.clusters.end(),
                                   [&](const auto& one) { return one.name == into.cluster; });
    if (!known)
        return console.fail(ExitCode::refused, ReturnValue::refused,
                            "the answer of the control plane is not understood");
    return std::nullopt;
}

}  // namespace nlb::cli
