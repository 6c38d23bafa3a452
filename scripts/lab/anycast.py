"""Two clusters on two segments behind one router, with one address of both: BIRD on each host tells the router of it.

    client --- router (BIRD, equal-cost routes) --- segment east: east1 east2
                                                \\-- segment west: west1 west2

Each host runs config/bird/nlb.conf as it is shipped, with this lab's addresses, and `nlb announce`.
"""

import dataclasses
import re

from . import configuration, plan, system
from .host import Host
from .network import OFFLOADS, Network
from .process import Process

ANYCAST = "203.0.113.10"
CLIENT, CLIENT_ROUTER = "198.18.0.2", "198.18.0.1"
HOLD_S = 3
SHIPPED = system.ROOT / "config" / "bird" / "nlb.conf"
ROUTER = """\
router id 198.18.0.1;
log stderr all;
protocol device {{ scan time 1; }}
protocol kernel {{ merge paths yes; ipv4 {{ import none; export all; }}; }}
{peers}
"""
PEER = """\
protocol bgp {name} {{
    local {router} as 65000;
    neighbor {address} as {number};
    hold time {hold};
    connect retry time 1;
    connect delay time 1;
    error wait time 1, 2;
    ipv4 {{ import all; export none; }};
}}
"""


@dataclasses.dataclass(frozen=True)
class Site:
    name: str
    network: str  # the first three numbers
    system: int

    @property
    def cluster(self):
        return f"{self.network}.80"

    @property
    def router(self):
        return f"{self.network}.1"

    def host_plans(self):
        return [plan.HostPlan(f"{self.name}{i}", i, f"{self.network}.{10 + i}", f"2001:db8:{self.system}::{10 + i}") for i in (1, 2)]


SITES = (Site("east", "192.0.2", 65001), Site("west", "198.51.100", 65002))


class Segment(Network):
    """One cluster's switch; the router has a port of it in place of clients."""

    def __init__(self, site, lab_plan, estate, router):
        super().__init__(lab_plan, estate)
        self.site = site
        self.switch = f"{lab_plan.tag}-{site.name}"
        self.client = router

    def _add_clients(self):
        self._plug("router", self.client, self.site.name)
        self._ip(self.client, f"address add {self.site.router}/24 dev {self.site.name}")
        self._ip(self.client, f"link set {self.site.name} up")


class SitePlan(plan.Plan):
    def __init__(self, site, **options):
        super().__init__(**options)
        self.site = site

    def host_plans(self):
        return self.site.host_plans()


class Anycast:
    """Built into an estate that somebody else makes and takes down."""

    def __init__(self, estate, tag):
        self.estate, self.tag = estate, tag
        self.router, self.client = f"{tag}-router", f"{tag}-client"
        self.hosts, self.birds, self.announcers = {}, {}, {}

    def build(self):
        wires = Network(plan.Plan(tag=self.tag), self.estate)
        for namespace in (self.router, self.client):
            wires._make_namespace(namespace)
        self._connect_client(wires)
        for site in SITES:
            self._build_site(site)
        peers = [
            PEER.format(name=host.name, router=site.router, address=host.address, number=site.system, hold=HOLD_S)
            for site in SITES
            for host in site.host_plans()
        ]
        self._add_bird("router", self.router, ROUTER.format(peers="\n".join(peers)))

    def _connect_client(self, wires):
        wires._ip(self.router, f"link add clients type veth peer name eth0 netns {self.client}")
        for place, name in ((self.router, "clients"), (self.client, "eth0")):
            system.run("ethtool", "-K", name, *[word for offload in OFFLOADS for word in (offload, "off")], namespace=place)
        wires._ip(self.router, f"address add {CLIENT_ROUTER}/24 dev clients")
        wires._ip(self.client, f"address add {CLIENT}/24 dev eth0")
        wires._ip(self.router, "link set clients up")
        wires._ip(self.client, "link set eth0 up")
        wires._ip(self.client, f"route add default via {CLIENT_ROUTER}")
        # Ports decide the path, as they do in routers that know flows.
        wires.set_kernel(self.router, "net.ipv4.ip_forward=1", "net.ipv4.fib_multipath_hash_policy=1")

    def _build_site(self, site):
        keys = {"name": site.name, "address": f"{site.cluster}/24", "virtual_addresses": [f"{ANYCAST}/32"]}
        hosts = {
            host.name: {"addresses": [f"{host.address}/24"], "gateway": [site.router], "lcores": "0" if host.id == 1 else "1"}
            for host in site.host_plans()
        }
        lab_plan = SitePlan(site, tag=self.tag, hosts=2, cluster_keys=keys, host_keys=hosts)
        Segment(site, lab_plan, self.estate, self.router).build()
        directory = self.estate.directory
        key, file = directory / f"{site.name}.key", directory / f"{site.name}.yaml"
        system.run(system.COMMAND, "keygen", key)
        file.write_text(configuration.text_of(lab_plan, key))
        for host_plan in site.host_plans():
            host = Host(host_plan, f"{self.tag}-{host_plan.name}", self.estate, file)
            self.hosts[host.name] = host
            self._add_bird(host.name, host.namespace, self._shipped(site, host_plan))
            self.announcers[host.name] = Process(self.estate, f"{host.name}-announce", host.namespace, self.announce(host))

    def _shipped(self, site, host_plan):
        """config/bird/nlb.conf with what is marked there changed."""
        text = SHIPPED.read_text()
        for former, new in (
            ("192.0.2.11", host_plan.address),
            ("CLUSTER = 192.0.2.80", f"CLUSTER = {site.cluster}"),
            ("203.0.113.10/32", f"{ANYCAST}/32"),
            ("as 65001", f"as {site.system}"),
            ("192.0.2.1 as", f"{site.router} as"),
            ("log syslog { warning, error, fatal };", "log stderr all;"),
            ("hold time 9;", f"hold time {HOLD_S}; connect retry time 1; connect delay time 1; error wait time 1, 2;"),
        ):
            assert former in text, former
            text = text.replace(former, new)
        return text

    def _add_bird(self, name, namespace, text):
        file = self.estate.directory / f"{name}-bird.conf"
        file.write_text(text)
        arguments = ["/usr/sbin/bird", "-f", "-c", file, "-s", self.socket(name), "-P", self.estate.directory / f"{name}-bird.pid"]
        self.birds[name] = Process(self.estate, f"{name}-bird", namespace, arguments)

    def socket(self, name):
        return self.estate.directory / f"{name}-bird.ctl"

    def announce(self, host, *more):
        common = ["--protocol", "nlb_routes", "--bird", self.socket(host.name), "--run-dir", host.run_directory]
        return [system.COMMAND, "announce", *common, *more]

    def start(self):
        self.birds["router"].start()
        for host in self.hosts.values():
            host.start()
            self.birds[host.name].start()
            self.announcers[host.name].start()

    def site(self, name):
        return [host for host in self.hosts.values() if host.name.startswith(name)]

    def routes(self):
        """The next hops by which the router's kernel reaches the anycast address."""
        said = system.run("ip", "-n", self.router, "route", "show", f"{ANYCAST}/32", check=False)
        return sorted(set(re.findall(r"via ([0-9.]+)", said)))

    def kill(self, host):
        """The machine's death: everything of it at once."""
        for process in (host.dataplane, host.controlplane, self.birds[host.name], self.announcers[host.name], host.server):
            process.kill()
