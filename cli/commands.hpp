// The commands of `nlb`, one function each, one file per topic. Each prints through the console and
// returns the exit code.
#pragma once

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

// command_control.cpp: these speak to the control plane of this machine.
// start stop drainstop suspend resume reload
ExitCode run_verb(const Options& options, Console& console);
ExitCode run_rule_verb(const Options& options, Console& console);  // enable disable drain
ExitCode run_query(const Options& options, Console& console);
ExitCode run_query_port(const Options& options, Console& console);
ExitCode run_params(const Options& options, Console& console);
ExitCode run_display(const Options& options, Console& console);
// command_drain.cpp: drainstop and drain with a time to wait for
ExitCode run_waiting_drain(const Options& options, Console& console);
// command_events.cpp
ExitCode run_events(const Options& options, Console& console);
// command_bundle.cpp
ExitCode run_bundle(const Options& options, Console& console);
// command_watch.cpp: query, again and again
ExitCode run_watch(const Options& options, Console& console);

// change/: these change the configuration of a whole cluster, or show the one in force.
ExitCode run_change(const Options& options, Console& console);  // hosts rules vips
ExitCode run_keys(const Options& options, Console& console);
ExitCode run_config(const Options& options, Console& console);

// command_announce.cpp: this speaks to BIRD too
ExitCode run_announce(const Options& options, Console& console);

// command_trace.cpp: this speaks to the dataplane.
ExitCode run_trace(const Options& options, Console& console);

// These need no running program.
ExitCode run_check(const Options& options, Console& console);
ExitCode run_keygen(const Options& options, Console& console);
ExitCode run_ip2mac(const Options& options, Console& console);
ExitCode run_tables(const Options& options, Console& console);
ExitCode run_explain(const Options& options, Console& console);
ExitCode run_plan(const Options& options, Console& console);
ExitCode run_import(const Options& options, Console& console);
// command_replay.cpp
ExitCode run_replay(const Options& options, Console& console);
ExitCode run_observe(const Options& options, Console& console);

}  // namespace nlb::cli
