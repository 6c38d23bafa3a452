// What the command line said, as plain values; command_line.cpp fills it, commands read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::cli {

inline constexpr const char* kDefaultConfig = "/etc/nlb/nlb.yaml";
inline constexpr const char* kDefaultRunDir = "/run/nlb";

struct Options {
    std::string command;

    // Of every command.
    std::string config = kDefaultConfig;
    bool config_given = false;
    std::string cluster;  // empty: all, or the only one
    std::string host;     // empty: this machine
    std::string run_dir = kDefaultRunDir;
    std::string remote;    // "ADDRESS[:PORT]" of a cluster that this machine is no member of
    std::string key_file;  // of remote control; empty: what the configuration names
    Duration timeout = std::chrono::seconds{2};
    bool timeout_given = false;
    bool json = false;

    // Of some: the rule, port, address or file that the command is about.
    std::string subject;
    std::string target;   // NLB's "CLUSTER:HOST"
    std::string members;  // "a,b,c"; empty: all hosts
    std::string output;

    // ip2mac
    std::string switch_kind;

    // explain
    std::string protocol;
    std::string source;
    std::string destination;
    std::string flags;
    std::string pcap;
    bool all_hosts = false;
    bool alone = false;  // of start
    bool force = false;  // of stop, drainstop, suspend
    std::string then;    // of drain and drainstop: what when the time is over; "stop" or nothing
    std::uint64_t last = 20;  // of events
    bool watch = false;       // of query
    bool hosts = false;       // of query: only the hosts
    bool ports = false;       // of query

    // hosts, rules, vips, keys, config: what of them, and KEY=VALUE words
    std::string action;
    std::vector<std::string> words;
    bool plan_only = false;

    // trace
    std::string filter;
    std::string direction = "both";
    std::uint64_t count = 0;  // 0: until interrupted
    std::uint32_t rate = 1000;
    std::uint32_t snap = 256;

    // import
    std::vector<std::string> files;

    // observe
    std::string interface;
    std::uint32_t seconds = 12;  // 0: until interrupted
    std::string metrics_file;
    bool yaml = false;

    // announce
    std::string bird = "/run/bird/bird.ctl";
    std::string protocol_name;
    Duration settle = std::chrono::seconds{1};
    bool withdraw = false;

    // plan
    std::string leave;
    std::string join;
    std::string new_config;
    std::optional<std::uint64_t> max_moves;  // of reload and start too
};

}  // namespace nlb::cli
