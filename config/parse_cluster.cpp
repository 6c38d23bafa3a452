// One cluster: its addresses, how it talks, its rules and hosts.
#include "config/parse.hpp"

namespace nlb::config {
namespace {

constexpr std::string_view kPrefixWanted = "an IPv4 or IPv6 address, with or without /LENGTH";

void parse_heartbeat(const Cursor& at, Heartbeat& into) {
    const Mapping keys(at, "a mapping with period or tolerance", {"period", "tolerance"});
    if (const Cursor* period = keys.find("period"))
        period->read_duration(into.period, kPeriodMin, kPeriodMax);
    if (const Cursor* tolerance = keys.find("tolerance"))
        tolerance->read_number(into.tolerance, kToleranceMin, kToleranceMax);
}

void parse_connections(const Cursor& at, Connections& into) {
    const Mapping keys(at, "a mapping with max, tcp_idle, half_open or closing",
                       {"max", "tcp_idle", "half_open", "closing"});
    if (const Cursor* most = keys.find("max"))
        most->read_number(into.max, kConnectionsMin, kConnectionsMax);
    if (const Cursor* idle = keys.find("tcp_idle")) parse_flow_time(*idle, into.tcp_idle);
    if (const Cursor* half = keys.find("half_open")) parse_flow_time(*half, into.half_open);
    if (const Cursor* closing = keys.find("closing")) parse_flow_time(*closing, into.closing);
}

void parse_ipsec(const Cursor& at, Ipsec& into) {
    const Mapping keys(at, "a mapping with drop_state_if_not_bucket_owner or idle",
                       {"drop_state_if_not_bucket_owner", "idle"});
    if (const Cursor* drop = keys.find("drop_state_if_not_bucket_owner"))
        drop->read_flag(into.drop_state_if_not_bucket_owner);
    if (const Cursor* idle = keys.find("idle")) parse_flow_time(*idle, into.idle);
}

void parse_remote_control(const Cursor& at, RemoteControl& into) {
    const Mapping keys(at, "a mapping with enabled, port, key_file or configure",
                       {"enabled", "port", "key_file", "configure"});
    if (const Cursor* enabled = keys.find("enabled")) enabled->read_flag(into.enabled);
    if (const Cursor* port = keys.find("port")) port->read_number(into.port, 1, 65535);
    if (const Cursor* file = keys.find("key_file"))
        file->read_text(into.key_file, "the path of a key file");
    if (const Cursor* configure = keys.find("configure")) configure->read_flag(into.configure);
}

}  // namespace

std::vector<Prefix> parse_prefixes(const Cursor& at) {
    std::vector<Prefix> prefixes;
    for (const Cursor& item : at.items("addresses", 0, kAddressesMax)) {
        Prefix prefix;
        item.read(prefix, &parse_prefix, kPrefixWanted);
        prefixes.push_back(prefix);
    }
    return prefixes;
}

Cluster parse_cluster(const Cursor& at) {
    Cluster cluster;
    const Mapping keys(at, "a cluster", {"name",           "address",     "virtual_addresses",
                                         "mode",           "mac",         "mask_source_mac",
                                         "vlan",           "key_file",    "former_key_files",
                                         "heartbeat",      "partition",   "witnesses",
                                         "icmp",           "connections", "ipsec",
                                         "remote_control", "notify",      "generation",
                                         "port_rules",     "hosts"});
    if (const Cursor* name = keys.require("name", "a name"))
        parse_name(*name, NameKind::cluster, cluster.name);
    if (const Cursor* address = keys.require("address", kPrefixWanted))
        address->read(cluster.address, &parse_prefix, kPrefixWanted);
    if (const Cursor* addresses = keys.find("virtual_addresses"))
        cluster.virtual_addresses = parse_prefixes(*addresses);
    if (const Cursor* mode = keys.find("mode")) mode->read_word(cluster.mode);
    if (const Cursor* mac = keys.find("mac"))
        mac->read(cluster.mac.emplace(), &parse_mac, "a MAC such as 02:bf:c0:00:02:50");
    if (const Cursor* masks = keys.find("mask_source_mac"))
        masks->read_flag(cluster.mask_source_mac);
    if (const Cursor* vlan = keys.find("vlan")) vlan->read_number(cluster.vlan, 1, kVlanMax);
    if (const Cursor* file = keys.require("key_file", "the path of a key file"))
        file->read_text(cluster.key_file, "the path of a key file");
    if (const Cursor* files = keys.find("former_key_files")) {
        for (const Cursor& file : files->items("key files", 0, kFormerKeyFilesMax))
            file.read_text(cluster.former_key_files.emplace_back(), "the path of a key file");
    }
    if (const Cursor* heartbeat = keys.find("heartbeat"))
        parse_heartbeat(*heartbeat, cluster.heartbeat);
    if (const Cursor* partition = keys.find("partition")) partition->read_word(cluster.partition);
    if (const Cursor* witnesses = keys.find("witnesses"))
        for (const Cursor& witness : witnesses->items("addresses", 0, kWitnessesMax))
            witness.read(cluster.witnesses.emplace_back(), &parse_ip, "an IP address");
    if (const Cursor* icmp = keys.find("icmp")) icmp->read_word(cluster.icmp);
    if (const Cursor* connections = keys.find("connections"))
        parse_connections(*connections, cluster.connections);
    if (const Cursor* ipsec = keys.find("ipsec")) parse_ipsec(*ipsec, cluster.ipsec);
    if (const Cursor* remote = keys.find("remote_control"))
        parse_remote_control(*remote, cluster.remote_control);
    if (const Cursor* notify = keys.find("notify")) cluster.notify = parse_program(*notify);
    if (const Cursor* generation = keys.find("generation"))
        generation->read_number(cluster.generation, 1, kGenerationMax);
    if (const Cursor* rules = keys.find("port_rules"))
        for (const Cursor& rule : rules->items("port rules", 0, kRulesMax))
            cluster.port_rules.push_back(parse_rule(rule));
    if (const Cursor* hosts = keys.require("hosts", "a list of hosts"))
        for (const Cursor& host : hosts->items("hosts", 1, kHostsMax))
            cluster.hosts.push_back(parse_host(host));
    return cluster;
}

}  // namespace nlb::config
