"""Servers that die, hang, fail and flap behind living hosts: what clients lose, how far buckets move, and who is told."""

import json
import os
import pathlib
import shutil
import time

import lab_case
from lab import plan, system, traffic, view

INTERVAL, TIMEOUT, FALL, RISE, SLOW_START = 0.5, 0.3, 3, 2, 2.0
RATE = 100
# From the server's death: the last check before it, `fall` checks, the last one's time-out, and the buckets' move.
DETECTION = INTERVAL * FALL + TIMEOUT + 0.6
HEALTH = {
    "check": "http", "path": "/health", "interval": "500ms", "timeout": "300ms", "rise": RISE, "fall": FALL, "slow_start": "2s",
}


def rules(**health):
    return {
        "port_rules": [
            {"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "affinity": "single", "health": {**HEALTH, **health}},
        ]
    }


class HealthCase(lab_case.LabCase):
    def setUp(self):
        self.lab.settle()
        system.wait_until(lambda: self.counts() == {host.name: 20 for host in self.lab.hosts}, 20, "equal shares")

    def counts(self):
        """Buckets of the rule by the host that states to own them, as the first host hears it."""
        seen = view.view_of(self.lab.hosts[0])
        return {host.name: seen.owners.count(host.id) for host in self.lab.hosts} if seen else {}

    def health(self, host):
        answer = host.query()
        return answer["clusters"][0]["rules"][0]["health"] if answer else {}

    def ill(self, host, is_ill):
        file = pathlib.Path(self.lab.estate.directory) / f"{host.name}.ill"
        file.touch() if is_ill else file.unlink(missing_ok=True)

    def wait_until_without_share(self, host):
        system.wait_until(lambda: self.counts().get(host.name) == 0, 15, f"{host.name} has no bucket")

    def assert_lost_only_before_fall(self, results, harmed, moved, share=1 / 3):
        lost = traffic.failed(results)
        late = [entry for entry in lost if entry["start"] > moved]
        self.assertEqual([], late, "requests were lost after the share had moved")
        # Some were under way when the server died.
        self.assertTrue(all(entry["start"] > harmed - 0.5 for entry in lost), lost[:3])
        took = moved - harmed
        self.assertLess(took, DETECTION + 1.5)
        most = RATE * share * took * 1.5 + 10
        print(f"# lost {len(lost)} of {len(results)} requests; the share had moved after {took:.1f} s")
        self.assertLessEqual(len(lost), most)
        return lost

    def return_of(self, host):
        """The host's share while it comes back: what was seen, each value once."""
        seen = []
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            count = self.counts().get(host.name)
            if count is not None and (not seen or seen[-1] != count):
                seen.append(count)
            if seen and seen[-1] == 20:
                return seen
            time.sleep(0.05)
        self.fail(f"the share of {host.name} did not come back: {seen}")

    def harm(self, host, act, because):
        with traffic.Load(self.lab, f"{self.id().rsplit('.', 1)[-1]}", RATE) as load:
            time.sleep(1)
            harmed = time.time()
            act()
            self.wait_until_without_share(host)
            moved = time.time() + 0.1
            time.sleep(1)
        self.assertEqual("down", self.health(host)["state"])
        self.assertIn(because, self.health(host)["because"])
        return load.results(), harmed, moved


class Drained(HealthCase):
    OPTIONS = {"cluster_keys": rules()}

    def test_a_killed_server_loses_its_share_and_gets_it_back_step_by_step(self):
        victim = self.lab.host("edge2")
        results, harmed, moved = self.harm(victim, victim.server.kill, "connect refused")
        self.assert_lost_only_before_fall(results, harmed, moved)
        self.assertIn('nlb_health_up{cluster="web",rule="http"} 0', victim.metrics())
        self.assertIn("down: connect refused", victim.nlb("query")[1])
        with traffic.Load(self.lab, "return", RATE) as load:
            victim.server.start()
            seen = self.return_of(victim)
        self.assertEqual([], traffic.failed(load.results()))
        print(f"# the share of {victim.name} came back as {seen}")
        steps = [after - before for before, after in zip(seen, seen[1:])]
        self.assertGreaterEqual(len(steps), 4, seen)
        self.assertTrue(all(0 < step <= 7 for step in steps), seen)
        self.assertIn('nlb_health_up{cluster="web",rule="http"} 1', victim.metrics())

    def test_a_hung_server_times_out_and_loses_its_share(self):
        victim = self.lab.host("edge3")
        try:
            results, harmed, moved = self.harm(victim, victim.server.stop, "timed out after 300ms")
        finally:
            victim.server.resume()
        lost = [entry for entry in traffic.slow(results, 1.0)] + traffic.failed(results)
        self.assertEqual([], [entry for entry in lost if entry["start"] > moved])
        self.assertLessEqual(len(lost), RATE / 3 * (moved - harmed) * 1.5 + 10)
        self.return_of(victim)

    def test_a_server_that_says_500_to_its_check_alone_costs_no_request(self):
        victim = self.lab.host("edge1")
        try:
            results, _, _ = self.harm(victim, lambda: self.ill(victim, True), "http 500")
        finally:
            self.ill(victim, False)
        self.assertEqual([], traffic.failed(results))
        self.return_of(victim)

    def test_a_flow_at_a_failed_server_goes_on(self):
        victim = self.lab.host("edge2")
        buckets = traffic.buckets_of(self.lab, self.lab.plan.client_addresses())
        owned = view.view_of(victim).buckets_of(victim.id)
        source = traffic.one_per_bucket(buckets, owned)[0]
        download = traffic.Download(self.lab, "drained", source, "1m").start()
        system.wait_until(lambda: download.bytes() > 100_000, 10, "the download's start")
        self.ill(victim, True)
        try:
            self.wait_until_without_share(victim)
            self.assertTrue(download.wait())
            self.assertEqual(victim.name, download.host())
        finally:
            self.ill(victim, False)
        self.return_of(victim)

    def test_flapping_moves_a_bounded_number_of_buckets(self):
        victim = self.lab.host("edge2")
        before = self.lab.hosts[0].query()["clusters"][0]["epoch"]["counter"]
        began = time.monotonic()
        with traffic.Load(self.lab, "flapping", RATE) as load:
            while time.monotonic() - began < 8:
                self.ill(victim, True)
                time.sleep(0.7)
                self.ill(victim, False)
                time.sleep(0.7)
        self.assertEqual([], traffic.failed(load.results()))
        epochs = self.lab.hosts[0].query()["clusters"][0]["epoch"]["counter"] - before
        print(f"# {epochs} epochs in 8 s of flapping")
        # One for a failure takes `fall` checks, one for a return `rise` and ten steps.
        self.assertLessEqual(epochs, 8 / (INTERVAL * (FALL + RISE)) * 11)
        self.return_of(victim)

    def test_when_all_fail_all_serve(self):
        for host in self.lab.hosts:
            self.ill(host, True)
        try:
            for host in self.lab.hosts:
                system.wait_until(lambda host=host: self.health(host).get("state") == "down", 15, f"{host.name} is down")
            system.wait_until(lambda: self.counts() == {host.name: 20 for host in self.lab.hosts}, 10, "all serve")
            with traffic.Load(self.lab, "allfail", RATE, 200) as load:
                load.wait(30)
            self.assertEqual([], traffic.failed(load.results()))
        finally:
            for host in self.lab.hosts:
                self.ill(host, False)

    def test_a_control_plane_that_restarts_keeps_its_share(self):
        victim = self.lab.host("edge3")
        victim.controlplane.kill()
        victim.start_controlplane()
        lowest = 20
        until = time.monotonic() + 3
        while time.monotonic() < until:
            lowest = min(lowest, self.counts().get(victim.name, 20))
            time.sleep(0.05)
        self.assertEqual(20, lowest)


class Cut(HealthCase):
    OPTIONS = {"cluster_keys": rules(on_fail="stop", all_failed="drop")}
    PLACE = pathlib.Path(f"/root/nlb-test-health-{os.getpid()}")

    @classmethod
    def setUpClass(cls):
        if os.geteuid() == 0:
            # The way to a program must be root's alone: no lab's directory below /tmp is.
            cls.PLACE.mkdir(mode=0o755)
            hook = cls.PLACE / "hook"
            hook.write_text(f"#!/bin/sh\ncat >> {cls.PLACE}/events\n")
            hook.chmod(0o755)
            cls.OPTIONS["cluster_keys"]["notify"] = [str(hook)]
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.PLACE, ignore_errors=True)

    def test_a_flow_at_a_failed_server_is_cut_and_the_hook_is_told(self):
        victim = self.lab.host("edge2")
        buckets = traffic.buckets_of(self.lab, self.lab.plan.client_addresses())
        owned = view.view_of(victim).buckets_of(victim.id)
        source = traffic.one_per_bucket(buckets, owned)[0]
        download = traffic.Download(self.lab, "cut", source, "500k").start()
        system.wait_until(lambda: download.bytes() > 100_000, 10, "the download's start")
        self.ill(victim, True)
        try:
            self.wait_until_without_share(victim)
            self.assertFalse(download.wait(60), "the flow was to be cut")
        finally:
            self.ill(victim, False)
        self.return_of(victim)
        told = [json.loads(line) for line in (self.PLACE / "events").read_text().splitlines()]
        down = [event for event in told if event["name"] == "health_down" and event["host"] == victim.name]
        self.assertEqual(["http 500"], [event["because"] for event in down])
        self.assertTrue(any(event["name"] == "converged" and event["event"] in (28, 29) for event in told))

    def test_when_all_fail_and_are_to_drop_nobody_serves(self):
        for host in self.lab.hosts:
            self.ill(host, True)
        try:
            system.wait_until(lambda: set(self.counts().values()) == {0}, 15, "nobody owns a bucket")
            with traffic.Load(self.lab, "nobody", 20, 10) as load:
                load.wait(30)
            self.assertEqual(10, len(traffic.failed(load.results())))
            dropped = self.lab.hosts[0].metrics()
            self.assertRegex(dropped, r'nlb_dropped_packets_total\{cluster="web",reason="no_owner"\} [1-9]')
        finally:
            for host in self.lab.hosts:
                self.ill(host, False)


if __name__ == "__main__":
    lab_case.main()
