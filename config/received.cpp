// Comparisons of values; it opens nothing.
#include "config/received.hpp"

#include <algorithm>
#include <vector>

#include "config/digest.hpp"
#include "config/format.hpp"
#include "config/keys.hpp"

namespace nlb::config {
namespace {

using Words = std::vector<std::string>;

const Cluster* find_cluster(const Config& config, const std::string& name) {
    const auto found = std::find_if(config.clusters.begin(), config.clusters.end(),
                                    [&name](const Cluster& one) { return one.name == name; });
    return found == config.clusters.end() ? nullptr : &*found;
}

const Host* find_host(const Cluster& cluster, const std::string& name) {
    const auto found = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                    [&name](const Host& one) { return one.name == name; });
    return found == cluster.hosts.end() ? nullptr : &*found;
}

std::vector<Words> programs_in(const Config& config) {
    std::vector<Words> programs;
    for (const Cluster& cluster : config.clusters) {
        if (!cluster.notify.empty()) programs.push_back(cluster.notify);
        for (const PortRule& rule : cluster.port_rules)
            if (rule.health && !rule.health->program.empty())
                programs.push_back(rule.health->program);
    }
    return programs;
}

std::string in_words(const Words& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

Error only_own(const std::string& where, const Difference& first, const std::string& why) {
    return Error{where + first.path + " is " + first.mine + " in this host's own file and " +
                 first.theirs + " in the one that came; " + why};
}

Status check_cluster(const Cluster& own, const Cluster& came, const Host& mine,
                     const Host& theirs) {
    const std::string where = "cluster " + own.name + ": ";
    if (mine.id != theirs.id)
        return only_own(
            where,
            {"hosts[].id of " + mine.name, std::to_string(mine.id), std::to_string(theirs.id)},
            "a host is known by its id");
    const auto started = differences(started_lines(own, mine), started_lines(came, theirs));
    if (!started.empty())
        return only_own(where, started.front(), "what is read at a start stays the own file's");
    for (const Difference& one : differences(canonical_lines(own), canonical_lines(came)))
        if (is_fixed_while_cluster_runs(one.path))
            return only_own(where, one, "no cluster can change it while it runs");
    return Done{};
}

}  // namespace

bool is_newer(const Config& other, const Config& one) {
    bool newer = false;
    for (const Cluster& cluster : one.clusters) {
        const Cluster* const twin = find_cluster(other, cluster.name);
        if (twin == nullptr || twin->generation < cluster.generation) return false;
        newer |= twin->generation > cluster.generation;
    }
    return newer;
}

Status may_take_place_of(const Config& own, const Config& came, const std::string& host) {
    const auto beside = differences(program_keys(own), program_keys(came));
    if (!beside.empty())
        return only_own("", beside.front(), "what is read at a start stays the own file's");
    for (const Cluster& cluster : own.clusters) {
        const Cluster* const twin = find_cluster(came, cluster.name);
        const Host* const mine = find_host(cluster, host);
        const Host* const theirs = twin == nullptr ? nullptr : find_host(*twin, host);
        if (mine == nullptr && theirs == nullptr) continue;
        if (theirs == nullptr || mine == nullptr)
            return Error{"cluster " + cluster.name + ": " + host + " is " +
                         (mine == nullptr ? "not in it by this host's own file"
                                          : "not in it by the file that came")};
        if (const Status fits = check_cluster(cluster, *twin, *mine, *theirs); !fits) return fits;
    }
    for (const Cluster& cluster : came.clusters)
        if (find_cluster(own, cluster.name) == nullptr && find_host(cluster, host) != nullptr)
            return Error{"cluster " + cluster.name + " is not in this host's own file"};
    const auto known = programs_in(own);
    for (const Words& program : programs_in(came))
        if (std::find(known.begin(), known.end(), program) == known.end())
            return Error{"it would run " + in_quotes(in_words(program)) +
                         ", which this host's own file does not name (notify, health.program): a "
                         "program is written into each host's own file by hand"};
    return Done{};
}

void use_received_keys(Config& config, const std::string& own_file, const std::string& keys,
                       bool (*exists)(const std::string& path)) {
    const std::string beside = own_file.substr(0, own_file.rfind('/') + 1);
    const auto choose = [&](std::string& path) {
        if (path.rfind(beside, 0) != 0 || exists(path)) return;
        const std::string name = path.substr(beside.size());
        if (name.empty() || name.find('/') != std::string::npos) return;
        if (const std::string came = keys + "/" + name; exists(came)) path = came;
    };
    for (Cluster& cluster : config.clusters) {
        choose(cluster.key_file);
        for (std::string& file : cluster.former_key_files) choose(file);
    }
}

}  // namespace nlb::config
