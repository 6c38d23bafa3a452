"""One host on three adapters in turn, each driven by DPDK's real driver in a guest: what goes over the wire, and what a lost link does.

One boot serves all. What is not the same on all adapters (queues, who spreads flows) stands in SPREADS and is recorded.
"""

import collections
import contextlib
import json
import struct
import time
import unittest

import guest_case
from guest_case import record
from lab import analysis, capture, guest_lab, plan, system, traffic

HOST = "edge1"
MASKED_MAC = bytes.fromhex("0201c0000250")
CLUSTER_MAC = bytes.fromhex(plan.CLUSTER_MAC.replace(":", ""))
QUEUES = {"e1000e": 1, "vmxnet3": 1, "virtio": 2}  # of the cable: what QEMU offers the adapter
LCORES = "1-2"
SYNS = 200
PLUGGABLE = ("virtio",)  # in a slot of its own; the others are on the bus that has none
LINK_SECONDS = 5.0
GONE_SECONDS = 30.0
ARP_REPLY = 2
TRACE_FILE = "/run/trace.json"


class Machine:
    """The guest that all classes share: booted by the first, its adapters bound by bind-nic."""

    queues = QUEUES
    options = {}  # of the machine, beside its size
    plan_options = {}  # of the lab
    lab = None
    failure = None  # what kept it from booting: said by each class, tried once

    @classmethod
    def boot(cls):
        if cls.failure is not None:
            raise cls.failure
        if cls.lab is None:
            try:
                cls._boot()
            except BaseException as failure:
                cls.failure = failure
                raise

    @classmethod
    def _boot(cls):
        cables = enumerate(cls.queues.items())
        adapters = [guest_case.adapter(kind, kind, 1 + number, queues, kind in PLUGGABLE) for number, (kind, queues) in cables]
        machine = {"cpus": 3, "memory_mib": 1024, "hugepages": 160, **cls.options}
        cls.lab = guest_case.open_lab({HOST: adapters}, machine=machine, **cls.plan_options)
        cls.host = cls.lab.hosts[0]
        ready = cls.host.guest.start().wait_ready()
        began = time.monotonic()
        cls.bound = cls.host.prepare(*cls.queues)
        record(f"guest ready {ready:.1f} s after its start, adapters bound and nginx started in {time.monotonic() - began:.1f} s more")

    @classmethod
    def serve_on(cls, kind):
        """Starts both daemons on that adapter; returns when that began, and when a SYN was first answered."""
        cls.lab.plan.host_keys = {HOST: {"outside": cls.host.guest.address(kind), "lcores": LCORES}}
        cls.lab.write_configuration()
        with capture.Capture(cls.lab, f"start-{kind}") as wire:
            began = time.time()
            cls.host.start()
            with traffic.Probes(cls.lab, cls.lab.plan.client_addresses()[:8], 800):
                answered = lambda: next((opening.time for opening in openings_from(wire, kind) if opening.is_answer), None)
                first = system.wait_until(answered, 60, f"an answer through {kind}", interval=0.2)
        return began, first


def openings_from(wire, port):
    return [opening for opening in capture.openings(wire.frames()) if opening.port == port]


class OnAdapter:
    """Claims that hold on every adapter; `kind` is its name and its cable's."""

    machine = Machine
    kind = ""
    spreads = True  # flows reach both workers
    reception = "filters"
    link_by = "polled"
    wakes_by = "polled"

    @classmethod
    def setUpClass(cls):
        cls.machine.boot()
        cls.lab, cls.host = cls.machine.lab, cls.machine.host
        try:
            began, first = cls.machine.serve_on(cls.kind)
        except BaseException:
            for line in (cls.said() + cls.host.controlplane.said()).splitlines()[-12:]:
                record(f"{cls.kind}: {line}")
            with contextlib.suppress(system.LabError):  # there may be nobody to ask
                for line in cls.host.metrics().splitlines():
                    if "packets" in line and not line.endswith(" 0"):
                        record(f"{cls.kind}: {line}")
            cls.host.stop()
            raise
        record(f"{cls.kind}: first SYN answered {first - began:.1f} s after the dataplane's start")
        for line in cls.said().splitlines():
            if " warning " in line or " name=ready " in line:
                record(f"{cls.kind}: {line.split(' nlb-dataplane ', 1)[-1]}")

    @classmethod
    def tearDownClass(cls):
        ended = cls.host.stop()
        record(f"QEMU has used {cls.host.guest.processor_seconds()} s of processor time since its start")
        if ended != [True, True]:
            raise AssertionError(f"{cls.kind}: a daemon had to be killed: {cls.host.dataplane.last_line()}")

    @classmethod
    def said(cls):
        """What the dataplane logged on this adapter."""
        return cls.host.dataplane.said()

    def capture(self, name, expression=capture.OPENINGS):
        return capture.Capture(self.lab, f"{self.kind}-{name}", expression)

    def test_arp_for_the_virtual_address_is_answered_with_the_cluster_mac(self):
        with self.capture("arp", "arp") as wire:
            system.run("arping", "-c", 3, "-w", 10, "-I", "eth0", plan.VIP, namespace=self.lab.client)
        replies = [frame for frame in wire.frames() if frame.port == self.kind and is_arp_reply(frame, plan.VIP)]
        self.assertEqual(3, len(replies), "ARP replies of three asked for")
        self.assertEqual({CLUSTER_MAC}, {frame.payload[8:14] for frame in replies}, "the hardware address that the reply tells")
        self.assertEqual({MASKED_MAC}, {frame.source_mac for frame in replies}, "the frame's own source")

    def test_the_port_is_described_as_the_driver_took_it_and_its_frames_are_counted(self):
        with traffic.Probes(self.lab, self.lab.plan.client_addresses()[:8], 400):
            outside = lambda: self.host.query()["clusters"][0]["ports"][0]
            counted = lambda: (outside()["counters"]["rx_packets"] and outside()["counters"]["tx_packets"]) or None
            system.wait_until(counted, 20, f"{self.kind}: frames that the driver counted", 0.5)
        port = outside()
        _, text = self.host.nlb("query", "--ports")
        for line in text.splitlines()[:9]:
            record(f"{self.kind}: {line}")
        record(f"{self.kind}: flow control {port['flow_control']}, link by {port['link_by']}, wakes by {port['wakes_by']}")
        self.assertEqual(self.host.guest.address(self.kind), port["device"])
        self.assertEqual(("up", 1500), (port["state"], port["mtu"]))
        self.assertEqual(self.reception, port["reception"])
        self.assertEqual(self.link_by, port["link_by"])
        self.assertEqual(self.wakes_by, port["wakes_by"])
        self.assertNotIn(port["flow_control"], ("tx only", "both"))
        self.assertGreater(port["rx_ring"], 0)
        self.assertRegex(self.host.metrics(), rf'nlb_port_missed_total{{cluster="web",port="outside",device="{port["device"]}"}} \d+')

    def test_heartbeats_are_on_the_wire_at_their_pace(self):
        with self.capture("heartbeats", capture.HEARTBEATS) as wire:
            time.sleep(6)
        sent = [beat for beat in capture.heartbeats(wire.frames()) if beat.port == self.kind]
        period = plan.seconds_of(guest_case.TIMING["period"])
        record(f"{self.kind}: {len(sent)} frames of the cluster's protocol in 6 s")
        self.assertGreaterEqual(len(sent), 6 / period * 0.6)
        self.assertLessEqual(len(sent), 6 / period * 3)
        self.assertEqual({1}, {beat.host for beat in sent})

    def test_a_lost_link_fences_and_its_return_serves_again(self):
        monitor = self.host.guest.monitor
        downs = self.said().count("state=down")
        monitor.set_link(self.kind, False)
        lost = time.monotonic()
        try:
            seen = lambda: self.said().count("state=down") > downs
            system.wait_until(seen, LINK_SECONDS, f"{self.kind}: the loss of the link seen", 0.01)
            record(f"{self.kind}: link loss to fence {(time.monotonic() - lost) * 1000:.0f} ms")
            state = self.host.query()["clusters"][0]
            self.assertFalse(state["link_up"], state)
        finally:
            monitor.set_link(self.kind, True)
        back = time.time()
        with self.capture("back") as wire, traffic.Probes(self.lab, self.lab.plan.client_addresses()[:8], 400):
            first = system.wait_until(lambda: self.first_answer(wire), 30, f"{self.kind}: an answer after the link's return", 0.2)
        record(f"{self.kind}: link's return to the first answer {first - back:.1f} s")

    def test_an_adapter_that_is_pulled_out_fences_and_its_return_serves_again(self):
        self.assertNotIn(" name=device_lost ", self.said())
        asked = time.monotonic()
        self.pull_out()
        system.wait_until(lambda: " name=device_lost " in self.said(), GONE_SECONDS, f"{self.kind}: the loss of the device told", 0.01)
        lost = time.monotonic() - asked
        first_line = lambda: self.host.nlb("query")[1].splitlines()[0]
        told = lambda: "SERVES NOBODY: the device of the outside port is gone" in first_line()
        system.wait_until(told, 5, f"{self.kind}: `nlb query` says so", 0.1)
        status, text = self.host.nlb("query")
        record(f"{self.kind}: pulled out to fence {lost * 1000:.0f} ms; query: {text.splitlines()[0]}")
        state = self.host.query()["clusters"][0]
        self.assertEqual((False, "lost"), (state["link_up"], state["ports"][0]["state"]))
        self.assertEqual(1, status, "`nlb query` of a host that serves nobody")
        is_there = lambda: self.host.guest.shell(f"test -e {self.place()}")[0] == 0
        system.wait_until(lambda: not is_there(), GONE_SECONDS, f"{self.kind}: the dataplane lets the device go", 0.2)
        record(f"{self.kind}: let go {time.monotonic() - asked:.1f} s after it was asked for")
        self.put_back(is_there)
        self.host.guest.run(guest_lab.BIND_NIC, self.host.guest.address(self.kind), seconds=guest_lab.START_SECONDS)
        back = time.time()
        with self.capture("plugged") as wire, traffic.Probes(self.lab, self.lab.plan.client_addresses()[:8], 400):
            first = system.wait_until(lambda: self.first_answer(wire), 30, f"{self.kind}: an answer after the device's return", 0.2)
        record(f"{self.kind}: device's return to the first answer {first - back:.1f} s")
        self.assertRegex(self.said(), rf" name=device_back .*device={self.host.guest.address(self.kind)}")
        told = [line for line in self.host.controlplane.said().splitlines() if " name=port_lost " in line or " name=port_back " in line]
        self.assertEqual(2, len(told), told)
        self.assertEqual(1, self.host.query()["clusters"][0]["ports"][0]["reopened"])

    def place(self):
        return f"/sys/bus/pci/devices/{self.host.guest.address(self.kind)}"

    def pull_out(self):
        """By the slot's own button, or by the kernel's way for a bus without slots."""
        if self.kind in PLUGGABLE:
            self.host.guest.monitor.unplug(self.kind)
        else:
            self.host.guest.shell(f"echo 1 >{self.place()}/remove &")

    def put_back(self, is_there):
        guest = self.host.guest
        if self.kind in PLUGGABLE:
            guest.monitor.plug(next(adapter for adapter in guest.adapters if adapter.port == self.kind))
        else:
            guest.shell("echo 1 >/sys/bus/pci/rescan")
        system.wait_until(is_there, GONE_SECONDS, f"{self.kind}: the device found again", 0.2)

    def first_answer(self, wire):
        return next((opening.time for opening in openings_from(wire, self.kind) if opening.is_answer), None)

    def test_syns_are_answered_once_and_spread_over_the_workers(self):
        with self.trace() as trace, self.capture("syns") as wire:
            traffic.probe(self.lab, f"{self.kind}-syns", self.lab.plan.client_addresses()[:SYNS], 3.0, 2000).wait(30)
            time.sleep(1)
        frames = wire.frames()
        sent = {opening.key() for opening in capture.openings(frames) if not opening.is_answer}
        self.assertGreaterEqual(len(sent), SYNS)
        self.assertEqual(set(), analysis.unanswered(frames), "SYNs without an answer")
        self.assertEqual({(self.kind,)}, {tuple(hosts) for hosts in analysis.answers(frames).values()})
        self.assert_spread(trace)

    @contextlib.contextmanager
    def trace(self):
        """`nlb trace` while the body runs; the list that it gives has its lines when the block ends."""
        lines = []
        address = f"tcp and (dst host {plan.VIP} or src host {plan.VIP})"
        command = [guest_lab.COMMAND, "trace", "--config", self.host.configuration, "--run-dir", guest_lab.RUN_DIRECTORY, "--json"]
        # Written into the guest's memory: the shared folder is slow.
        script = f'exec "$@" >{TRACE_FILE}'
        guest = self.host.guest
        pid = guest.spawn("trace.log", "sh", "-c", script, "sh", *command, "--rate", 20000, "--filter", address)
        try:
            system.wait_until(lambda: "state=on" in self.said(), 30, "the trace to run")
            yield lines
        finally:
            guest.shell(f"kill -INT {pid}; for turn in $(seq 50); do kill -0 {pid} || break; sleep 0.1; done; kill -9 {pid}")
        lines += map(json.loads, guest.run("cat", TRACE_FILE).splitlines())

    def assert_spread(self, trace):
        """By what came from clients.

        A new flow's first answer may leave by the other worker: a tap learns a flow's queue only after it has passed the SYN on."""
        lanes = collections.defaultdict(set)
        for line in trace:
            if line.get("verdict") == "accept" and line["direction"] == "in":
                lanes[line["packet"].split()[1]].add(line["lane"])
        shares = collections.Counter(lane for flow in lanes.values() for lane in flow)
        record(f"{self.kind}: {len(lanes)} flows, by worker {dict(sorted(shares.items()))}")
        self.assertGreaterEqual(len(lanes), SYNS, "flows that the trace saw")
        self.assertEqual({1}, {len(flow) for flow in lanes.values()}, "a flow was settled by two workers")
        if self.spreads:
            self.assertGreater(min(shares[0], shares[1]), len(lanes) // 5, f"a worker was idle: {dict(shares)}")


def is_arp_reply(frame, address):
    """Of this IPv4 address."""
    if frame.ethertype != 0x0806 or len(frame.payload) < 28:
        return False
    operation, sender = struct.unpack_from(">H6x4s", frame.payload, 6)
    return operation == ARP_REPLY and ".".join(map(str, sender)) == address


class E1000e(OnAdapter, unittest.TestCase):
    kind = "e1000e"

    def test_doctor_calls_a_right_set_up_right(self):
        words = ("doctor", "--json", "--config", self.host.configuration, "--host", HOST, "--run-dir", guest_lab.RUN_DIRECTORY)
        status, printed = self.host.guest.shell(" ".join(map(str, (guest_lab.COMMAND, *words))), guest_lab.START_SECONDS)
        findings = json.loads(printed[printed.index("{"):])["findings"]
        for finding in findings:
            record(f"doctor: {finding['severity']} {finding['id']}: {finding['says']}")
        self.assertEqual([], [finding["id"] for finding in findings if finding["severity"] == "error"])
        self.assertEqual(0, status)


class Virtio(OnAdapter, unittest.TestCase):
    kind = "virtio"
    link_by = "interrupt"
    wakes_by = "interrupt"


class Vmxnet3(OnAdapter, unittest.TestCase):
    kind = "vmxnet3"
    spreads = False  # the driver gets two queues, but QEMU's device puts everything into the first
    reception = "promiscuous"


class Binding(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Machine.boot()

    def test_bind_nic_took_each_adapter_from_its_kernel_driver(self):
        for kind, driver in (("e1000e", "e1000e"), ("vmxnet3", "vmxnet3"), ("virtio", "virtio-pci")):
            address = Machine.host.guest.address(kind)
            self.assertIn(f"to give it back: bind-nic {address} --driver {driver}", Machine.bound)
            bound = Machine.host.guest.run("readlink", f"/sys/bus/pci/devices/{address}/driver").strip()
            self.assertEqual("vfio-pci", bound.rpartition("/")[2], kind)


if __name__ == "__main__":
    guest_case.main()
