"""Machines that are not like the others: no IOMMU, a group that two share, two NUMA nodes, a virtual function, a second adapter inside.

What nlb says and does there, each in a guest of its own. What QEMU or the guest's kernel cannot make is skipped, with the reason.
"""

import json
import pathlib
import re
import sys
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "metal", TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import guest_case
import test_adapters
from guest_case import record
from lab import analysis, capture, guest, guest_lab, guest_qemu, host, plan, system, traffic

HOST = "edge1"
MASKED_MAC = bytes.fromhex("0201c0000250")
GROUP_MAC = bytes.fromhex("03bfc0000250")
PAGE_BYTES = 2 << 20
BUFFER_BYTES = 2048 + 448  # dataplane/startup/memory.hpp
CLIENTS = "clients"  # the bridge's port to them


class OnMachine(unittest.TestCase):
    """A guest for each class."""

    longMessage = False
    adapters = ()
    machine = {}
    plan_options = {"hugepages": False}
    modules = ()  # of the guest's kernel, beside the usual ones

    @classmethod
    def setUpClass(cls):
        machine = {"cpus": 2, "memory_mib": 768, "hugepages": 0, **cls.machine}
        cls.lab = guest_case.open_lab({HOST: list(cls.adapters)}, machine=machine, **cls.plan_options)
        cls.addClassCleanup(guest_case.close, cls.lab)
        cls.host = cls.lab.hosts[0]
        cls.guest = cls.host.guest
        record(f"{cls.__name__}: guest ready after {cls.guest.start().wait_ready():.1f} s")
        if cls.modules:
            cls.guest.run("modprobe", "-a", *cls.modules)
        cls.shown = cls.host.prepare()

    @classmethod
    def configure(cls, **keys):
        cls.lab.plan.host_keys = {HOST: {"lcores": "1", **keys}}
        cls.lab.write_configuration()

    def bind(self, *words):
        return self.guest.shell(" ".join(map(str, (guest_lab.BIND_NIC, *words))), guest_lab.START_SECONDS)

    def doctor(self):
        """Its findings by id, those that are no `ok`."""
        words = ("doctor", "--json", "--config", self.host.configuration, "--host", HOST, "--run-dir", guest_lab.RUN_DIRECTORY)
        status, printed = self.guest.shell(" ".join(map(str, (guest_lab.COMMAND, *words))), guest_lab.START_SECONDS)
        findings = [finding for finding in json.loads(printed[printed.index("{") :])["findings"] if finding["severity"] != "ok"]
        for finding in findings:
            record(f"doctor: {finding['id']}: {finding['says']}; mend: {finding['mend']}")
        return status, {finding["id"]: finding for finding in findings}

    def refusal(self):
        """The one line with which the dataplane ends."""
        words = (guest_lab.DATAPLANE, "--config", self.host.configuration, "--host", HOST, "--run-dir", guest_lab.RUN_DIRECTORY)
        status, printed = self.guest.shell(" ".join(map(str, words)), guest_lab.START_SECONDS)
        line = printed.strip().splitlines()[-1]
        record(f"dataplane: {line}")
        self.assertNotEqual(0, status, printed)
        return line

    def driver_of(self, address):
        return self.guest.run("readlink", f"/sys/bus/pci/devices/{address}/driver").strip().rpartition("/")[2]

    def serves_on(self, port):
        """Both daemons run, and every SYN is answered there once; stops them."""
        self.host.start()
        try:
            with capture.Capture(self.lab, f"serves-{port}") as wire:
                with traffic.Probes(self.lab, self.lab.plan.client_addresses()[:8], 400):
                    system.wait_until(lambda: first_answer(wire, port), 60, f"an answer through {port}", 0.2)
                traffic.probe(self.lab, "syns", self.lab.plan.client_addresses()[:100], 2.0, 1000).wait(30)
                time.sleep(1)
            for line in self.host.dataplane.said().splitlines():
                if " warning " in line or " name=ready " in line or " name=server_found " in line:
                    record(line.split(" nlb-dataplane ", 1)[-1])
            frames = [frame for frame in wire.frames() if frame.port in (port, CLIENTS)]  # the clients' segment
            answers = analysis.answers(frames)
            self.assertGreaterEqual(len(answers), 100)
            self.assertEqual({(port,)}, {tuple(hosts) for hosts in answers.values()})
            self.assertEqual({MASKED_MAC}, {frame.source_mac for frame in frames if frame.port == port})
        except BaseException:
            for line in (self.host.dataplane.said() + self.host.controlplane.said()).splitlines()[-12:]:
                record(line)
            raise
        finally:
            self.host.stop()


def first_answer(wire, port):
    return next((opening.time for opening in capture.openings(wire.frames()) if opening.port == port and opening.is_answer), None)


class WithoutIommu(OnMachine):
    adapters = [guest_case.adapter("e1000e", "plain", 1)]
    machine = {"iommu": False}

    def setUp(self):
        self.address = self.guest.address("plain")
        self.configure(outside=self.address)

    def test_bind_nic_says_what_to_turn_on_and_takes_nothing(self):
        status, said = self.bind(self.address)
        record(f"bind-nic: {said.strip().splitlines()[-1]}")
        self.assertEqual(1, status)
        self.assertIn("without an IOMMU vfio-pci gives out no device: turn on VT-d or AMD-Vi (IOMMU) in the firmware", said)
        self.assertIn("iommu=pt", said)
        self.assertEqual("e1000e", self.driver_of(self.address))
        self.assertIn("IOMMU: off", self.shown)

    def test_doctor_names_it_before_anything_is_started(self):
        status, findings = self.doctor()
        self.assertEqual(1, status)
        self.assertEqual("error", findings["iommu_missing"]["severity"])
        self.assertIn("intel_iommu=on iommu=pt", findings["iommu_missing"]["mend"])
        self.assertIn("adapter_of_kernel", findings)

    def test_the_dataplane_says_whose_the_adapter_is_and_who_hands_it_over(self):
        self.assertRegex(self.refusal(), rf"{self.address}.* is the kernel's \(driver e1000e\): `scripts/bind-nic {self.address}`")


class SharedGroup(OnMachine):
    """Two adapters behind one bridge of conventional PCI: they cannot be told apart by the IOMMU."""

    adapters = [
        guest.Adapter("first", "e1000", "52:54:00:00:00:01", place="bus=shared,addr=1", address="0000:01:01.0"),
        guest.Adapter("second", "e1000", "52:54:00:00:00:02", place="bus=shared,addr=2", address="0000:01:02.0"),
    ]
    machine = {"devices": ("-device", "pcie-pci-bridge,id=shared,bus=pcie.0,addr=0x1d")}
    modules = ("e1000",)

    def setUp(self):
        self.first, self.second = (self.guest.address(adapter.port) for adapter in self.adapters)
        self.configure(outside=self.first)

    def test_a_member_that_is_the_kernels_is_named_by_bind_nic(self):
        status, said = self.bind(self.first)
        record(f"bind-nic: {said.strip().splitlines()[-1]}")
        self.assertEqual(1, status)
        self.assertRegex(said, rf"{self.first} shares IOMMU group \d+ with {self.second} \(e1000\)")
        self.assertEqual("e1000", self.driver_of(self.first))

    def test_a_member_that_is_the_kernels_is_named_by_the_dataplane_and_doctor(self):
        place = f"/sys/bus/pci/devices/{self.first}"
        by_hand = f"modprobe vfio-pci; echo vfio-pci >{place}/driver_override; echo {self.first} >{place}/driver/unbind; "
        self.guest.run("sh", "-c", by_hand + f"echo {self.first} >/sys/bus/pci/drivers_probe")
        self.assertEqual("vfio-pci", self.driver_of(self.first))
        both = f"bind-nic {self.first} {self.second}"
        line = self.refusal()
        self.assertIn(f"shares its IOMMU group with {self.second} (e1000)", line)
        self.assertIn(both, line)
        status, findings = self.doctor()
        self.assertEqual(1, status)
        self.assertIn(self.second, findings["group_not_viable"]["says"])
        self.assertEqual(f"nlb-{both}", findings["group_not_viable"]["mend"])

    def test_both_bound_together_serve(self):
        status, said = self.bind(self.first, self.second)
        self.assertEqual(0, status, said)
        self.serves_on("first")


class TwoNodes(OnMachine):
    adapters = [guest.Adapter("far", "e1000e", "52:54:00:00:00:01", place="bus=farport", address="0000:81:00.0")]
    machine = {
        "cpus": 4,
        "memory_mib": 1536,
        "hugepages": 320,
        "devices": (
            *("-object", "memory-backend-ram,id=near,size=768M", "-object", "memory-backend-ram,id=distant,size=768M"),
            *("-numa", "node,nodeid=0,cpus=0-1,memdev=near", "-numa", "node,nodeid=1,cpus=2-3,memdev=distant"),
            *("-device", "pxb-pcie,id=bridge1,bus=pcie.0,bus_nr=0x80,numa_node=1"),
            *("-device", "pcie-root-port,id=farport,bus=bridge1,chassis=9,slot=9"),
        ),
    }
    plan_options = {"hugepages": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = cls.guest.address("far")
        node = cls.guest.run("cat", f"/sys/bus/pci/devices/{cls.address}/numa_node").strip()
        if node != "1":
            raise unittest.SkipTest(f"the guest's kernel puts the adapter on node {node}: there are no two nodes to tell apart")
        cls.guest.run(guest_lab.BIND_NIC, cls.address, seconds=guest_lab.START_SECONDS)

    def test_doctor_names_the_lcores_that_are_on_the_other_node(self):
        self.configure(outside=self.address, lcores="1,3")
        _, findings = self.doctor()
        self.assertRegex(findings["lcore_far"]["says"], r"\b1\b")
        self.configure(outside=self.address, lcores="2,3")
        self.assertNotIn("lcore_far", self.doctor()[1])

    def test_frame_buffers_lie_on_the_node_of_the_adapter_where_no_lcore_is(self):
        self.configure(outside=self.address, lcores="1")
        before = self.free_pages()
        self.host.start()
        try:
            used = [was - now for was, now in zip(before, self.free_pages())]
            found = lambda: re.search(r"^nlb_buffers{\S* (\d+)", self.host.metrics(), re.MULTILINE)
            buffers = int(system.wait_until(found, 30, "metrics", 0.5)[1])
            record(f"huge pages taken on node 0 and 1: {used}; {buffers} buffers")
            self.assertGreaterEqual(used[1] * PAGE_BYTES, buffers * BUFFER_BYTES)
        finally:
            self.host.stop()

    def free_pages(self):
        place = "/sys/devices/system/node/node{}/hugepages/hugepages-2048kB/free_hugepages"
        return [int(self.guest.run("cat", place.format(node))) for node in (0, 1)]


class SecondAdapterInside(OnMachine):
    """Servers of an unmodified machine behind a second adapter."""

    adapters = [guest_case.adapter("e1000e", "outer", 1), guest.Adapter("inner", "e1000e", "52:54:00:00:00:02", bridge="behind")]

    def test_servers_behind_it_answer_clients_with_the_hosts_masked_mac(self):
        outside, inside = (self.guest.address(adapter.port) for adapter in self.adapters)
        self.guest.run(guest_lab.BIND_NIC, outside, inside, seconds=guest_lab.START_SECONDS)
        self.configure(outside=outside, inside=inside)
        server = self.lab.network.add_server(HOST)
        host.give_addresses(self.host.plan, server, "eth0")
        web = self.lab.process("inner-nginx", server, guest_lab.webserver.arguments(self.host.server))
        web.start()
        mac = system.run("ip", "-n", server, "-br", "link", "show", "dev", "eth0").split()[2]
        self.serves_on("outer")
        self.assertIn(f"name=server_found cluster=web mac={mac}", self.host.dataplane.said())


class VirtualFunction(OnMachine):
    """igbvf: a virtual function of an 82576 whose physical function is the guest's kernel's."""

    adapters = [guest_case.adapter("igb", "port", 1)]
    modules = ("igb",)

    @classmethod
    def setUpClass(cls):
        try:
            cls.machine = {"qemu": guest_qemu.newer()}
        except guest_qemu.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        super().setUpClass()
        place = f"/sys/bus/pci/devices/{cls.guest.address('port')}"
        status, said = cls.guest.shell(f"echo 1 >{place}/sriov_numvfs && basename $(readlink {place}/virtfn0); ls {place}/net")
        if status != 0 or len(said.split()) != 2:
            raise unittest.SkipTest(f"the guest's kernel makes no virtual function: {said.strip()}")
        cls.address, cls.parent = said.split()
        cls.guest.run("ip", "link", "set", cls.parent, "arp", "off", "up")  # or its kernel answers for what nlb0 has
        cls.guest.run("ip", "link", "set", cls.parent, "vf", "0", "mac", "52:54:00:00:00:11", "spoofchk", "off", "trust", "on")

        cls.guest.run(guest_lab.BIND_NIC, cls.address, seconds=guest_lab.START_SECONDS)

    def test_unicast_is_refused_because_it_would_hear_no_client(self):
        self.lab.plan.mode = "unicast"
        self.configure(outside=self.address)
        self.assertRegex(self.refusal(), r"takes neither the cluster's address .* nor all frames .*`mode: multicast` needs neither")

    def test_in_mode_multicast_it_starts_and_answers_arp(self):
        """QEMU's 82576 passes no group to a virtual function that asked for all (VMOLR.MPME), so no client is heard here."""
        self.lab.plan.mode = "multicast"
        self.configure(outside=self.address)
        self.host.start()
        try:
            system.wait_until(lambda: " name=unfenced " in self.host.dataplane.said(), 30, "the host to be default host", 0.2)
            with capture.Capture(self.lab, "vf-arp", "arp") as wire:
                system.run("arping", "-b", "-c", 3, "-w", 20, "-I", "eth0", plan.VIP, namespace=self.lab.client, check=False)
            replies = [frame for frame in wire.frames() if frame.port == "port" and test_adapters.is_arp_reply(frame, plan.VIP)]
            self.assertEqual({GROUP_MAC}, {frame.payload[8:14] for frame in replies})
        finally:
            self.host.stop()


if __name__ == "__main__":
    guest_case.main()
