"""A whole lab as a context manager: everything is made on the way in and unmade on the way out, however that comes."""

import random
import sys
import time

from . import configuration, plan, system, view, webserver
from .estate import Estate, sweep
from .host import Host
from .network import Network
from .process import Process
from .wire import SwitchedNetwork

HUGEPAGES_PER_HOST = 160  # of 2 MiB


def new_tag(prefix="lab"):
    return f"nlb-{prefix}-{random.SystemRandom().randrange(16**4):04x}"


class Lab:
    """`with Lab(Plan(...)) as lab:` gives running hosts; nothing is left when the block ends, unless keep() was called."""

    def __init__(self, lab_plan):
        self.plan = lab_plan
        self.kept = False
        self.estate = None
        self.hosts = []

    def __enter__(self):
        system.require_root()
        system.require_binaries()
        for tag in sweep():
            print(f"lab: took down {tag}, which was left behind", file=sys.stderr)
        self.estate = Estate.create(self.plan.tag)
        try:
            self._build()
        except BaseException:
            self.estate.take_down()
            raise
        return self

    def __exit__(self, *_):
        if self.kept:
            self.estate.keep()
        else:
            self.estate.take_down()

    def _build(self):
        directory = self.estate.directory
        self.network = self._make_network()
        self.network.build()
        self.key_file = directory / "web.key"
        system.run(system.COMMAND, "keygen", self.key_file)
        self.configuration = directory / "nlb.yaml"
        self.write_configuration()
        self.big_digest = webserver.write_big_file(directory)
        self._make_hosts()

    # Where hosts are; guest_lab has them in virtual machines.
    def _make_network(self):
        kind = SwitchedNetwork if self.plan.switch == "program" else Network
        return kind(self.plan, self.estate)

    def _make_hosts(self):
        if self.plan.hugepages:
            self.estate.reserve_hugepages(HUGEPAGES_PER_HOST * self.plan.hosts)
        for host_plan in self.plan.host_plans():
            namespace = self.network.host_namespace(host_plan.name)
            self.hosts.append(Host(host_plan, namespace, self.estate, self.configuration))
        self.estate.note("hosts", {host.name: host.namespace for host in self.hosts})

    def add_machine(self, machine, host_plan, configuration):
        """One more machine, at a switch port of its own name, that means to be this host of this file."""
        self.network.add_machine(machine)
        return Host(host_plan, self.network.host_namespace(machine), self.estate, configuration, machine)

    def write_configuration(self):
        self.configuration.write_text(configuration.text_of(self.plan, self.key_file))

    @property
    def client(self):
        return self.network.client

    def host(self, name):
        return next(host for host in self.hosts if host.name == name)

    def start(self, seconds=20, hosts=None):
        """Starts hosts (all) and waits for their convergence; returns the view and the seconds since the first start."""
        started = time.monotonic()
        hosts = self.hosts if hosts is None else hosts
        for host in hosts:
            host.start()
        agreed, _ = view.wait_for_agreement(hosts, seconds=seconds)
        return agreed, time.monotonic() - started

    def settle(self, members=None, seconds=20):
        return view.wait_for_agreement(members or self.hosts, members or self.hosts, seconds)[0]

    def process(self, name, namespace, arguments):
        """Another program of the lab, registered so that it ends with it."""
        return Process(self.estate, name, namespace, arguments)

    def python(self, name, module, *arguments, namespace=None):
        """One of this package's own programs, in the clients' namespace unless told otherwise."""
        command = [sys.executable, "-P", "-m", f"lab.{module}", *arguments]
        command = ["env", f"PYTHONPATH={system.ROOT / 'scripts'}", "PYTHONDONTWRITEBYTECODE=1", *command]
        return self.process(name, namespace or self.client, command)

    def keep(self):
        self.kept = True


def lab_of(hosts=3, prefix="lab", **options):
    return Lab(plan.Plan(tag=new_tag(prefix), hosts=hosts, **options))
