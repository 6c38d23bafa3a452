"""Three hosts become the next build one after the other under load, as docs/operations.md has it, and one goes back: no request fails.

The next build is the product's control plane with one version of the frames more and one more field in its heartbeats
(nlb-controlplane-next, which only this test starts).
"""

import json
import time

import lab_case
from lab import plan, prometheus, system, traffic

NEXT = system.BUILD / "tests" / "e2e" / "nlb-controlplane-next"
OLD, NEW = 3, 4
RATE = 150
IDLE = 96


class ARollingUpgrade(lab_case.LabCase):
    def frame_version(self, host):
        return host.query()["clusters"][0]["frame_version"]

    def spoken(self):
        return {self.frame_version(host)["spoken"] for host in self.lab.hosts}

    def events(self, host, name):
        return [line for line in host.controlplane.log.read_text().splitlines() if f" name={name} " in line]

    def replace(self, host, program):
        """The documented commands: drainstop, both programs anew, and it takes its share."""
        code, printed, complaint = host.nlb("drainstop", "--timeout", "30s", "--then", "stop", timeout=60)
        self.assertEqual(0, code, printed + complaint)
        host.controlplane.terminate()
        host.dataplane.terminate()
        host.controlplane.arguments[0] = program
        host.restart()
        self.lab.settle()

    def test_a_rolling_upgrade_and_a_step_back_fail_no_request(self):
        edge1, edge2, edge3 = self.lab.hosts
        self.assertEqual({"spoken": OLD, "newest": OLD, "least": OLD, "behind": []}, self.frame_version(edge1))
        began = time.monotonic()
        with traffic.Load(self.lab, "upgrade", RATE) as load:
            time.sleep(1)
            self.replace(edge1, NEXT)
            self.expect_mixed(newest=edge1, behind=["edge2", "edge3"])
            self.replace(edge2, NEXT)
            self.expect_mixed(newest=edge2, behind=["edge3"])
            self.replace(edge3, NEXT)
            system.wait_until(lambda: self.spoken() == {NEW}, 5, "all hosts to go by the next version")
            self.assertEqual({"spoken": NEW, "newest": NEW, "least": OLD, "behind": []}, self.frame_version(edge1))
            self.assertEqual(1, len(self.events(edge1, "versions_agree")))
            self.replace(edge2, system.CONTROLPLANE)
            self.expect_mixed(newest=edge1, behind=["edge2"])
            time.sleep(1)
        seconds = time.monotonic() - began
        results = load.results()
        print(f"# {len(results)} requests in {seconds:.0f} s, {len(traffic.failed(results))} failed, {len(traffic.slow(results))} slow")
        self.assertEqual([], traffic.failed(results))
        self.assertGreater(len(results), 10 * RATE)
        self.assertEqual({"edge1", "edge2", "edge3"}, set(traffic.per_host(results)))
        for host in self.lab.hosts:
            # Once for each time that the hosts of its life began to differ.
            self.assertIn(len(self.events(host, "mixed_versions")), (1, 2, 3), host.name)
            refused = prometheus.parse(host.metrics())
            self.assertEqual(0, prometheus.total(refused, "nlb_heartbeats_rejected_total", reason="field"), host.name)
            strangers = self.events(host, "stranger_serves") + self.events(host, "frame_refused")
            self.assertEqual([], [line for line in strangers if "version" in line], host.name)

    def expect_mixed(self, newest, behind):
        system.wait_until(lambda: self.spoken() == {OLD}, 5, "all hosts to go by the older version")
        system.wait_until(lambda: all(self.frame_version(host)["behind"] == behind for host in self.lab.hosts), 5, "who is behind")
        self.assertEqual({"spoken": OLD, "newest": NEW, "least": OLD, "behind": behind}, self.frame_version(newest))
        for host in self.lab.hosts:
            told = system.wait_until(lambda: self.events(host, "mixed_versions"), 5, f"{host.name}: mixed_versions")
            self.assertIn(" event=86 ", told[-1])
            # What a scrape sees is up to a second old.
            system.wait_until(lambda: self.measured(host) == (OLD, 1), 3, f"{host.name}: what the metrics say")
        code, printed, _ = newest.nlb("query")
        self.assertEqual(0, code)
        self.assertIn(f"frames of version {OLD}", printed)

    @staticmethod
    def measured(host):
        samples = prometheus.parse(host.metrics())
        return tuple(prometheus.total(samples, name) for name in ("nlb_frame_version", "nlb_mixed_versions"))

    def idle_flows(self, name):
        go = self.lab.estate.directory / f"{name}.go"
        sources = self.lab.plan.client_addresses()[:IDLE]
        arguments = ["--target", plan.VIP, "--sources", ",".join(sources), "--rate", "2m", "--go", go]
        clients = self.lab.python(name, "patient", *arguments).start()
        system.wait_until(lambda: "connected" in clients.log.read_text(), 20, "the clients to be connected")
        return clients, go

    def ended(self, clients, go, of):
        """Of the flows of one host, and of the others': how many there were, and how many went on."""
        go.write_text("")
        clients.wait(60)
        entries = [json.loads(line) for line in clients.log.read_text().splitlines() if line.startswith("{")]
        buckets = traffic.buckets_of(self.lab, sorted(entry["source"] for entry in entries))
        whose = {entry["source"]: self.before.owners[buckets[entry["source"]]] for entry in entries}
        counts = {True: [0, 0], False: [0, 0]}
        for entry in entries:
            mine = whose[entry["source"]] == of.id
            counts[mine][0] += 1
            counts[mine][1] += entry["digest"] == self.lab.big_digest
        return counts[True], counts[False]

    def test_flows_of_a_dataplane_that_restarts_may_end_and_the_others_go_on(self):
        """It keeps nothing: whether a silent flow goes on is a matter of where its bucket comes to lie."""
        edge2 = self.lab.host("edge2")
        for name, speaks in (("silent", False), ("speaking", True)):
            self.before = self.lab.settle()
            clients, go = self.idle_flows(name)
            if speaks:
                go.write_text("")
                time.sleep(0.3)
            edge2.dataplane.terminate()
            edge2.start_dataplane()
            self.lab.settle()
            (own, own_whole), (others, others_whole) = self.ended(clients, go, edge2)
            print(f"# {name} meanwhile: {own_whole} of {own} flows of the restarted dataplane went on, {others_whole} of {others} others")
            self.assertGreater(own, 10)
            self.assertEqual(others, others_whole, name)


if __name__ == "__main__":
    lab_case.main()
