"""Hosts that are in some clusters of a file only: the two programs of a host mean the same cluster, or say why not.

No lab: the ports are files (net_pcap), one host is enough, and nothing of the machine's network is touched.
"""

import contextlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import tap
from lab import system

HEARTBEAT = 0x88B5
FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
ADDRESSES = {"a": "192.0.2.80", "b": "198.51.100.80", "c": "203.0.113.80"}
REMEDY = "start both programs of this host with one configuration"


class Clusters(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nlb-clusters-")))
        self.running = self.enterContext(contextlib.ExitStack())
        (self.folder / "nothing.pcap").write_bytes(FILE_HEADER)
        key = self.folder / "key"
        key.touch(mode=0o600)
        key.write_bytes(bytes(range(32)))

    def write(self, hosts_of, name="nlb.yaml", **host_keys):
        """A configuration: cluster -> the numbers of its hosts. Ports are files named after cluster and side."""
        text, port = "metrics: {listen: \"\"}\neal: {hugepages: false}\nclusters:\n", 0
        for cluster, hosts in hosts_of.items():
            text += f"  - name: {cluster}\n    address: {ADDRESSES[cluster]}/24\n    key_file: key\n"
            text += "    connections: {max: 1024}\n    hosts:\n"
            for number in hosts:
                keys = {"name": f"h{number}", "id": number, "lcores": 1}
                for side in ("outside", "inside"):
                    files = f"rx_pcap={self.folder}/nothing.pcap,tx_pcap={self.capture(cluster, number, side)}"
                    keys[side] = f"net_pcap{port},{files}"
                    port += 1
                text += f"      - {json.dumps(keys | host_keys)}\n"
        file = self.folder / name
        file.write_text(text)
        return file

    def capture(self, cluster, number, side):
        return self.folder / f"{cluster}{number}-{side}.pcap"

    def start(self, program, configuration, host):
        log = self.folder / f"{program.name}.log"
        with open(log, "ab") as file:
            process = subprocess.Popen([program, "--config", configuration, "--host", host, "--run-dir", self.folder / "run"], stderr=file)
        self.running.callback(process.wait)
        self.running.callback(process.kill)
        return process, log

    def states(self):
        """State by cluster, as `nlb query` tells; nothing while nobody answers."""
        done = subprocess.run([system.COMMAND, "query", "--json", "--run-dir", self.folder / "run"], capture_output=True, text=True)
        try:
            return {cluster["name"]: cluster["state"] for cluster in json.loads(done.stdout)["clusters"]}
        except (json.JSONDecodeError, KeyError):
            return {}

    def run_until_converged(self, configuration, host, clusters):
        programs = [self.start(program, configuration, host) for program in (system.DATAPLANE, system.CONTROLPLANE)]
        wanted = dict.fromkeys(clusters, "converged")
        try:
            system.wait_until(lambda: self.states() == wanted, 20, f"{host}: {wanted}")
        except system.LabError as error:
            self.fail(f"{error}; {self.states()}; {programs[0][1].read_text()[-600:]}")
        for process, _ in reversed(programs):
            process.terminate()
            self.assertEqual(0, process.wait(20))

    def heartbeat_sources(self, cluster, number):
        """Source addresses of the cluster frames that left through a cluster's outside port."""
        content = self.capture(cluster, number, "outside").read_bytes()[24:]
        sources = set()
        while content:
            length = struct.unpack_from("<I", content, 8)[0]
            frame, content = content[16 : 16 + length], content[16 + length :]
            if struct.unpack_from(">H", frame, 12)[0] == HEARTBEAT:
                sources.add(frame[6:12].hex(":"))
        return sources

    @staticmethod
    def masked(cluster, number):
        """The address that frames of this host bear, by the tables of that cluster."""
        return bytes([2, number, *map(int, ADDRESSES[cluster].split("."))]).hex(":")

    def test_a_host_that_is_only_in_the_second_cluster_starts(self):
        self.run_until_converged(self.write({"a": [1], "b": [2]}), "h2", ["b"])

    def test_each_clusters_ports_are_given_the_tables_of_that_cluster(self):
        self.run_until_converged(self.write({"a": [1], "b": [3], "c": [3]}), "h3", ["b", "c"])
        for cluster in ("b", "c"):
            self.assertEqual({self.masked(cluster, 3)}, self.heartbeat_sources(cluster, 3))

    def test_programs_that_do_not_mean_the_same_clusters_refuse_each_other_with_one_sentence(self):
        right = self.write({"b": [3], "c": [3]})
        cases = (
            (self.write({"b": [3]}, "fewer.yaml"), "the dataplane has cluster \\\"c\\\", the control plane has not"),
            (self.write({"a": [3], "b": [3], "c": [3]}, "more.yaml"), "the control plane has cluster \\\"a\\\", the dataplane has not"),
            (self.write({"b": [3], "c": [3]}, "other.yaml", lcores=[1, 2]), "lcores is 1,2 in the control plane and 1 in the dataplane"),
        )
        _, dataplane = self.start(system.DATAPLANE, right, "h3")
        system.wait_until(lambda: "name=ready" in dataplane.read_text(), 20, "the dataplane's start")
        for configuration, words in cases:
            with self.subTest(configuration=configuration.name):
                controlplane, log = self.start(system.CONTROLPLANE, configuration, "h3")
                system.wait_until(lambda: words in log.read_text() and words in dataplane.read_text(), 10, f"{words!r} in both logs")
                system.wait_until(lambda: os.path.getsize(log) and self.states(), 5, "an answer of the control plane")
                self.assertNotIn("converged", self.states().values())
                self.assertEqual(1, sum(words in line and REMEDY in line for line in log.read_text().splitlines()), "said once")
                controlplane.terminate()
                self.assertEqual(0, controlplane.wait(20))
                log.unlink()
        refused = [line for line in dataplane.read_text().splitlines() if "name=controlplane_refused" in line]
        self.assertEqual(len(cases), len(refused), refused)
        self.assertNotIn("controlplane_connected", dataplane.read_text())
        self.start(system.CONTROLPLANE, right, "h3")
        system.wait_until(lambda: self.states() == {"b": "converged", "c": "converged"}, 20, "the right one is taken")
        self.assertIn("name=controlplane_connected", dataplane.read_text())


if __name__ == "__main__":
    tap.main()
