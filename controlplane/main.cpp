// nlb-controlplane: reads the command line, takes the run directory, and runs the loop. Exit codes:
// 0 ended on request, 1 refused or failed, 2 usage or configuration.
#include <CLI/CLI.hpp>
#include <sodium.h>
#include <unistd.h>

#include "config/daemon/log.hpp"
#include "config/daemon/private_memory.hpp"
#include "config/daemon/run_directory.hpp"
#include "config/daemon/service_manager.hpp"
#include "config/daemon/state_directory.hpp"
#include "config/load.hpp"
#include "controlplane/api/metrics_server.hpp"
#include "controlplane/loop/control_plane.hpp"
#include "controlplane/loop/real_time.hpp"
#include "controlplane/manager/manager_server.hpp"

namespace nlb::controlplane {
namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

struct Options {
    std::string config;
    std::string host;
    std::string run_directory;  // empty: not given
};

int complain(const std::string& sentence, int code) {
    daemon::complain(sentence);
    return code;
}

std::string machine_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

// A cluster that serves without its page is better than none.
std::unique_ptr<ManagerServer> serve_page(ControlPlane& program, PageBackend* backend,
                                          const config::Manager& settings) {
    if (backend == nullptr) return nullptr;
    auto started = ManagerServer::start(settings, *backend);
    if (!started) {
        daemon::log(daemon::Level::error, "page_not_served",
                    {{"because", started.error().message}});
        return nullptr;
    }
    program.serve_page(*started.value());
    return std::move(started.value());
}

// A cluster that serves without metrics is better than none, and one place better than none too.
std::vector<std::unique_ptr<MetricsServer>> serve_metrics(ControlPlane& program,
                                                          const config::Metrics& metrics) {
    std::vector<std::unique_ptr<MetricsServer>> servers;
    const auto board = std::make_shared<MetricsBoard>();
    for (const std::string& listen : metrics.listen) {
        auto started = MetricsServer::start(listen, board);
        if (started)
            servers.push_back(std::move(started.value()));
        else
            program.events().tell(EventId::metrics_not_served,
                                  {{"because", started.error().message}});
    }
    if (!servers.empty()) program.serve_metrics(board);
    return servers;
}

int serve(ControlPlane& program, const config::Config& config, const Options& options,
          PageBackend* backend) {
    const auto page = serve_page(program, backend, config.manager);
    const auto metrics = serve_metrics(program, config::metrics_of(config, options.host));
    // After the threads of log and metrics, which shall stay ordinary.
    for (const std::string& sentence : ask_for_real_time())
        program.events().tell(EventId::controlplane_not_real_time, {{"because", sentence}});
    program.run();
    daemon::stop_log();
    return 0;
}

int start(const Options& options) {
    if (sodium_init() < 0)
        return complain("libsodium does not start: is there a source of random numbers?", kFailed);
    daemon::keep_memory_private();
    const auto own = config::load_file(options.config);
    if (!own) return complain(own.error().message, kMisused);
    const auto members = config::memberships_of(own.value().config, options.host);
    if (!members) return complain(members.error().message, kMisused);
    const std::string run_directory = options.run_directory.empty()
                                          ? std::string{daemon::kDefaultRunDirectory}
                                          : options.run_directory;
    const auto run = daemon::RunDirectory::take(run_directory, "controlplane");
    if (!run) return complain(run.error().message, kFailed);
    auto manager = daemon::ServiceManager::from_environment();
    const std::string state_directory = daemon::state_directory_of(
        own.value().config.state_dir, options.run_directory, options.host);
    const auto chosen = choose_configuration({options.config, state_directory, options.host});
    if (!chosen) return complain(chosen.error().message, kMisused);
    const config::Loaded& loaded = chosen.value().loaded;
    ControlPlane program(chosen.value(), options.host, {run.value(), state_directory, manager});
    PageBackend* const backend =
        loaded.config.manager.listen.empty() ? nullptr : &program.page_backend();
    if (const Status ready = program.prepare(); !ready)
        return complain(ready.error().message, kMisused);
    daemon::start_log(daemon::LogWriter::thread);
    program.tell_received_refused(chosen.value());
    for (const std::string& warning : loaded.warnings)
        program.events().tell(EventId::config_warning, {{"because", warning}});
    return serve(program, loaded.config, options, backend);
}

}  // namespace
}  // namespace nlb::controlplane

int main(int argc, char** argv) {
    nlb::controlplane::Options options;
    options.host = nlb::controlplane::machine_name();
    CLI::App app{"nlb-controlplane: heartbeats, convergence, commands and metrics of one host"};
    app.set_version_flag("--version", NLB_VERSION);
    app.add_option("--config", options.config, "the cluster's YAML file")->required();
    app.add_option("--host", options.host, "this host's name in it (default: the machine's)");
    app.add_option(
        "--run-dir", options.run_directory,
        "where the sockets are [" + std::string{nlb::daemon::kDefaultRunDirectory} + "]");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        app.exit(error);
        return 2;
    }
    return nlb::controlplane::start(options);
}
