// nlb-dataplane: from the command line to a running dataplane, one step after the other. Exit
// codes: 0 stopped as told, 1 refused or failed, 2 usage or configuration. A failure is one line (a
// configuration may have several mistakes).
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "config/daemon/event_line.hpp"
#include "config/daemon/private_memory.hpp"
#include "config/daemon/run_directory.hpp"
#include "config/daemon/service_manager.hpp"
#include "config/load.hpp"
#include "core/ipc/tables_codec.hpp"
#include "dataplane/control/dataplane.hpp"
#include "dataplane/probe/probe.hpp"
#include "dataplane/startup/arguments.hpp"
#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/inside_choice.hpp"
#include "dataplane/startup/machine.hpp"
#include "dataplane/startup/time_source.hpp"

namespace {

using namespace nlb;
using namespace nlb::dataplane;

constexpr int kStopped = 0;
constexpr int kFailed = 1;
constexpr int kMistaken = 2;

int fail(int exit_code, const Error& error) {
    daemon::complain((exit_code == kMistaken ? "" : "nlb-dataplane: ") + error.message);
    return exit_code;
}

Result<std::vector<FixedTables>> read_tables(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Error{path + ": the tables file cannot be read; make one with `nlb tables`"};
    std::vector<Byte> bytes(kTablesFileBytesMax + 1);
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    return decode_tables_file(bytes, path);
}

Result<StartupPlan> make_plan(const Arguments& arguments, std::optional<config::Loaded>& loaded) {
    if (!arguments.config.empty()) {
        auto read = config::load_file(arguments.config);
        if (!read) return read.error();
        loaded = std::move(read.value());
        for (const std::string& warning : loaded->warnings)
            if (!arguments.probe)
                daemon::log_event(daemon::EventId::config_warning, {{"because", warning}});
    }
    if (arguments.tables.empty()) return plan_from_config(loaded->config, arguments.host);
    const auto fixed = read_tables(arguments.tables);
    if (!fixed) return fixed.error();
    return plan_from_tables(fixed.value(), loaded ? &loaded->config : nullptr, arguments.host);
}

void tell_choices(const std::vector<InsideChoice>& choices) {
    for (const InsideChoice& choice : choices)
        daemon::log_event(daemon::EventId::inside_device, {{"cluster", choice.cluster},
                                                           {"device", choice.device.text()},
                                                           {"because", choice.because}});
}

Status check_devices(const StartupPlan& plan) {
    const Surroundings surroundings = read_surroundings();
    for (const ClusterPlan& cluster : plan.clusters) {
        const std::string place = "cluster \"" + cluster.name + "\": ";
        if (auto good = check_device(cluster.outside, place + "outside", surroundings); !good)
            return good;
        if (auto good = check_device(cluster.inside, place + "inside", surroundings); !good)
            return good;
    }
    return Done{};
}

int run(const StartupPlan& plan, const std::vector<InsideChoice>& choices,
        const Arguments& arguments) {
    auto manager = daemon::ServiceManager::from_environment();
    // Fixed tables need no control plane, so no run directory is claimed: many may run side by
    // side.
    std::optional<daemon::RunDirectory> directory;
    if (!plan.fixed) {
        auto claimed = daemon::RunDirectory::take(plan.run_dir, "dataplane");
        if (!claimed) return fail(kFailed, claimed.error());
        directory.emplace(std::move(claimed.value()));
    }
    Machine machine = read_machine();
    for (const ClusterPlan& cluster : plan.clusters)
        for (const Device* device : {&cluster.outside, &cluster.inside})
            if (device->is_pci()) machine.adapters.emplace(device->name, read_pci(*device));
    const auto eal_plan = plan_eal(plan, machine);
    if (!eal_plan) return fail(kFailed, eal_plan.error());
    if (auto good = check_devices(plan); !good) return fail(kFailed, good.error());
    for (const std::string& warning : eal_plan.value().warnings)
        daemon::log_event(daemon::EventId::dataplane_warning, {{"because", warning}});
    if (const std::string complaint = time_source_complaint(); !complaint.empty())
        daemon::log_event(daemon::EventId::time_source, {{"because", complaint}});

    EalLog& log = EalLog::capture();
    auto eal = Eal::start(eal_plan.value(), plan.run_dir, log);
    if (!eal) return fail(kFailed, eal.error());
    auto dataplane =
        Dataplane::open(plan, eal_plan.value(), directory ? &*directory : nullptr, log);
    if (!dataplane) return fail(kFailed, dataplane.error());
    // Not before: a program that cannot start says one sentence, the one that tells why.
    tell_choices(choices);
    // Not before: EAL reads what /proc then shows to root alone.
    daemon::keep_memory_private();
    const auto ended = dataplane.value()->run(arguments.exit_when_idle, manager);
    return ended ? kStopped : fail(kFailed, ended.error());
}

// The look of `nlb doctor`. Errors that it found are no failure of the look.
int tell(const StartupPlan& plan, const config::Config& config,
         const std::vector<InsideChoice>& choices, const Arguments& arguments) {
    const ProbeReport report = probe(plan, config, choices, Files{arguments.root});
    std::cout << (arguments.json ? json_of(report) + "\n" : text_of(report)) << std::flush;
    return std::cout ? kStopped : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
    const ParsedArguments parsed = parse_arguments(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    daemon::start_log(daemon::LogWriter::caller);
    std::optional<config::Loaded> loaded;
    auto plan = make_plan(parsed.arguments, loaded);
    if (!plan) return fail(kMistaken, plan.error());
    const auto choices = choose_inside_devices(plan.value(), read_surroundings());
    plan.value().run_dir = parsed.arguments.run_dir;
    if (parsed.arguments.probe)
        return tell(plan.value(), loaded->config, choices, parsed.arguments);
    return run(plan.value(), choices, parsed.arguments);
}
