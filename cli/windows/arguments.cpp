#include "cli/windows/arguments.hpp"

namespace nlb::cli {

void import_arguments(CLI::App& app, Options& options) {
    app.add_option("file", options.files,
                   "what `nlb params` or `nlb display` printed, exported registry keys, "
                   "Export-Clixml of Get-NlbCluster*, setup answer files; of any number of hosts")
        ->required()
        ->type_name("FILE");
}

void observe_arguments(CLI::App& app, Options& options) {
    app.add_option("--interface", options.interface, "listen there; it needs root")
        ->type_name("NAME");
    app.add_option("--pcap", options.pcap, "read a capture (pcap or pcapng, - for standard input)")
        ->type_name("FILE");
    app.add_option("--seconds", options.seconds,
                   "how long to listen [12]; 0: until interrupted. Names come every 10 s")
        ->type_name("N");
    app.add_flag("--yaml", options.yaml, "write a configuration; what is seen goes aside");
    app.add_option("--metrics-file", options.metrics_file,
                   "Prometheus' text format, for node_exporter's textfile collector")
        ->type_name("FILE");
}

}  // namespace nlb::cli
