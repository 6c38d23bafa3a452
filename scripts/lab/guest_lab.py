"""A lab whose hosts are virtual machines: the same bridge, clients, captures and judges, but adapters that DPDK drives by its real drivers.

The dataplane, the control plane and nginx run in the guests as README says, and write their logs into the lab's directory.
A guest's root is this machine's: what is built here runs there.
"""

import dataclasses
import json
import time

from . import guest, network, plan, system, webserver
from .cluster_lab import Lab, new_tag

DATAPLANE, CONTROLPLANE, COMMAND = (program.resolve() for program in (system.DATAPLANE, system.CONTROLPLANE, system.COMMAND))
BIND_NIC = system.ROOT / "scripts" / "bind-nic"
KERNEL_MODULES = ("e1000e", "vmxnet3", "virtio_net", "tun")  # drivers that adapters have before they are bound; /dev/net/tun
RUN_DIRECTORY = "/run/nlb"
# Debian's DPDK opens each of its 190 plugins when it starts, which takes half a minute over 9p: guests have those that they may need.
PLUGINS = ("bus_pci", "bus_vdev", "mempool_ring", "net_e1000", "net_tap", "net_vhost", "net_virtio", "net_vmxnet3", "net_ring")
FEWER_PLUGINS = f"""
for folder in /usr/lib/*/dpdk/pmds-*; do
    mkdir -p /run/plugins
    for name in {" ".join(PLUGINS)}; do cp -a "$folder/librte_$name.so"* /run/plugins; done
    mount -o bind /run/plugins "$folder"
done
"""
START_SECONDS = 180  # programs start slowly where each instruction is translated


@dataclasses.dataclass
class GuestPlan(plan.Plan):
    hugepages: bool = True
    adapters: dict = dataclasses.field(default_factory=dict)  # the guest.Adapters of each host, by its name
    machine: dict = dataclasses.field(default_factory=dict)  # memory_mib, cpus, ... of each guest


class GuestNetwork(network.Network):
    """Bridge ports of hosts are taps; the guest that opens one is at the other end of the cable."""

    def add_machine(self, name):
        for bridge in {adapter.bridge for adapter in self.plan.adapters[name]} - {"bridge"}:  # a segment without clients
            self._ip(self.switch, f"link add {bridge} type bridge mcast_snooping 0 stp_state 0 forward_delay 0")
            self._ip(self.switch, f"link set {bridge} up")
        for adapter in self.plan.adapters[name]:
            kind = "mode tap multi_queue" if adapter.queues > 1 else "mode tap"
            self._ip(self.switch, f"tuntap add dev {adapter.port} {kind}")
            self.set_kernel(self.switch, f"net.ipv6.conf.{adapter.port}.disable_ipv6=1")
            self._ip(self.switch, f"link set {adapter.port} master {adapter.bridge} up")

    def add_server(self, host, bridge="behind"):
        """Servers of a host in a namespace of their own, on the segment behind its second adapter; returns its name."""
        server = self.add_server_namespace(host)
        self._ip(self.switch, f"link add servers type veth peer name eth0 netns {server}")
        for place, name in ((self.switch, "servers"), (server, "eth0")):
            options = [word for offload in network.OFFLOADS for word in (offload, "off")]
            system.run("ethtool", "-K", name, *options, namespace=place)
        self._ip(self.switch, f"link set servers master {bridge} up")
        self._ip(server, "link set eth0 up")
        return server


class GuestLab(Lab):
    """`with GuestLab(GuestPlan(...)) as lab:` gives hosts whose guests are not started yet."""

    def _make_network(self):
        return GuestNetwork(self.plan, self.estate)

    def _make_hosts(self):
        self.hosts = [GuestHost(host_plan, self) for host_plan in self.plan.host_plans()]


class Program:
    """A daemon of nlb in a guest; known there by its pid."""

    def __init__(self, host, name, program):
        self.host, self.program = host, program
        self.name = f"{host.name}-{name}"
        self.log = host.directory / f"{self.name}.log"
        self.pid = None
        self.begin = 0  # of what it logged since its last start

    def start(self):
        host = self.host
        self.begin = self.log.stat().st_size if self.log.exists() else 0
        arguments = ["--config", host.configuration, "--host", host.name, "--run-dir", RUN_DIRECTORY]
        self.pid = host.guest.spawn(self.log.name, self.program, *arguments)

    def runs(self):
        return self.pid is not None and self.host.guest.runs() and self.host.guest.shell(f"kill -0 {self.pid}")[0] == 0

    def said(self):
        """What it logged since its last start."""
        return self.log.read_bytes()[self.begin :].decode(errors="replace") if self.log.exists() else ""

    def last_line(self):
        lines = [line for line in self.said().splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def stop(self, seconds=20):
        """SIGTERM, and until it is gone."""
        if self.pid is not None:
            wait = f"for turn in $(seq {seconds * 10}); do kill -0 {self.pid} || exit 0; sleep 0.1; done; kill -9 {self.pid}; exit 1"
            status, _ = self.host.guest.shell(f"kill {self.pid}; exec 2>/dev/null; {wait}", seconds + 20)
            self.pid = None
            return status == 0
        return True


class GuestHost:
    """A host of the cluster in a guest; offers what lab.host.Host offers, as far as views and judges ask for it."""

    def __init__(self, host_plan, lab):
        self.plan, self.name, self.id = host_plan, host_plan.name, host_plan.id
        self.directory, self.configuration = lab.estate.directory, lab.configuration
        self.guest = guest.Guest(lab, self.name, lab.plan.adapters[self.name], **lab.plan.machine)
        self.server = webserver.write_configuration(self.directory, self.name)
        self.dataplane = Program(self, "dataplane", DATAPLANE)
        self.controlplane = Program(self, "controlplane", CONTROLPLANE)

    def prepare(self, *ports):
        """What an administrator does once: adapters get their kernel drivers and are bound to vfio-pci, nginx runs.

        Returns what bind-nic said."""
        self.guest.run("modprobe", "-a", *KERNEL_MODULES)
        bound = self.guest.run(BIND_NIC, *(self.guest.address(port) for port in ports), seconds=START_SECONDS)
        self.guest.run("sh", "-c", f"mkdir -p {RUN_DIRECTORY}\n{FEWER_PLUGINS}")
        self.guest.spawn(f"{self.name}-nginx.log", *webserver.arguments(self.server))
        return bound

    def start(self):
        self.dataplane.start()
        self._wait_for(lambda: " name=ready " in self.dataplane.said(), "the dataplane")
        self.controlplane.start()

    def _wait_for(self, condition, what):
        def holds():
            if condition():
                return True
            if not self.dataplane.runs():
                raise system.LabError(f"{self.name}: the dataplane ended: {self.dataplane.last_line()}")
            return False

        system.wait_until(holds, START_SECONDS, f"{self.name}: {what}", interval=0.2)

    def stop(self):
        """Both daemons; whether each ended by itself."""
        return [program.stop() for program in (self.controlplane, self.dataplane)]

    def kill(self):
        """kill -9 of QEMU, which is as good as a power cut; returns the instant."""
        instant = time.time()
        self.guest.kill()
        self.dataplane.pid = self.controlplane.pid = None
        return instant

    def nlb(self, *arguments, seconds=30):
        """Runs `nlb` on this host; returns its exit code and what it printed."""
        line = " ".join([str(COMMAND), *arguments, "--run-dir", RUN_DIRECTORY])
        return self.guest.shell(line, seconds)

    def query(self):
        """The answer to `nlb query`, or None when the control plane gives none."""
        if not self.guest.runs():
            return None
        _, printed = self.nlb("query", "--json")
        try:
            answer = json.loads(printed)
        except json.JSONDecodeError:
            return None
        return answer if answer.get("clusters") else None

    def metrics(self):
        return self.guest.run("curl", "-s", "-S", "-m", "5", f"http://{self.plan.metrics}/metrics")


def lab_of(adapters, prefix="metal", **options):
    """A lab with a guest for each host named in `adapters`."""
    return GuestLab(GuestPlan(tag=new_tag(prefix), hosts=len(adapters), adapters=adapters, **options))
