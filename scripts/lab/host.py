"""One host of a lab: its dataplane, its control plane, its web server.

A dataplane's tap dies with it, and comes again with its addresses; the web server is bound to no address and lives on. Where a
lab says `addresses_by: manual`, the addresses are given here.
"""

import json
import signal
import subprocess

from . import plan, system, webserver
from .process import Process


def give_addresses(host_plan, namespace, device):
    """A host's dedicated and virtual addresses, and its routes, on an interface of its servers."""
    lines = [
        f"address replace {host_plan.address}/24 dev {device}",
        f"address replace {plan.VIP}/24 dev {device}",
        f"address replace {host_plan.address6}/64 dev {device} nodad",
        # A server never makes a connection from a virtual address by itself.
        f"address replace {plan.VIP6}/64 dev {device} nodad preferred_lft 0",
        f"link set {device} up",
        f"route replace default via {plan.ROUTER} dev {device} src {host_plan.address}",
        f"route replace default via {plan.ROUTER6} dev {device}",
    ]
    system.run("ip", "-n", namespace, "-batch", "-", text="\n".join(lines) + "\n")


class Host:
    def __init__(self, host_plan, namespace, estate, configuration, machine=None):
        """`machine` is what this lab calls it when it is not the name that its file gives it: two machines may claim one host."""
        self.plan = host_plan
        self.name = machine or host_plan.name
        self.namespace = namespace
        self.serves_elsewhere = False
        self.run_directory = estate.directory / self.name
        self.dataplane = Process(estate, f"{self.name}-dataplane", namespace, [])
        self.controlplane = Process(estate, f"{self.name}-controlplane", namespace, [])
        self.use(configuration)
        server = webserver.write_configuration(estate.directory, self.name)
        self.server = Process(estate, f"{self.name}-nginx", namespace, webserver.arguments(server))

    def use(self, configuration):
        """From their next start on its programs read this file."""
        self.configuration = configuration
        common = ["--config", configuration, "--host", self.plan.name, "--run-dir", self.run_directory]
        self.dataplane.arguments = [system.DATAPLANE, *common]
        self.controlplane.arguments = [system.CONTROLPLANE, *common]

    @property
    def id(self):
        return self.plan.id

    def start(self):
        self.run_directory.mkdir(mode=0o755, exist_ok=True)
        if not self.server.runs():
            self.server.start()
        self.start_dataplane()
        self.start_controlplane()

    def start_dataplane(self):
        self.dataplane.start()
        system.wait_until(self._is_ready, 15, f"{self.name}: the dataplane's device nlb0")
        if self.plan.addresses_by == "manual":
            self.give_addresses()

    def start_controlplane(self):
        self.controlplane.start()

    def restart(self):
        self.start_dataplane()
        self.start_controlplane()

    def kill(self):
        """kill -9 of both processes, as near to one instant as a machine's death."""
        for process in (self.dataplane, self.controlplane):
            process.signal(signal.SIGKILL)
        for process in (self.dataplane, self.controlplane):
            process.wait()

    def _is_ready(self):
        self.dataplane.require_running()
        if self.serves_elsewhere:
            return " name=ready " in self.dataplane.log.read_text()
        if self.plan.addresses_by == "manual":
            return subprocess.run(["ip", "-n", self.namespace, "link", "show", "nlb0"], capture_output=True).returncode == 0
        return self.plan.address in self.addresses()

    def addresses(self):
        """What the kernel has on the inside device: address to prefix length."""
        found = subprocess.run(["ip", "-n", self.namespace, "-json", "address", "show", "dev", "nlb0"], capture_output=True, text=True)
        links = json.loads(found.stdout) if found.returncode == 0 and found.stdout.strip() else []
        return {entry["local"]: entry["prefixlen"] for link in links for entry in link.get("addr_info", [])}

    def serve_from(self, namespace):
        """Its web server runs there, behind another kind of inside device; so are its addresses."""
        self.server.namespace = namespace
        self.serves_elsewhere = True

    def give_addresses(self, namespace=None, device="nlb0"):
        """What an administrator does where nlb does not: the dedicated and the virtual addresses on the servers' interface."""
        give_addresses(self.plan, namespace or self.namespace, device)

    def nlb(self, *arguments, timeout=30):
        """Runs `nlb` on this host; returns its exit code, what it printed, and what it complained about."""
        command = [system.COMMAND, *arguments, "--run-dir", self.run_directory]
        done = subprocess.run(system.inside(self.namespace, command), capture_output=True, text=True, timeout=timeout)
        return done.returncode, done.stdout, done.stderr

    def query(self):
        """The answer to `nlb query`, or None when the control plane gives none."""
        try:
            _, printed, _ = self.nlb("query", "--json", timeout=5)
            answer = json.loads(printed)
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return None
        return answer if answer.get("clusters") else None

    def state(self):
        answer = self.query()
        return answer["clusters"][0]["state"] if answer else "unreachable"

    def run(self, *arguments, **options):
        return system.run(*arguments, namespace=self.namespace, **options)

    def metrics(self):
        return self.run("curl", "-s", "-S", "-m", "5", f"http://{self.plan.metrics}/metrics")
