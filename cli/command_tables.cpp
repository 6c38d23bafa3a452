// tables: what `nlb-dataplane --tables` runs on, as a converged cluster of the given members would
// have it in its first epoch. The file holds the key of the affinity hash: it is made readable only
// by its owner.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/selection.hpp"
#include "config/format.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"
#include "config/table_builder.hpp"
#include "core/ipc/tables_codec.hpp"

namespace nlb::cli {
namespace {

Result<FixedTables> fixed_tables(const config::Member& member, const std::string& members_text) {
    const config::Cluster& cluster = *member.cluster;
    const auto members = choose_members(cluster, members_text);
    if (!members) return members.error();
    const auto key = config::read_key(cluster.key_file);
    if (!key) return key.error();
    config::Ownership ownership;
    ownership.epoch = 1;
    ownership.owner = targets_of(cluster, members.value(), {});
    ownership.own = config::owned_by(ownership.owner, member.host->id);
    FixedTables fixed;
    fixed.cluster_name = cluster.name;
    fixed.outside = member.host->outside;
    fixed.inside = member.host->inside;
    fixed.lcores = member.host->lcores;
    fixed.connections_max = cluster.connections.max;
    fixed.tables = config::build_tables(cluster, *member.host, config::derive_hash_key(key.value()),
                                        ownership);
    return fixed;
}

Json rule_json(const config::Cluster& cluster, const Tables& tables, RuleId slot) {
    Json own = Json::array(), owners = Json::array();
    for (std::size_t b = 0; b < kBuckets; ++b) {
        if ((tables.own[slot] >> b & 1U) != 0) own.push_back(b);
        owners.push_back(tables.owner[slot][b]);
    }
    return {{"name", name_of_rule(cluster, slot)}, {"own", own}, {"owners", owners}};
}

const char* kind_word(AddressKind kind) {
    switch (kind) {
        case AddressKind::vip:
            return "vip";
        case AddressKind::dedicated_mine:
            return "dedicated";
        case AddressKind::dedicated_other:
            return "dedicated to another host";
        case AddressKind::broadcast:
            return "broadcast";
    }
    return "";
}

// Everything but the hash key.
Json cluster_json(const config::Member& member, const FixedTables& fixed) {
    const Tables& tables = fixed.tables;
    Json rules = Json::array(), addresses = Json::array();
    for (const RuleId slot : slots_of(*member.cluster))
        rules.push_back(rule_json(*member.cluster, tables, slot));
    for (std::size_t i = 0; i < tables.address_count; ++i)
        addresses.push_back({{"address", config::to_string(tables.addresses[i].address)},
                             {"kind", kind_word(tables.addresses[i].kind)}});
    return {{"name", fixed.cluster_name},
            {"host", member.host->name},
            {"id", tables.self},
            {"epoch", tables.epoch},
            {"mode", config::to_string(tables.mode)},
            {"cluster_mac", config::to_string(tables.cluster_mac)},
            {"masked_mac", config::to_string(tables.masked_mac)},
            {"outside", fixed.outside},
            {"inside", fixed.inside},
            {"lcores", fixed.lcores},
            {"connections_max", fixed.connections_max},
            {"addresses", addresses},
            {"rules", rules}};
}

// A whole new file beside the old one, then renamed: whoever reads it never sees half.
Status write_private(const std::string& path, const std::vector<Byte>& bytes) {
    const std::string part = fmt::format("{}.{}.part", path, ::getpid());
    const auto failed = [&](const char* what) {
        const Error error{
            fmt::format("{}: cannot {} the tables: {}", path, what, std::strerror(errno))};
        ::unlink(part.c_str());
        return error;
    };
    const int fd =
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed("create");
    std::size_t at = 0;
    while (at < bytes.size()) {
        const ssize_t count = ::write(fd, bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) break;
        at += static_cast<std::size_t>(count);
    }
    const bool closed = ::close(fd) == 0;
    if (at < bytes.size() || !closed) return failed("write");
    if (::rename(part.c_str(), path.c_str()) != 0) return failed("put in place");
    return Done{};
}

Result<std::vector<config::Member>> chosen_memberships(const config::Config& config,
                                                       const Options& options) {
    auto all = config::memberships_of(config, options.host.empty() ? this_machine() : options.host);
    if (!all || options.cluster.empty()) return all;
    if (const auto named = choose_cluster(config, options.cluster); !named) return named.error();
    std::vector<config::Member> chosen;
    for (const config::Member& member : all.value())
        if (member.cluster->name == options.cluster) chosen.push_back(member);
    if (chosen.empty())
        return Error{fmt::format("this host is not a member of cluster {}",
                                 config::in_quotes(options.cluster))};
    return chosen;
}

}  // namespace

ExitCode run_tables(const Options& options, Console& console) {
    const auto loaded = config::load_file(options.config);
    if (!loaded) return console.fail_configuration(loaded.error());
    const auto memberships = chosen_memberships(loaded.value().config, options);
    if (!memberships) return console.fail_usage(memberships.error());
    std::vector<FixedTables> all;
    Json clusters = Json::array();
    for (const config::Member& member : memberships.value()) {
        auto fixed = fixed_tables(member, options.members);
        if (!fixed) return console.fail_usage(fixed.error());
        clusters.push_back(cluster_json(member, fixed.value()));
        all.push_back(std::move(fixed.value()));
    }
    const auto bytes = encode_tables_file(all);
    if (const auto written = write_private(options.output, bytes); !written)
        return console.fail(ExitCode::refused, ReturnValue::refused, written.error().message);
    console.say(
        fmt::format("{}: fixed tables of {} for {}, {} bytes; it holds a secret: keep it private",
                    options.output, memberships.value().front().host->name,
                    all.size() == 1 ? "cluster " + all.front().cluster_name
                                    : fmt::format("{} clusters", all.size()),
                    bytes.size()));
    Json answer = success("");
    answer["file"] = options.output;
    answer["clusters"] = clusters;
    console.answer(answer);
    return ExitCode::done;
}

}  // namespace nlb::cli
