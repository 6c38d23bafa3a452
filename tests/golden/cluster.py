"""The cluster that every golden case meets: four hosts, eight rules, three virtual addresses and one fixed key.
It writes configuration, key and tables; it decides nothing about packets.
"""

import os
import subprocess

HOSTS = ("edge1", "edge2", "edge3", "edge4")
NUMBER = {name: number for number, name in enumerate(HOSTS, 1)}  # a host's id
VIP, VIP2, VIP6 = "192.0.2.80", "192.0.2.81", "2001:db8::80"
DEDICATED = {name: f"192.0.2.{10 + NUMBER[name]}" for name in HOSTS}
DEDICATED6 = {name: f"2001:db8::{10 + NUMBER[name]}" for name in HOSTS}
CLUSTER_MAC = "02:bf:c0:00:02:50"  # 02:bf and the primary address
STATION = {name: f"02:0{NUMBER[name]}:c0:00:02:50" for name in HOSTS}
INSIDE_MAC = "02:70:63:61:70:01"  # net_pcap names its ports by the order in which they are made: outside 00, inside 01
DEFAULT_HOST, ADMIN_HOST = "edge1", "edge3"
KEY = bytes(range(1, 33))  # fixes who owns which bucket

RULES = """
      - {name: http, ports: 80, protocol: tcp, affinity: single}
      - {name: dns, ports: 53, protocol: udp, affinity: none}
      - {name: admin, vip: 192.0.2.81, ports: 8443, protocol: tcp, mode: single}
      - {name: portal, ports: 8443, protocol: tcp, affinity: none}
      - {name: closed, ports: 100-200, mode: disabled}
      - {name: ike, ports: 500, protocol: udp, affinity: none}
      - {name: pptp, ports: 1723, protocol: tcp, affinity: single}
      - {name: shop, ports: 8080-8081, protocol: both, affinity: {kind: single, timeout: 20m}}
"""
# What a run may be of: a link mode, or a VLAN.
VLAN = 10
LINKS = {**{mode: f"mode: {mode}" for mode in ("unicast", "multicast", "igmp")}, "vlan": f"mode: unicast\n    vlan: {VLAN}"}
ADMIN_PRIORITY = {"edge1": 4, "edge2": 3, "edge3": 1, "edge4": 2}


def _host(name, outside, inside, lcores):
    return (f'      - {{name: {name}, id: {NUMBER[name]}, addresses: [{DEDICATED[name]}/24, "{DEDICATED6[name]}/64"], lcores: "{lcores}",\n'
            f"         priorities: {{admin: {ADMIN_PRIORITY[name]}}},\n"
            f'         outside: "{outside}",\n'
            f'         inside: "{inside}"}}\n')


class Cluster:
    """The files of one run, in a folder of its own. `from_outside` and `from_inside` are the captures that the ports play."""

    def __init__(self, folder, programs, from_outside, from_inside, link="unicast", lcores="1"):
        self.folder, self.nlb, self.dataplane = folder, programs / "cli/nlb", programs / "dataplane/nlb-dataplane"
        self.configuration = folder / "nlb.yaml"
        hosts = ""
        for name in HOSTS:
            outside = f"net_pcap0,rx_pcap={from_outside},tx_pcap={self.sent_outside(name)}"
            inside = f"net_pcap1,rx_pcap={from_inside},tx_pcap={self.sent_inside(name)}"
            hosts += _host(name, outside, inside, lcores)
        key = folder / "golden.key"
        key.touch(mode=0o600)
        key.write_bytes(KEY)
        self.configuration.write_text(
            "clusters:\n"
            f"  - name: golden\n    address: {VIP}/24\n    {LINKS[link]}\n"
            f'    virtual_addresses: [{VIP2}, "{VIP6}/64"]\n    key_file: {key}\n'
            "    connections: {max: 1024}\n    remote_control: {enabled: true, key_file: remote.key}\n"
            f"    port_rules:{RULES}    hosts:\n{hosts}"
            "poll: adaptive\neal: {hugepages: false}\n")

    def sent_outside(self, name):
        return self.folder / f"{name}.out"

    def sent_inside(self, name):
        return self.folder / f"{name}.in"

    def explain(self, capture):
        """The lines that `nlb explain` prints about a capture, as all hosts see it."""
        return self._run(self.nlb, "explain", "--config", self.configuration, "--members", ",".join(HOSTS), "--pcap", capture,
                         "--all-hosts", "--json").stdout.splitlines()

    def write_tables(self, name):
        file = self.folder / f"{name}.tables"
        self._run(self.nlb, "tables", "--config", self.configuration, "--host", name, "--members", ",".join(HOSTS), "-o", file)
        return file

    def start_dataplane(self, name, idle_ms=300):
        """A dataplane on fixed tables, that ends by itself when the captures are played."""
        command = [self.dataplane, "--tables", self.write_tables(name), "--config", self.configuration, "--host", name,
                   "--exit-when-idle", str(idle_ms)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "LC_ALL": "C"})

    @staticmethod
    def _run(*command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(str(part) for part in command)}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done
