"""What a lab looks like, as plain values: addresses, names, timing. Makes nothing.

The documentation networks of RFC 5737 and RFC 3849 serve: the cluster's segment is 192.0.2.0/24, clients sit behind a
router (192.0.2.1) in 198.51.100.0/24 and 203.0.113.0/24, as they do in front of most clusters.
"""

import dataclasses
import ipaddress

VIP = "192.0.2.80"
VIP6 = "2001:db8::80"
ROUTER = "192.0.2.1"
ROUTER6 = "2001:db8::1"
CLUSTER_MAC = "02:bf:c0:00:02:50"
CLIENT_NETWORKS = ("198.51.100.0/24", "203.0.113.0/24")
CLIENT_NETWORK6 = "2001:db8:1::/64"
CLIENTS6 = 16
# Behind the clients' namespace, which is then a router (network.add_far_clients).
FAR_NETWORK = "198.18.0.0/24"
FAR_NETWORK6 = "2001:db8:2::/64"
FAR_ROUTER = "198.18.0.254"
FAR_ROUTER6 = "2001:db8:2::ffff"
FAR_CLIENTS = 24
RULE = "http"
HEARTBEAT_ETHERTYPE = 0x88B5


@dataclasses.dataclass(frozen=True)
class HostPlan:
    name: str
    id: int
    address: str
    address6: str
    metrics: str = "127.0.0.1:9780"
    addresses_by: str = "managed"


@dataclasses.dataclass
class Plan:
    tag: str
    hosts: int = 3
    clients: int = 256
    period: str = "100ms"
    tolerance: int = 5
    poll: str = "adaptive"
    hugepages: bool = False
    multicast_snooping: bool = False
    mode: str = "unicast"
    switch: str = "bridge"  # the kernel's, or `program`: lab-switch, which also tags, delays, loses and plays frames
    # What an experiment changes in the YAML: keys of the cluster, and keys of single hosts by their name.
    cluster_keys: dict = dataclasses.field(default_factory=dict)
    host_keys: dict = dataclasses.field(default_factory=dict)
    top_keys: dict = dataclasses.field(default_factory=dict)  # beside the cluster

    def host_plans(self):
        plans = [HostPlan(f"edge{i}", i, f"192.0.2.{10 + i}", f"2001:db8::{10 + i}") for i in range(1, self.hosts + 1)]
        by = {name: keys["addresses_by"] for name, keys in self.host_keys.items() if "addresses_by" in keys}
        return [dataclasses.replace(host, addresses_by=by.get(host.name, host.addresses_by)) for host in plans]

    def client_addresses(self):
        return [str(address) for address in self._addresses()]

    def _addresses(self):
        left = self.clients
        for network in CLIENT_NETWORKS:
            hosts = list(ipaddress.ip_network(network).hosts())[:left]
            yield from hosts
            left -= len(hosts)

    def client_addresses6(self):
        return [str(ipaddress.ip_network(CLIENT_NETWORK6)[i]) for i in range(1, CLIENTS6 + 1)]

    def silence(self):
        """After how many seconds a silent host is buried: T*P."""
        return seconds_of(self.period) * self.tolerance


def far_addresses():
    return [str(ipaddress.ip_network(FAR_NETWORK)[i]) for i in range(1, FAR_CLIENTS + 1)]


def far_addresses6():
    return [str(ipaddress.ip_network(FAR_NETWORK6)[i]) for i in range(1, FAR_CLIENTS + 1)]


def seconds_of(duration):
    """`20ms` or `1s`, as the YAML writes durations."""
    for unit, factor in (("ms", 0.001), ("us", 0.000001), ("s", 1.0)):
        if duration.endswith(unit):
            return float(duration[: -len(unit)]) * factor
    raise ValueError(f"expected a duration such as 100ms, got {duration!r}")
