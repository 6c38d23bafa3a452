// What the operator writes, as plain values: one struct per YAML mapping, every default filled in.
// Nothing here is checked; config/load.hpp gives only what validation has let through.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/limits.hpp"
#include "core/base/types.hpp"
#include "core/tables/tables.hpp"

namespace nlb::config {

// LinkMode, IcmpMode, RuleMode and Affinity are core's own (core/tables/tables.hpp).
enum class InitialState : std::uint8_t { started, stopped, suspended, last };
enum class PollMode : std::uint8_t { busy, adaptive };
enum class PartitionMode : std::uint8_t { serve, majority };
// Who puts the addresses on the kernel's end of the inside device.
enum class AddressesBy : std::uint8_t { managed, manual };

enum class CheckKind : std::uint8_t { tcp, http, https, exec, unit };
enum class OnFail : std::uint8_t { drain, stop };
enum class AllFailed : std::uint8_t { keep, drop };

// Which transport protocols a rule covers, as bits.
enum class Protocols : std::uint8_t { tcp = 1, udp = 2, both = 3 };

// NLB's `weight: equal`.
inline constexpr std::uint8_t kEqualWeight = 50;
inline constexpr std::uint8_t kWeightMax = 100;

// What the operator may ask for; a value outside is a mistake of the file.
inline constexpr std::size_t kFormerKeyFilesMax = 3;
inline constexpr std::size_t kWitnessesMax = 16;
inline constexpr Duration kPeriodMin = std::chrono::milliseconds{10};
inline constexpr Duration kPeriodMax = std::chrono::seconds{10};
inline constexpr std::uint8_t kToleranceMin = 3;
inline constexpr std::uint8_t kToleranceMax = 100;
inline constexpr std::uint8_t kToleranceAdvised = 5;
inline constexpr std::uint32_t kConnectionsMin = 1024;
inline constexpr std::uint32_t kConnectionsMax = 100'000'000;
// of every time-out of a flow; whole seconds
inline constexpr Duration kFlowTimeMin = std::chrono::seconds{1};
inline constexpr Duration kFlowTimeMax = std::chrono::hours{720};
inline constexpr Duration kAffinityTimeoutMin = std::chrono::seconds{10};  // whole seconds
inline constexpr Duration kAffinityTimeoutMax = std::chrono::hours{24};
inline constexpr Duration kCheckIntervalMin = std::chrono::milliseconds{200};
inline constexpr Duration kCheckIntervalMax = std::chrono::hours{1};
inline constexpr Duration kCheckTimeoutMin = std::chrono::milliseconds{10};
inline constexpr Duration kSlowStartMax = std::chrono::hours{1};
inline constexpr std::uint8_t kChecksInRowMax = 100;  // rise, fall
inline constexpr std::size_t kProgramWordsMax = 32;   // a program and its arguments
inline constexpr std::size_t kCheckTextMax = 1024;    // bytes of path, body or a program's word
inline constexpr std::uint64_t kGenerationMax = std::uint64_t{1} << 62;
inline constexpr std::uint32_t kMemoryMibMin = 32;
inline constexpr std::uint32_t kMemoryMibMax = 1U << 20;
inline constexpr std::uint16_t kLcoreMax = 1023;
inline constexpr std::size_t kDeviceTextMax = 255;
inline constexpr std::size_t kManagerNamesMax = 16;
inline constexpr std::size_t kListensMax = 8;
inline constexpr std::size_t kGatewaysMax = 2;  // one of each family
inline constexpr std::uint16_t kRingMin = 64;
inline constexpr std::uint16_t kRingMax = 16384;

struct Prefix {
    IpAddress address;
    std::uint8_t length = 32;  // bits; 32 (128 for IPv6) when the YAML names no prefix
};

struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 65535;
};

struct StatusRange {
    std::uint16_t first = 200;
    std::uint16_t last = 399;
    bool operator==(const StatusRange&) const = default;
};

// How a host finds out whether its own server of a rule answers.
struct Health {
    CheckKind check = CheckKind::tcp;
    std::optional<std::uint16_t> port;  // empty: the rule's first one
    std::optional<IpAddress> address;   // empty: the rule's virtual address, else the primary
    std::string path = "/";             // http, https
    std::string host;                   // the Host header; empty: address and port
    StatusRange status;                 // that counts as an answer
    std::string body;                   // what the answer must contain; empty: anything
    std::string sni;                    // https; empty: host
    bool verify = true;                 // https: the server's certificate
    std::vector<std::string> program;   // exec: the file and its arguments
    std::string unit;                   // unit: a systemd unit's name
    Duration interval = std::chrono::seconds{2};
    Duration timeout = std::chrono::seconds{1};
    std::uint8_t rise = 2;  // successes in a row that bring a failed server back
    std::uint8_t fall = 3;  // failures in a row that make it failed
    Duration slow_start{};  // over which a server that came back is given its share
    OnFail on_fail = OnFail::drain;
    AllFailed all_failed = AllFailed::keep;
    bool operator==(const Health&) const = default;
};

struct PortRule {
    std::string name;
    std::optional<IpAddress> vip;  // empty: all
    PortRange ports;
    Protocols protocols = Protocols::both;
    RuleMode mode = RuleMode::multiple;
    Affinity affinity = Affinity::single;
    std::optional<Duration> affinity_timeout;  // `affinity: {kind: single, timeout: 20m}`
    // what a host offers that has no weight of its own; 0..100
    std::uint8_t weight = kEqualWeight;
    std::optional<Health> health;  // empty: the server counts as well
};

struct Heartbeat {
    Duration period = std::chrono::milliseconds{100};
    std::uint8_t tolerance = 5;
};

struct Connections {
    std::uint32_t max = 1'000'000;
    Duration tcp_idle = std::chrono::hours{2};
    Duration half_open = std::chrono::seconds{30};
    Duration closing = std::chrono::seconds{60};
};

struct Ipsec {
    bool drop_state_if_not_bucket_owner = true;
    Duration idle = std::chrono::hours{24};
};

struct RemoteControl {
    bool enabled = false;
    std::uint16_t port = 2504;
    std::string key_file;    // of who may command; another one than the cluster's
    bool configure = false;  // who holds the key may change something, too
};

struct Metrics {
    std::vector<std::string> listen{"127.0.0.1:9780"};  // none: no HTTP
};

struct Host {
    std::string name;
    HostId id = kNoHost;
    std::vector<Prefix> addresses;                   // dedicated: never balanced
    std::map<std::string, std::uint8_t> weights;     // by rule name, 0..100
    std::map<std::string, std::uint8_t> priorities;  // by rule name, 1..32; rules of mode single
    InitialState initial_state = InitialState::started;
    std::string outside;  // a DPDK device: PCI address or vdev string
    // Also a DPDK device: `{kind: kernel, name: nlb0}` becomes one (config/inside_device.hpp).
    std::string inside;
    std::string inside_kernel;          // the name of that form; empty: a device string was written
    std::vector<std::uint16_t> lcores;  // workers, expanded from "2-5" or "1,3"
    AddressesBy addresses_by = AddressesBy::managed;
    std::vector<IpAddress> gateways;  // of `gateway`: default routes through the inside device
    // Of servers that are not this kernel; empty: auto, it is learnt inside.
    std::optional<MacAddress> server_mac;
    std::uint16_t mtu = 0;  // 0: what the outside device has
    // descriptors of each queue; 0: as many as suit
    std::uint16_t rx_ring = 0;
    std::uint16_t tx_ring = 0;
    std::optional<Metrics> metrics;  // empty: the file's
};

// What a host offers for a rule of mode multiple: its own weight, else the rule's.
[[nodiscard]] inline std::uint8_t weight_of(const Host& host, const PortRule& rule) {
    const auto own = host.weights.find(rule.name);
    return own == host.weights.end() ? rule.weight : own->second;
}

// A host's place in the line for a rule of mode single, the lowest present one handles it: its own
// priority, else its id.
[[nodiscard]] inline std::uint8_t priority_of(const Host& host, const PortRule& rule) {
    const auto own = host.priorities.find(rule.name);
    return own == host.priorities.end() ? host.id : own->second;
}

struct Cluster {
    std::string name;
    Prefix address;                         // primary cluster IP
    std::vector<Prefix> virtual_addresses;  // without the primary one
    LinkMode mode = LinkMode::unicast;
    std::optional<MacAddress> mac;  // of the cluster, by hand; empty: from the address and the mode
    // false: what the servers send leaves with the cluster MAC as its source. Unicast mode only.
    bool mask_source_mac = true;
    std::uint16_t vlan = 0;  // 1..4094; 0: untagged
    std::string key_file;
    std::vector<std::string> former_key_files;  // accepted, not used to send (key rotation)
    Heartbeat heartbeat;
    PartitionMode partition = PartitionMode::serve;
    // Asked by a host that hears nothing; empty: the gateway and the neighbours that it knows.
    std::vector<IpAddress> witnesses;
    IcmpMode icmp = IcmpMode::one;
    Connections connections;
    Ipsec ipsec;
    RemoteControl remote_control;
    // Run for each event, with the event as JSON on its input; empty: none.
    std::vector<std::string> notify;
    std::uint64_t generation = 1;
    std::vector<PortRule> port_rules;
    std::vector<Host> hosts;
};

// The web page of this host; see controlplane/manager.
struct Manager {
    std::string listen;              // empty: no page
    std::string token_file;          // empty: the page only shows
    bool read_token = false;         // the token is wanted for looking too
    std::vector<std::string> names;  // by which browsers may call it, besides addresses
};

struct Eal {
    // false: plain memory (slower); fallen back to when none is reserved
    bool hugepages = true;
    std::uint32_t memory_mib = 0;             // 0: computed from queues and connections
    std::optional<std::uint16_t> main_lcore;  // empty: the lowest cpu that is no worker's
};

struct Config {
    std::string file;  // as given on the command line
    std::vector<Cluster> clusters;
    Metrics metrics;
    Manager manager;
    // What must survive a reboot; absolute. Empty: config/daemon/state_directory.hpp decides.
    std::string state_dir;
    PollMode poll = PollMode::adaptive;
    Eal eal;
};

}  // namespace nlb::config
