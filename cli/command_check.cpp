// check: every mistake of a configuration, then what is worth a second look, then what its
// heartbeat settings mean in milliseconds. It reads key files too, but only says whether they would
// be accepted.
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/selection.hpp"
#include "cli/text_table.hpp"
#include "cli/timing_view.hpp"
#include "config/format.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

struct Findings {
    std::vector<std::string> mistakes;
    std::vector<std::string> warnings;
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

// A missing key is only a warning: the configuration may be checked on another machine than it is
// used on.
void look_at_key(const std::string& place, const std::string& path, Findings& findings) {
    const auto key = config::read_key(path);
    if (key) return;
    struct stat status {};
    const bool seen = ::stat(path.c_str(), &status) == 0;
    const bool absent = !seen && (errno == ENOENT || errno == ENOTDIR || errno == EACCES);
    const bool forbidden =
        seen && (status.st_mode & 077U) == 0 && ::access(path.c_str(), R_OK) != 0;
    (absent || forbidden ? findings.warnings : findings.mistakes)
        .push_back(place + ": " + key.error().message);
}

void look_at_cluster(const std::string& file, const config::Cluster& cluster, Findings& findings) {
    const std::string place = fmt::format("{}: cluster {}", file, cluster.name);
    look_at_key(place + ": key_file", cluster.key_file, findings);
    for (const std::string& path : cluster.former_key_files)
        look_at_key(place + ": former_key_files", path, findings);
    for (const TimingFinding& finding : timing_findings(cluster.heartbeat))
        (finding.fatal ? findings.mistakes : findings.warnings)
            .push_back(place + ": heartbeat: " + finding.sentence);
}

Json as_json(const std::string& file, const config::Config* config, const Findings& findings) {
    const bool ok = findings.mistakes.empty();
    Json answer{{"ok", ok},
                {"return_value", static_cast<int>(ok ? ReturnValue::ok : ReturnValue::bad_params)}};
    answer["message"] = ok ? "" : findings.mistakes.front();
    answer["file"] = file;
    answer["mistakes"] = findings.mistakes;
    answer["warnings"] = findings.warnings;
    answer["clusters"] = Json::array();
    if (config == nullptr) return answer;
    for (const config::Cluster& cluster : config->clusters) {
        Json timing;
        for (const TimingFigure& figure : timing_figures(cluster.heartbeat))
            timing[figure.name + "_ms"] =
                std::chrono::duration<double, std::milli>(figure.value).count();
        answer["clusters"].push_back({{"name", cluster.name},
                                      {"hosts", cluster.hosts.size()},
                                      {"rules", cluster.port_rules.size()},
                                      {"timing", timing}});
    }
    return answer;
}

void show_timing(const config::Cluster& cluster, Console& console) {
    console.say(fmt::format(
        "\ncluster {}: {}, {}; heartbeat each {}, tolerance {}; frames assumed at most {} late, "
        "loops {}",
        painted(cluster.name, Paint::bold, console.colour()), counted(cluster.hosts.size(), "host"),
        counted(cluster.port_rules.size(), "port rule"),
        config::to_string(cluster.heartbeat.period), cluster.heartbeat.tolerance,
        config::to_string(kAssumedDelay),
        config::to_string(assumed_lateness(cluster.heartbeat.period))));
    TextTable table({{"figure"}, {"value", Align::right}, {"meaning"}});
    for (const TimingFigure& figure : timing_figures(cluster.heartbeat))
        table.add({figure.name,
                   fmt::format("{:g} ms",
                               std::chrono::duration<double, std::milli>(figure.value).count()),
                   figure.meaning});
    console.say(table.render(console.colour()));
}

ExitCode show(const std::string& file, const config::Config* config, const Findings& findings,
              Console& console) {
    console.answer(as_json(file, config, findings));
    for (const std::string& mistake : findings.mistakes)
        console.say(painted(mistake, Paint::bad, console.colour()));
    for (const std::string& warning : findings.warnings)
        console.say(painted("warning: ", Paint::notice, console.colour()) + warning);
    if (config != nullptr)
        for (const config::Cluster& cluster : config->clusters) show_timing(cluster, console);
    if (findings.mistakes.empty()) {
        console.say(fmt::format("\n{}: {}, {}", file,
                                painted("no mistakes", Paint::good, console.colour()),
                                counted(findings.warnings.size(), "warning")));
        return ExitCode::done;
    }
    console.say(fmt::format("{}: {}, {}", file, counted(findings.mistakes.size(), "mistake"),
                            counted(findings.warnings.size(), "warning")));
    return ExitCode::usage;
}

}  // namespace

ExitCode run_check(const Options& options, Console& console) {
    const std::string file = options.subject.empty() ? options.config : options.subject;
    const auto loaded = config::load_file(file);
    if (!loaded) return show(file, nullptr, {lines_of(loaded.error().message), {}}, console);
    Findings findings{{}, loaded.value().warnings};
    for (const config::Cluster& cluster : loaded.value().config.clusters)
        look_at_cluster(file, cluster, findings);
    return show(file, &loaded.value().config, findings, console);
}

}  // namespace nlb::cli
