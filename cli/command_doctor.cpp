// doctor: what is wrong on this host, or will be, and what mends it. It asks nlb-dataplane for what
// only DPDK knows, and the control plane, where one answers, for the cluster. It mends nothing.
#include "cli/command_doctor.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <iterator>
#include <time.h>

#include "cli/control_request.hpp"
#include "cli/doctor/cluster_findings.hpp"
#include "cli/doctor/file_findings.hpp"
#include "cli/doctor/findings_view.hpp"
#include "cli/doctor/probe_client.hpp"
#include "cli/selection.hpp"
#include "config/daemon/run_directory.hpp"
#include "config/daemon/state_directory.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

using config::FindingId;
using config::Findings;

// A link may need some seconds, an adapter of many queues too.
constexpr std::chrono::seconds kProbePatience{60};
// Between two looks at what comes and goes: longer than T*P of most clusters.
constexpr std::chrono::milliseconds kBetweenLooks{1200};
constexpr int kEventsAsked = 200;

void append(Findings& all, Findings more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
}

std::string root() {
    const char* const told = std::getenv(kDoctorRoot);
    return told == nullptr ? "" : told;
}

// As the daemons find it.
std::string host_of(const Options& options) {
    return options.host.empty() ? this_machine() : options.host;
}

Findings look_at_files(const Options& options, const config::Loaded& loaded,
                       const std::vector<config::Member>& members, const std::string& host) {
    const Runner runner = read_runner(root());
    Findings findings = judge_warnings(loaded.warnings);
    for (const config::Member& member : members) append(findings, judge_timing(*member.cluster));
    append(findings, judge_keys(read_keys(members), runner));
    if (const std::string& token = loaded.config.manager.token_file; !token.empty())
        if (const auto read = config::read_token(token); !read)
            findings.push_back({FindingId::token_unusable, kKeys,
                                "`manager.token_file`: " + read.error().message,
                                "(umask 077; openssl rand -hex 24 > " + token + ")"});
    const bool usual = options.run_dir == daemon::kDefaultRunDirectory;
    append(findings, judge_directory(read_directory(FindingId::run_dir_unusable, "run directory",
                                                    options.run_dir),
                                     runner));
    const std::string state =
        daemon::state_directory_of(loaded.config.state_dir, usual ? "" : options.run_dir, host);
    append(findings,
           judge_directory(read_directory(FindingId::state_dir_unusable, "state directory", state),
                           runner));
    for (const std::string& listen : config::metrics_of(loaded.config, host).listen)
        append(findings, judge_listener(read_listener("metrics", listen, "/metrics")));
    append(findings, judge_listener(read_listener("manager", loaded.config.manager.listen, "/")));
    if (count(findings).errors + count(findings).warnings == 0)
        findings.push_back(
            {FindingId::files_right, "files", "configuration, keys and directories are right", ""});
    return findings;
}

ProbeAnswer look_at_machine(const Options& options, const std::string& host,
                            const Findings& of_files) {
    ProbeAnswer none;
    for (const config::Finding& finding : of_files)
        if (finding.subject == kKeys && count({finding}).errors != 0) {
            none.problem = "the machine is looked at once the keys are right: the plan needs them";
            return none;
        }
    const std::string program = find_dataplane_program();
    if (program.empty()) {
        none.problem = "nlb-dataplane is not installed beside nlb";
        return none;
    }
    return run_probe(program, {options.config, host, options.run_dir, root()}, kProbePatience);
}

Json cluster_named(const ControlReply& reply, const std::string& name) {
    for (const Json& cluster : list_of(reply.json, "clusters"))
        if (text_of(cluster, "name") == name) return cluster;
    return Json::object();
}

void pause() {
    const timespec wanted{1, std::chrono::nanoseconds{kBetweenLooks}.count() % 1'000'000'000};
    ::nanosleep(&wanted, nullptr);
}

Findings look_at_cluster(const Options& options, const std::vector<config::Member>& members,
                         const std::string& host, bool dataplane_runs) {
    // Here, whoever answers: --host says which host this machine is to be.
    Options here = options;
    here.host.clear();
    const Json request = request_for(here, "query");
    const ControlReply before = ask(here, request);
    if (!before.answered) {
        if (daemon::RunDirectory::is_held(options.run_dir, "controlplane"))
            return {{FindingId::serves_not, "cluster",
                     "the control plane does not answer: " + before.message,
                     "systemctl restart nlb-controlplane"}};
        if (dataplane_runs)
            return {
                {FindingId::controlplane_missing, "cluster",
                 "the dataplane runs without a control plane: it answers for no virtual address",
                 "systemctl start nlb-controlplane"}};
        return {{FindingId::not_running, "cluster",
                 "nothing runs on " + options.run_dir + ": the cluster itself was not asked", ""}};
    }
    pause();
    const ControlReply now = ask(here, request);
    Findings findings;
    for (const config::Member& member : members) {
        const Json told = cluster_named(now, member.cluster->name);
        if (text_of(told, "host") != host) {
            findings.push_back({FindingId::controlplane_of_another, member.cluster->name,
                                fmt::format("the control plane on {} is not {}'s for this cluster",
                                            options.run_dir, host),
                                "nlb query; compare --config and --host of the two programs"});
            continue;
        }
        append(findings,
               judge_cluster(told, cluster_named(before, member.cluster->name), *member.cluster));
    }
    Json wanted = request_for(here, "events");
    wanted["last"] = kEventsAsked;
    const ControlReply events = ask(here, wanted);
    if (events.answered)
        append(findings,
               judge_events(list_of(events.json, "events"), std::chrono::system_clock::now()));
    return findings;
}

ExitCode show(const Options& options, const std::string& host, const Findings& findings,
              const Json& ports, ExitCode mistaken, Console& console) {
    const FindingCounts counts = count(findings);
    const ExitCode code = mistaken != ExitCode::done ? mistaken
                          : counts.errors != 0       ? ExitCode::refused
                                                     : ExitCode::done;
    Json answer{
        {"ok", code == ExitCode::done},
        {"return_value", static_cast<int>(code == ExitCode::done    ? ReturnValue::ok
                                          : code == ExitCode::usage ? ReturnValue::bad_params
                                                                    : ReturnValue::refused)},
        {"message", verdict_of(counts)},
        {"file", options.config},
        {"host", host},
        {"findings", json_of_findings(findings)},
        {"ports", ports}};
    console.answer(answer);
    console.say(view_of_findings(findings, console.colour()));
    console.say("\n" + painted(verdict_of(counts), counts.errors != 0 ? Paint::bad : Paint::good,
                               console.colour()));
    return code;
}

}  // namespace

ExitCode run_doctor(const Options& options, Console& console) {
    const std::string host = host_of(options);
    const auto loaded = config::load_file(options.config);
    if (!loaded)
        return show(options, host, judge_mistakes(loaded.error().message), Json::array(),
                    ExitCode::usage, console);
    const auto members = config::memberships_of(loaded.value().config, host);
    if (!members)
        return show(options, host, judge_mistakes(options.config + ": " + members.error().message),
                    Json::array(), ExitCode::usage, console);
    Findings findings = look_at_files(options, loaded.value(), members.value(), host);
    const ProbeAnswer probe = look_at_machine(options, host, findings);
    if (!probe.answered)
        findings.push_back(
            {FindingId::no_probe, "machine", probe.problem,
             "nlb-dataplane --probe --config " + options.config + " --host " + host});
    append(findings, probe.findings);
    append(findings, look_at_cluster(options, members.value(), host, probe.dataplane_runs));
    return show(options, host, findings, probe.ports, ExitCode::done, console);
}

}  // namespace nlb::cli
