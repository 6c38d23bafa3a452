// CLI11; its exceptions end here.
#include "dataplane/startup/arguments.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>

#include "core/base/assert.hpp"
#include "dataplane/startup/machine.hpp"

#ifndef NLB_VERSION
#define NLB_VERSION "0.1.0"
#endif

namespace nlb::dataplane {

ParsedArguments parse_arguments(int argc, const char* const* argv) {
    NLB_ASSERT(argc >= 1);
    ParsedArguments parsed;
    Arguments& to = parsed.arguments;
    to.host = machine_name();
    to.run_dir = "/run/nlb";
    std::uint32_t idle_ms = 0;
    CLI::App app{"The packet cores of one nlb host.", "nlb-dataplane"};
    app.set_version_flag("--version", "nlb-dataplane " NLB_VERSION);
    app.add_option("--config", to.config,
                   "the cluster's configuration, the same file on every host")
        ->type_name("FILE");
    app.add_option("--host", to.host, "which of its hosts this is")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--run-dir", to.run_dir, "where the control socket is made")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--tables", to.tables,
                   "run on the fixed tables of `nlb tables`, without a control plane")
        ->type_name("FILE");
    auto* const idle =
        app.add_option("--exit-when-idle", idle_ms,
                       "stop when the workers polled in vain for so long and no frame "
                       "is under way (with --tables)")
            ->type_name("MS");
    auto* const probe = app.add_flag(
        "--probe", to.probe, "look at this machine and its ports, say what is wrong, and end");
    app.add_flag("--json", to.json, "one JSON object instead of lines")->needs(probe);
    // Of tests.
    app.add_option("--root", to.root, "")->needs(probe)->group("");
    try {
        app.parse(argc, argv);
        if (to.config.empty() && to.tables.empty())
            throw CLI::RequiredError("--config FILE (or --tables FILE)");
        if (idle->count() > 0 && to.tables.empty())
            throw CLI::RequiresError("--exit-when-idle", "--tables");
        if (to.probe && (to.config.empty() || !to.tables.empty()))
            throw CLI::RequiredError("--config FILE (--probe looks at no tables)");
        if (to.host.empty())
            throw CLI::ValidationError("--host",
                                       "expected NAME, as this machine has none of its own");
        if (to.run_dir.empty())
            throw CLI::ValidationError("--run-dir", "expected a directory, got \"\"");
    } catch (const CLI::Success& success) {
        parsed.exit_code = app.exit(success);
    } catch (const CLI::ParseError& mistake) {
        std::cerr << "nlb-dataplane: " << mistake.what() << "; see nlb-dataplane --help\n";
        parsed.exit_code = 2;
    }
    if (idle->count() > 0) to.exit_when_idle = std::chrono::milliseconds{idle_ms};
    return parsed;
}

}  // namespace nlb::dataplane
