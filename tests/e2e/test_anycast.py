"""One address of two clusters: a router with two equal routes, BIRD on each host, and clusters that stop and die.

What is measured stands in docs/measured.md: how long clients reach nobody, and how many connections a change of routes cuts.
"""

import json
import os
import subprocess
import time
import unittest

import lab_case
from lab import anycast, cluster_lab, estate, system, view

EAST, WEST = (site.cluster for site in anycast.SITES)
RATE = 50


class Anycast(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("labs make network namespaces and need root")
        system.require_binaries()
        estate.sweep()
        tag = cluster_lab.new_tag("test")
        cls.estate = estate.Estate.create(tag)
        cls.addClassCleanup(cls.estate.take_down)
        cls.lab = anycast.Anycast(cls.estate, tag)
        cls.lab.build()
        cls.lab.start()
        cls.wait_for_routes(EAST, WEST, seconds=40)

    @classmethod
    def wait_for_routes(cls, *hops, seconds=20):
        began = time.monotonic()
        try:
            system.wait_until(lambda: cls.lab.routes() == sorted(hops), seconds, f"routes by {hops}")
        except system.LabError as error:
            logs = "".join(f"\n{name}: {process.log.read_text()[-500:]}" for name, process in cls.lab.announcers.items())
            raise system.LabError(f"{error}; there are {cls.lab.routes()}{logs}") from None
        return time.monotonic() - began

    def load(self):
        """Requests of the client, each a connection of its own, until stop() gives them."""
        return Requests(self.lab)

    def settle(self):
        for site in anycast.SITES:
            view.wait_for_agreement(self.lab.site(site.name), self.lab.site(site.name), seconds=30)
        self.wait_for_routes(EAST, WEST, seconds=30)

    def test_1_both_clusters_get_clients_at_one_address(self):
        with self.load() as requests:
            time.sleep(4)
        by = requests.by_host()
        self.assertFalse(requests.failed(), requests.failed()[:3])
        for site in anycast.SITES:
            self.assertGreater(sum(by.get(host.name, 0) for host in self.lab.site(site.name)), 20, by)
        print(f"# requests by host: {by}")

    def test_2_a_host_that_dies_moves_no_route(self):
        self.settle()
        with self.load() as requests:
            time.sleep(1)
            self.lab.kill(self.lab.hosts["east2"])
            time.sleep(anycast.HOLD_S + 2)
            self.assertEqual(sorted((EAST, WEST)), self.lab.routes())
        self.lab.hosts["east2"].start()
        self.lab.birds["east2"].start()
        self.lab.announcers["east2"].start()
        late = requests.longest()
        print(f"# {len(requests.failed())} of {len(requests.all)} failed, the longest request took {late:.2f} s")
        # A SYN in the window is said again a second later.
        self.assertFalse(requests.failed(), requests.failed()[:3])
        self.assertLess(late, 3.5)

    def test_3_a_cluster_that_is_stopped_is_left_at_once(self):
        self.settle()
        with self.load() as requests:
            time.sleep(1)
            began = time.monotonic()
            for host in self.lab.site("east"):
                self.assertEqual(0, host.nlb("stop", "--force")[0])
            left = self.wait_for_routes(WEST)
            withdrawn = time.monotonic() - began
            time.sleep(2)
            for host in self.lab.site("east"):
                self.assertEqual(0, host.nlb("start")[0])
            back = self.wait_for_routes(EAST, WEST)
        failed = requests.failed()
        print(f"# route withdrawn after {withdrawn:.2f} s, announced again after {back:.2f} s; {len(failed)} of {len(requests.all)} failed")
        self.assertLess(left, 3)
        # Connections that were open there are cut, and what came before the router knew.
        self.assertLess(len(failed), RATE * 2)

    def test_4_a_cluster_that_dies_is_left_after_the_hold_time(self):
        self.settle()
        with self.load() as requests:
            time.sleep(1)
            began = time.monotonic()
            for host in self.lab.site("west"):
                self.lab.kill(host)
            self.wait_for_routes(EAST, seconds=anycast.HOLD_S + 10)
            moved = time.monotonic() - began
            time.sleep(1)
        failed = requests.failed()
        print(f"# all clients at the other cluster after {moved:.2f} s (hold time {anycast.HOLD_S} s)")
        print(f"# {len(failed)} of {len(requests.all)} failed")
        self.assertLess(moved, anycast.HOLD_S + 3)
        self.assertTrue(all(entry["error"] is None for entry in requests.all if entry["start"] > requests.began + 1 + moved + 1.5))

    def test_5_a_program_that_ends_withdraws_and_one_that_was_killed_is_tidied_up_after(self):
        east = self.lab.site("east")
        for host in east:
            self.lab.announcers[host.name].terminate()
        self.wait_for_routes(seconds=5)
        for host in east:
            self.lab.announcers[host.name].start()
        self.wait_for_routes(EAST)
        for host in east:
            self.lab.announcers[host.name].kill()
            done = subprocess.run(
                system.inside(host.namespace, self.lab.announce(host, "--withdraw")), capture_output=True, text=True, check=False
            )
            self.assertEqual((0, "withdraws nlb_routes\n"), (done.returncode, done.stdout), done.stderr)
        self.wait_for_routes(seconds=5)

    def test_6_what_bird_refuses_is_said_with_the_remedy(self):
        host = self.lab.hosts["east1"]
        wrong = [word if word != "nlb_routes" else "nosuch" for word in self.lab.announce(host, "--withdraw")]
        done = subprocess.run(system.inside(host.namespace, wrong), capture_output=True, text=True, check=False)
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, r'bird\.ctl: BIRD refuses to switch the protocol "nosuch": .*it must stand in bird\.conf')
        nobody = [system.COMMAND, "announce", "--protocol", "a", "--withdraw", "--bird", "/nonexistent/bird.ctl"]
        done = subprocess.run(nobody, capture_output=True, text=True, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("/nonexistent/bird.ctl: no BIRD to speak to: No such file or directory", done.stderr)


class Requests:
    def __init__(self, lab):
        self.lab = lab
        self.file = lab.estate.directory / f"requests-{time.monotonic_ns()}.jsonl"
        sources = lab.estate.directory / "sources"
        sources.write_text(anycast.CLIENT + "\n")
        module = ["-m", "lab.load", "--sources", sources, "--output", self.file, "--rate", str(RATE), "--target", anycast.ANYCAST]
        environment = ["env", f"PYTHONPATH={system.ROOT / 'scripts'}", "PYTHONDONTWRITEBYTECODE=1"]
        self.process = cluster_lab.Process(lab.estate, "load", lab.client, [*environment, "/usr/bin/python3", "-P", *module])
        self.all = []

    def __enter__(self):
        self.began = time.time()
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.terminate(15)
        self.all = [json.loads(line) for line in self.file.read_text().splitlines() if line.startswith("{")]

    def failed(self):
        return [entry for entry in self.all if entry["error"] is not None]

    def longest(self):
        return max(entry["end"] - entry["start"] for entry in self.all)

    def by_host(self):
        hosts = [entry["host"] for entry in self.all if entry["host"]]
        return {host: hosts.count(host) for host in sorted(set(hosts))}


if __name__ == "__main__":
    lab_case.main()
