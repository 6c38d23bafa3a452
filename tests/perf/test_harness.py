"""nlb-perf as a person uses it: its modes, its prompt, its figures, and what it says when something is missing."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "perf")]
import tap

import compare_cluster

BUILD = pathlib.Path(os.environ.get("NLB_BUILD", ROOT / "build"))
EAL = ["-l", "0,1", "--no-pci", "--no-huge", "--no-shconf", "-m", "256", "--log-level=error", f"--file-prefix=harness{os.getpid()}"]
NULL = ["--vdev=net_null0", "--vdev=net_null1"]
SMALL = ["--total-num-mbufs=4096"]  # so that captures of up to some 3,000 frames fit


class Harness(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="nlb-harness-")
        cls.cluster = compare_cluster.Cluster(pathlib.Path(cls.place.name), BUILD)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def run_perf(self, devices, options, said=""):
        command = [BUILD / "perf/nlb-perf", *EAL, *devices, "--", *options]
        done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=120)
        if done.returncode != 0 and os.geteuid() != 0 and "permitted" in done.stderr:
            self.skipTest("DPDK may not run here without root")
        return done

    def measured(self, devices, *options, seconds=0.2):
        done = self.run_perf(devices, [*SMALL, f"--seconds={seconds}", "--json", *options])
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def capture(self, name, *options):
        file = pathlib.Path(self.place.name) / f"{name}.pcap"
        subprocess.run([BUILD / "perf/nlb-frames", "--tables", self.cluster.tables, "-o", file, *options], check=True)
        return [f"--vdev=net_pcap0,rx_pcap={file},infinite_rx=1", "--vdev=net_null1,no-rx=1"]

    def nlb(self, devices, *options):
        return self.measured(devices, "--forward-mode=nlb", "--tables", str(self.cluster.tables), *options)

    def test_io_and_mac_forward_what_they_receive(self):
        for mode in ("io", "mac"):
            told = self.measured(NULL, f"--forward-mode={mode}")
            self.assertGreater(told["packets"], 1000)
            self.assertEqual(told["mode"], mode)

    def test_clients_of_other_hosts_are_all_rejected(self):
        told = self.nlb(self.capture("others", "--owned=0"))
        self.assertEqual(list(told["reasons"]), ["not_owner"])

    def test_clients_of_this_host_are_all_accepted(self):
        told = self.nlb(self.capture("mine", "--owned=100", "--protocol=udp", "--port=53"))
        self.assertEqual(list(told["reasons"]), ["owner"])

    def test_a_quarter_is_a_quarter(self):
        reasons = self.nlb(self.capture("quarter", "--owned=25", "--distribution=uniform", "--frames=2048"))["reasons"]
        self.assertAlmostEqual(reasons["owner"] / sum(reasons.values()), 0.25, delta=0.05)

    def test_flows_that_were_opened_stay_when_every_bucket_moves(self):
        told = self.nlb(self.capture("dirty"), "--descriptors=1024", "--lose-buckets")
        self.assertEqual(list(told["reasons"]), ["descriptor"])
        self.assertEqual(told["connections"], 1024)

    def test_version_six_is_balanced_too(self):
        self.assertEqual(list(self.nlb(self.capture("six", "--ip=6", "--owned=0"))["reasons"]), ["not_owner"])

    def test_a_flow_opens_speaks_and_ends(self):
        reasons = self.nlb(self.capture("flows", "--owned=100", "--mix=1:2:1", "--resets", "--frames=2048"))["reasons"]
        self.assertGreater(reasons["new_flow"], 0)
        self.assertGreater(reasons["owner"], 0)

    def sunk(self, name, records, *options):
        """What the sink says of a capture with just these records."""
        file = pathlib.Path(self.place.name) / f"{name}.pcap"
        file.write_bytes(self.header + b"".join(records))
        return self.measured([f"--vdev=net_pcap0,rx_pcap={file}"], "--forward-mode=rxonly", *options)

    def stamped(self, *options):
        """The records of 50 frames of each of 20 clients, in turn."""
        self.capture("stamped", "--stamped", "--clients=20", "--frames=1000", *options)
        octets = (pathlib.Path(self.place.name) / "stamped.pcap").read_bytes()
        self.header, octets, records = octets[:24], octets[24:], []
        while octets:
            size = 16 + int.from_bytes(octets[8:12], sys.byteorder)
            records.append(octets[:size])
            octets = octets[size:]
        self.assertEqual(len(records), 1000)
        return records

    def test_a_sink_that_gets_everything_misses_nothing(self):
        told = self.sunk("whole", self.stamped())
        self.assertEqual([told[name] for name in ("stamped", "flows", "lost", "flows_with_loss", "disordered")], [1000, 20, 0, 0, 0])

    def test_the_sink_says_which_loss_is_whose(self):
        # Of client 3 ten frames are taken away, of client 7 one; the last frame of client 9 nobody can miss.
        gone = {20 * turn + 3 for turn in range(5, 15)} | {20 * 30 + 7, 20 * 49 + 9}
        told = self.sunk("torn", [record for place, record in enumerate(self.stamped()) if place not in gone])
        self.assertEqual([told[name] for name in ("stamped", "lost", "flows_with_loss", "lost_of_worst_flow")], [988, 11, 2, 10])

    def test_the_sink_says_when_frames_of_a_flow_came_out_of_order(self):
        records = self.stamped()
        records[40], records[60] = records[60], records[40]
        told = self.sunk("shuffled", records)
        self.assertEqual([told[name] for name in ("lost", "disordered")], [0, 1])

    def test_the_sink_says_how_many_frames_are_another_hosts(self):
        mine, theirs = self.stamped("--owned=100"), self.stamped("--owned=0")
        tables = ("--tables", str(self.cluster.tables))
        self.assertEqual(self.sunk("mine", mine, *tables)["not_owned"], 0)
        self.assertEqual(self.sunk("some", mine[:900] + theirs[:100], *tables)["not_owned"], 100)
        strange = self.stamped("--owned=100", "--protocol=udp", "--port=53")
        blank = [record[:16 + 12] + b"\x88\xcc" + record[16 + 14:] for record in strange[:5]]
        self.assertEqual(self.sunk("strange", strange + blank, *tables)["not_balanced"], 5)

    def test_a_trial_counts_what_was_sent_and_what_arrived(self):
        for tested, pairs in (("none", 1), ("io", 2), ("nlb", 2)):
            told = self.measured([], "--forward-mode=trial", f"--ring-pairs={pairs}", f"--under-test={tested}", "--rate=20000",
                                 "--owned=100", "--tables", str(self.cluster.tables))
            self.assertGreater(told["sent"], 500, tested)
            self.assertEqual(told["received"], told["sent"], tested)
            self.assertEqual((told["lost"], told["not_owned"], told["disordered"]), (0, 0, 0), tested)
            self.assertEqual(told["latency_ns"][0]["count"], told["received"])

    def test_a_run_can_be_reported_as_one_page(self):
        file = pathlib.Path(self.place.name) / "run.html"
        self.measured([], "--forward-mode=trial", "--ring-pairs=2", "--under-test=nlb", "--rate=20000", "--owned=100", "--time-polls",
                      "--tables", str(self.cluster.tables), "--report", str(file))
        page = file.read_text()
        for words in ("share that took longer", "polls, processor time", "net_ring", "huge pages"):
            self.assertIn(words, page)
        self.assertFalse(file.with_suffix(".html.json").exists())

    def test_a_flood_overflows_the_ring_and_is_told_from_the_traffic(self):
        told = self.measured([], "--forward-mode=trial", "--ring-pairs=2", "--ring-size=64", "--under-test=nlb", "--owned=100",
                             "--rate=20000", "--flood=max", "--flood-owned=0", "--tables", str(self.cluster.tables))
        reasons = told["tested"]["reasons"]
        self.assertGreater(told["flood"]["sent"], 10 * told["sent"])
        self.assertEqual(reasons["not_owner"], told["flood"]["sent"])
        self.assertEqual(reasons["owner"], told["received"])
        self.assertEqual(told["received"], told["sent"])

    def test_generators_send_and_count(self):
        for mode in ("txonly", "flowgen"):
            tables = ("--tables", str(self.cluster.tables))
            told = self.measured(NULL, f"--forward-mode={mode}", *tables, "--size=imix", "--distribution=zipf")
            self.assertGreater(told["tx_pps"], 10000)

    def test_a_rate_is_kept(self):
        told = self.measured(NULL[:1], "--forward-mode=txonly", "--tables", str(self.cluster.tables), "--rate=50000", seconds=1)
        self.assertLess(told["tx_pps"], 60000)
        self.assertGreater(told["tx_pps"], 1000)

    def test_the_prompt_knows_testpmds_words(self):
        said = "\n".join(("show config fwd", "start", "show port stats all", "stop", "set fwd mac", "set burst 16", "show config fwd",
                          "set burst 999", "nonsense", "quit", ""))
        told = self.run_perf(NULL, ["-i", "--total-num-mbufs=4096"], said).stdout
        for words in ("io packet forwarding - ports=2", "NIC statistics for port 0", "Rx-pps:", "RX-dropped:", "mac packet forwarding",
                      "burst=16", "expected 1 to 64", "Bad arguments"):
            self.assertIn(words, told)

    def test_what_is_missing_is_said_in_one_sentence(self):
        for devices, options, words in (
                (NULL, ["--forward-mode=nlb"], "expected --tables FILE"),
                (NULL, ["--forward-mode=fast"], "expected io, mac, nlb"),
                (NULL[:1], ["--forward-mode=nlb", "--tables", str(self.cluster.tables)], "pairs of an outside and an inside port"),
                ([], [], "no ports"),
                (NULL, ["--forward-mode=txonly", "--tables", str(self.cluster.tables), "--mix=1:2"], "--mix: expected SYN:DATA:FIN")):
            done = self.run_perf(devices, options)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    tap.main()
