"""What workers do when much happens at once: new tables, millions of flows, floods, several cores. Bounds are wide: machines are shared."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "perf")]
import tap

import compare_cluster

BUILD = pathlib.Path(os.environ.get("NLB_BUILD", ROOT / "build"))
FLOWS = 300_000


class Scenarios(unittest.TestCase):
    longMessage = False

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("DPDK may not run here without root")

    def told(self, *command, tries=1):
        """`tries`: the machine's own interrupts may break a bound in one run; what the program does breaks it in every run."""
        for _ in range(tries):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
            if done.returncode == 0:
                return json.loads(done.stdout.splitlines()[-1])
        raise AssertionError(done.stdout[-3000:] + done.stderr[-1000:])

    def test_a_thousand_publications_per_second_lose_no_packet_and_hold_up_no_poll(self):
        told = self.told(ROOT / "perf/publish", "--rounds=2", "--seconds=1", "--json", tries=6)
        self.assertEqual(told["publications"]["rules"], 33)
        self.assertGreater(told["publications"]["count"], 500)
        self.assertLess(told["publications"]["p50_us"], 100)
        self.assertEqual(told["during"]["lost"], 0)
        self.assertGreater(told["during"]["sent"], 10_000)

    def test_a_full_table_of_flows_is_bounded_in_bytes_and_in_what_one_turn_takes(self):
        with tempfile.TemporaryDirectory(prefix="nlb-scenarios-") as folder:
            tables = compare_cluster.Cluster(pathlib.Path(folder), BUILD).tables
            told = self.told(BUILD / "perf/nlb-state", "--tables", tables, f"--descriptors={FLOWS}", "--json")
        self.assertEqual(told["insert"]["reasons"], {"new_flow": FLOWS})
        self.assertEqual(told["speak"]["reasons"], {"owner": FLOWS})
        self.assertEqual(told["tracked"], FLOWS)
        self.assertLess(told["bytes_each"], 150)
        self.assertEqual((told["age"]["erased"], told["age"]["left"]), (FLOWS, 0))
        for stage, calls in (("insert", "burst"), ("reindex", "call"), ("age", "call"), ("flood", "burst"), ("flood_age", "call")):
            self.assertLess(told[stage][calls]["processor_ns"]["p99"], 250_000, stage)

    def test_a_flood_of_syns_takes_nothing_from_flows_that_are_established(self):
        with tempfile.TemporaryDirectory(prefix="nlb-scenarios-") as folder:
            tables = compare_cluster.Cluster(pathlib.Path(folder), BUILD).tables
            told = self.told(BUILD / "perf/nlb-state", "--tables", tables, f"--descriptors={FLOWS}", "--json")
        self.assertLess(told["half_open_at_most"], FLOWS // 2)
        # As fast as the core goes, all of them new: some take the place of others, the rest is the flood's excess.
        fresh = told["new_in_flood"]["reasons"]
        self.assertEqual(fresh["new_flow"] + fresh["syn_shed"], 100_000)
        self.assertGreater(fresh["new_flow"], 0)
        self.assertEqual(told["established_in_flood"]["reasons"], {"owner": FLOWS // 10})
        self.assertEqual(told["flood_age"]["left"], FLOWS // 10)

    def test_thirty_rules_more_cost_a_tenth_at_most_and_no_cache_misses(self):
        if shutil.which("valgrind") is None:
            self.skipTest("valgrind is not installed; run scripts/install")
        told = self.told(ROOT / "perf/caches", "--json")
        found = {(row["case"], row["rules"]): row for row in told["rows"]}
        for case in ("reject", "accept UDP"):
            few, many = found[case, 3], found[case, 33]
            self.assertLess(many["instructions"], 1.10 * few["instructions"], case)
            self.assertLess(many["first cache"], 0.1, "the tables in use fit the first cache")
            self.assertAlmostEqual(many["writes"], few["writes"], delta=0.2, msg="rules are read, nothing is written for them")

    def test_the_path_runs_on_one_and_on_two_lcores_with_queues_of_their_own(self):
        told = self.told(ROOT / "perf/scale", "--lcores=1,2", "--rounds=1", "--seconds=0.3", "--json")
        self.assertEqual([row["lcores"] for row in told["rows"]], [1, 2])
        for row in told["rows"]:
            self.assertGreater(row["mpps_per_lcore"], 0)

    def test_a_port_that_refuses_a_queue_for_heartbeats_says_so_once_and_serves(self):
        # net_tap knows rules, but its kernel seldom has what they need; where it has, there is nothing to say.
        if not pathlib.Path("/dev/net/tun").exists():
            self.skipTest("there is no /dev/net/tun")
        with tempfile.TemporaryDirectory(prefix="nlb-scenarios-") as name:
            folder = pathlib.Path(name)
            tables = compare_cluster.Cluster(folder, BUILD, outside=f"net_tap0,iface=hbo{os.getpid()}",
                                             inside=f"net_tap1,iface=hbi{os.getpid()}").tables
            with subprocess.Popen([BUILD / "dataplane/nlb-dataplane", "--tables", tables, "--run-dir", folder / "run"],
                                  stderr=subprocess.PIPE, text=True) as program:
                said = ""
                for line in program.stderr:
                    said += line
                    if " name=ready " in line:
                        program.terminate()
                self.assertEqual(program.wait(30), 0, said)
        self.assertIn(" name=ready ", said)
        self.assertLessEqual(said.count("heartbeats share the queues of clients"), 1)

    def through_two_workers(self, frames):
        """What comes out of nlb-dataplane that has two lcores and ports of one queue, as a sink sees it."""
        with tempfile.TemporaryDirectory(prefix="nlb-scenarios-") as name:
            folder = pathlib.Path(name)
            cluster = compare_cluster.Cluster(
                folder, BUILD, outside=f"net_pcap0,rx_pcap={folder}/in.pcap,tx_pcap={folder}/back.pcap",
                inside=f"net_pcap1,rx_pcap={folder}/nothing.pcap,tx_pcap={folder}/out.pcap", lcores="[0, 1]")
            traffic = ("--owned=100", "--protocol=udp", "--port=53", "--stamped", "--clients=64", f"--frames={frames}")
            subprocess.run([BUILD / "perf/nlb-frames", "--tables", cluster.tables, *traffic, "-o", folder / "in.pcap"], check=True)
            (folder / "nothing.pcap").write_bytes((folder / "in.pcap").read_bytes()[:24])
            done = subprocess.run([BUILD / "dataplane/nlb-dataplane", "--tables", cluster.tables, "--run-dir", folder / "run",
                                   "--exit-when-idle", "1000"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("its ports have 1 queues for 2 lcores", done.stderr)
            eal = ("--no-pci", "--no-huge", "--no-shconf", "-m", "128", "--log-level=error", f"--file-prefix=scenarios{os.getpid()}")
            return self.told(BUILD / "perf/nlb-perf", "-l", "0,1", *eal, f"--vdev=net_pcap0,rx_pcap={folder}/out.pcap", "--",
                             "--forward-mode=rxonly", "--tables", cluster.tables, "--seconds=0.5", "--total-num-mbufs=8191", "--json")

    def test_two_workers_behind_one_queue_keep_each_flow_whole_and_in_order(self):
        told = self.through_two_workers(960)  # which the rings between them hold
        self.assertEqual([told[name] for name in ("stamped", "flows", "lost", "disordered", "not_owned")], [960, 64, 0, 0, 0])
        told = self.through_two_workers(50_000)  # comes faster than they take it: some are lost, none overtakes
        self.assertEqual([told[name] for name in ("flows", "disordered", "not_owned")], [64, 0, 0])
        self.assertGreater(told["stamped"], 960)


if __name__ == "__main__":
    tap.main()
