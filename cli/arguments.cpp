#include "cli/arguments.hpp"

#include <CLI/CLI.hpp>

namespace nlb::cli {

void add_members(CLI::App& app, Options& options) {
    app.add_option("--members", options.members, "the hosts that are present; without it, all")
        ->type_name("A,B,C");
}

void explain_arguments(CLI::App& app, Options& options) {
    app.add_option("protocol", options.protocol, "what to send: tcp, udp or icmp")
        ->type_name("tcp|udp|icmp");
    app.add_option("source", options.source, "the client")->type_name("SRC[:PORT]");
    app.add_option("destination", options.destination, "a virtual or dedicated address")
        ->type_name("DST[:PORT]");
    app.add_option("--flags", options.flags, "TCP flags by their letters, SAFRPU; without it, S")
        ->type_name("SA");
    app.add_option("--pcap", options.pcap,
                   "explain every frame of a capture (pcap or pcapng, - for standard input)")
        ->type_name("FILE");
    app.add_flag("--all-hosts", options.all_hosts, "as every host of the cluster sees it");
    add_members(app, options);
}

void trace_arguments(CLI::App& app, Options& options) {
    app.add_option("--filter", options.filter,
                   "which packets, in the words of pcap-filter(7); without it, all")
        ->type_name("EXPRESSION");
    app.add_option("--count", options.count, "end after so many; without it, when interrupted")
        ->type_name("N");
    app.add_option("-w,--write", options.output,
                   "a pcapng with each decision as the packet's comment, - for standard output")
        ->type_name("FILE");
    app.add_option("--direction", options.direction, "from clients, from servers, or both [both]")
        ->type_name("in|out|both");
    app.add_option("--rate", options.rate,
                   "at most so many a second [1000]; the rest is counted, not shown")
        ->type_name("N");
    app.add_option("--snap", options.snap, "bytes kept of each [256]")->type_name("BYTES");
}

void bundle_arguments(CLI::App& app, Options& options) {
    app.add_option("files", options.files, "bundles of several hosts, to be made one")
        ->type_name("FILE");
    app.add_option("-o,--output", options.output,
                   "the file to write; without it, nlb-HOST-TIME.bundle")
        ->type_name("FILE");
}

void replay_arguments(CLI::App& app, Options& options) {
    app.add_option("bundle", options.subject, "a bundle, or a folder with recordings")
        ->required()
        ->type_name("FILE");
}

}  // namespace nlb::cli
