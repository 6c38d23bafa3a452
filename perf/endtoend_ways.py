"""What stands between the client and the server of perf/endtoend: one function for each way, which makes the devices `wire` of the
client's namespace and `nlb0` of the server's, and whatever is between them."""

import pathlib
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
VIP, SERVER, CLIENT = "192.0.2.80", "192.0.2.11", "192.0.2.100"
BEHIND, BEFORE = "10.9.8.2", "10.9.8.1"  # HAProxy's server, and HAProxy towards it
PORTS = {"http": 8080, "iperf3": 5201}
OFFLOADS = ("tx", "rx", "tso", "gso", "gro", "sg")
CONFIGURATION = """\
clusters:
  - name: perf
    address: {vip}/24
    key_file: perf.key
    connections: {{max: 65536}}
    port_rules:
      - {{name: any, ports: 0-65535, protocol: both, affinity: none}}
    hosts:
      - {{name: edge1, id: 1, addresses: [{server}/24], outside: "{outside}", inside: "{inside}", lcores: 1}}
eal: {{hugepages: false}}
"""
HAPROXY = """\
global
  nbthread 1
  maxconn 8192
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
"""


class Failed(Exception):
    """One sentence."""


def veth(bench, far, device, offloads, name="wire"):
    """A cable from the client's (or, by name, the server's side of the) namespace to `device` of another one."""
    near = bench.client if name == "wire" else bench.middle
    bench.run("ip", "link", "add", name, "netns", near, "type", "veth", "peer", "name", device, "netns", far)
    if not offloads:
        words = [word for offload in OFFLOADS for word in (offload, "off")]
        for namespace, end in ((near, name), (far, device)):
            bench.run("ethtool", "-K", end, *words, namespace=namespace)


def direct(bench):
    veth(bench, bench.server, "nlb0", offloads=True)


def direct_plain(bench):
    veth(bench, bench.server, "nlb0", offloads=False)


def xdp(bench):
    veth(bench, bench.server, "nlb0", offloads=True)
    program = bench.folder / "xdp_rival.o"
    headers = ("-I", "/usr/include/x86_64-linux-gnu")
    bench.run("clang-14", "-O2", "-g", "-Wall", "-Werror", "-target", "bpf", *headers, "-c", ROOT / "perf" / "xdp_rival.c", "-o", program)
    bench.run("ip", "link", "set", "dev", "nlb0", "xdpdrv", "obj", program, "sec", "xdp", namespace=bench.server)


def haproxy(bench):
    """The tier that nlb does away with: a proxy on a machine of its own, with both cables' offloads."""
    bench.add_namespace(bench.middle)
    veth(bench, bench.middle, "front", offloads=True)
    veth(bench, bench.server, "nlb0", offloads=True, name="back")
    for device, address in (("front", f"{VIP}/24"), ("back", f"{BEFORE}/24")):
        bench.give(bench.middle, device, address)
    bench.give(bench.server, "nlb0", f"{BEHIND}/24")
    text = HAPROXY
    for name, port in PORTS.items():
        text += f"frontend {name}\n  bind {VIP}:{port}\n  default_backend {name}\nbackend {name}\n  server one {BEHIND}:{port}\n"
    file = bench.folder / "haproxy.cfg"
    file.write_text(text)
    bench.start("haproxy", "haproxy", "-f", file, "-db", namespace=bench.middle)
    time.sleep(0.5)


def nlb(outside, inside):
    """nlb on fixed tables: what is measured is the way of a packet."""

    def build(bench):
        if "iface=outside" in outside:
            veth(bench, bench.server, "outside", offloads=False)
            bench.run("ip", "link", "set", "outside", "arp", "off", "up", namespace=bench.server)
            bench.run("sysctl", "-qw", "net.ipv6.conf.outside.disable_ipv6=1", namespace=bench.server)
        key, file, tables = (bench.folder / name for name in ("perf.key", "perf.yaml", "perf.tables"))
        key.touch(mode=0o600)
        key.write_bytes(bytes(range(1, 33)))
        there = outside.format(client=bench.client)
        file.write_text(CONFIGURATION.format(vip=VIP, server=SERVER, outside=there, inside=inside))
        bench.run(bench.build / "cli/nlb", "tables", "--config", file, "--host", "edge1", "--members", "edge1", "-o", tables)
        command = (bench.build / "dataplane/nlb-dataplane", "--tables", tables, "--config", file, "--host", "edge1")
        log, process = bench.start("dataplane", *command)
        deadline = time.monotonic() + 10
        while "name=ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"nlb-dataplane did not become ready: {log.read_text().strip()}")
            time.sleep(0.05)

    return build


TAP = "nlb_tap1,iface=wire,netns={client}"
WAYS = {
    "direct": (direct, "a veth pair, kernel to kernel with all offloads: what the machine can"),
    "direct_plain": (direct_plain, "the same without offloads: what a wire of single frames can"),
    "net_tap": (nlb(TAP, "net_tap0,iface=nlb0"), "nlb, the server behind DPDK's net_tap"),
    "nlb_tap": (nlb(TAP, "nlb_tap0,iface=nlb0"), "nlb, the server behind nlb's own tap"),
    "af_packet": (nlb("net_af_packet0,iface=outside", "nlb_tap0,iface=nlb0"), "nlb behind a plain veth pair by net_af_packet"),
    "af_xdp": (nlb("net_af_xdp0,iface=outside", "nlb_tap0,iface=nlb0"), "nlb behind a plain veth pair by net_af_xdp"),
    "haproxy": (haproxy, "HAProxy in mode tcp on a machine between two veth pairs with all offloads"),
    "xdp": (xdp, "a veth pair with all offloads and an XDP program that hashes clients and drops (perf/xdp_rival.c)"),
}
