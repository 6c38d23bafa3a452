"""The throughput search finds what a device can do, and a report is one page that shows all that was measured."""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "perf")]
import tap

import throughput_search


def device(capacity, sender_most, noise=0.0, seed=1):
    """A device that takes `capacity` packets per second from a sender that gives at most `sender_most`."""
    chance = random.Random(seed)

    def trial(rate):
        offered = min(rate or sender_most, sender_most) * (1 - noise * chance.random())
        received = min(offered, capacity)
        return throughput_search.Trial(rate, offered, received, (offered - received) / offered)
    return trial


class Report(unittest.TestCase):
    longMessage = False

    def found(self, trial, resolution=0.01):
        search, tried = throughput_search.Search(resolution, 0.0), 0
        while (rate := search.next_rate()) is not None:
            search.note(trial(rate))
            tried += 1
            self.assertLess(tried, 60, "the search does not end")
        return search

    def test_the_search_finds_the_capacity_of_a_device_within_its_resolution(self):
        for capacity in (1e3, 123_456, 14_880_952):
            found = self.found(device(capacity, 2e7)).found()
            self.assertLessEqual(found, capacity)
            self.assertGreater(found, capacity * 0.985, f"{capacity}: {found}")

    def test_a_device_that_is_faster_than_its_sender_is_said_to_be_so(self):
        search = self.found(device(2e7, 1e6))
        self.assertEqual((search.found(), search.limit), (1e6, "sender"))

    def test_a_sender_that_is_kept_from_its_core_does_not_stop_the_search(self):
        for seed in range(20):
            found = self.found(device(5e6, 2e7, noise=0.4, seed=seed), 0.05).found()
            self.assertLessEqual(found, 5e6)
            self.assertGreater(found, 3.5e6, seed)

    def test_a_device_that_takes_nothing_has_no_throughput(self):
        self.assertEqual(self.found(device(0, 1e6)).found(), 0)

    def check_page(self, file, *words):
        page = file.read_text()
        self.assertIsNone(re.search(r"https?://|<script|<link|@import|src=", page), "the page would fetch something")
        self.assertIn("prefers-color-scheme:dark", page)
        for plot in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
            xml.dom.minidom.parseString(plot)
            self.assertNotIn("nan", plot)
        for word in (*words, "L1d", "huge pages", "kernel", "DPDK"):
            self.assertIn(word, page)

    def test_rates_latencies_and_bursts_are_measured_and_drawn(self):
        if os.geteuid() != 0:
            self.skipTest("DPDK may not run here without root")
        with tempfile.TemporaryDirectory(prefix="nlb-report-") as folder:
            file = pathlib.Path(folder) / "report.html"
            done = subprocess.run([ROOT / "perf/rfc2544", "--sizes=64,imix", "--trial=0.1", "--resolution=20", "--acceptable-loss=1",
                                   "--bursts=4,64", "--json", "--report", file], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
            told = json.loads(done.stdout.splitlines()[-1])
            for size in ("64", "imix"):
                self.assertGreater(told["sizes"][size]["pps"], 1000)
                self.assertLessEqual(told["sizes"][size]["latency"]["100"]["p50"], told["sizes"][size]["latency"]["100"]["max"])
            busy = {row["burst"]: row for row in told["bursts"] if row["rate"] == "as many as go"}
            self.assertLess(busy[64]["cycles_per_packet"], busy[4]["cycles_per_packet"])
            self.check_page(file, "Throughput by frame size", "Latency by frame size", "Cycles per packet by burst size", "net_ring")

    def test_ratios_are_drawn_beside_their_floors(self):
        ratio = {"reject": 0.9, "established": 0.4}
        mpps = {name: 1.0 for name in ratio}
        told = {"ok": False, "ratio": ratio, "ratio_min": ratio, "ratio_max": ratio, "floor": {"reject": 0.85, "established": 0.8},
                "goal": {"reject": 1.1, "established": 1.05}, "mpps": mpps, "ns": mpps,
                "testpmd": {name: {"io": 2, "macswap": 2, "5tswap": 1} for name in ratio}}
        with tempfile.TemporaryDirectory(prefix="nlb-report-") as folder:
            given, file = pathlib.Path(folder) / "compare.json", pathlib.Path(folder) / "report.html"
            given.write_text("what was printed before\n" + json.dumps(told) + "\n")
            subprocess.run([ROOT / "perf/report", given, "-o", file], check=True)
            self.check_page(file, 'class="bad">0.40', 'class="good">0.90', "floor 0.85")
            given.write_text("nothing\n")
            done = subprocess.run([ROOT / "perf/report", given, "-o", file], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn("expected a measurement", done.stderr)


    def recorded(self):
        """As perf/endtoend --json told it; one way has no UDP, one did not come up."""
        def row(gbit, each, rate, udp):
            stream = {"gbit_per_second": gbit, "retransmits": 0, "cpu_seconds_per_gb": each}
            asked = {"requests_per_second": rate, "p50_ms": 1.18, "p99_ms": 41.3, "cpu_seconds_per_1000": 0.0528}
            return {"to_server": stream, "to_client": stream, "keep_alive": asked, "close": asked, "udp": udp}

        udp = {"queries_per_second": 11743, "lost": 0, "cpu_seconds_per_1000": 0.0403}
        return {"kind": "endtoend", "seconds": 2, "ways": {"nlb_tap": row(2.17, 1.763, 7847, udp), "haproxy": row(5.05, 1.554, 28244, None),
                                                           "af_xdp": {"failed": "`iperf3` did not end within 40 s"}}}

    def test_ways_from_end_to_end_are_drawn_each_with_its_bars(self):
        with tempfile.TemporaryDirectory(prefix="nlb-report-") as folder:
            given, file = pathlib.Path(folder) / "endtoend.json", pathlib.Path(folder) / "page.html"
            given.write_text(json.dumps(self.recorded()) + "\n")
            subprocess.run([ROOT / "perf/report", given, "-o", file], check=True)
            self.check_page(file, "Processor time for a gigabyte", "Processor time for 1,000 requests", "Throughput", "Latency of requests",
                            "nlb_tap: 1.76", "haproxy: 5.05", "haproxy: -", "did not end within 40 s")
            plots = re.findall(r"<svg.*?</svg>", file.read_text(), re.DOTALL)
            self.assertEqual(len(plots), 5)
            # A bar for each way that was measured, and each of the kinds in the legend above them.
            self.assertEqual([plot.count("<rect") for plot in plots], [2 * 2 + 2, 2 * 3 + 3, 2 * 2 + 2, 2 * 2 + 2, 2 * 4 + 4])

    def test_a_page_in_no_folder_is_refused_before_anything_is_measured(self):
        done = subprocess.run([ROOT / "perf/endtoend", "--page", "/nowhere/page.html"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no folder /nowhere", done.stderr)


if __name__ == "__main__":
    tap.main()
