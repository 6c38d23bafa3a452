"""Two-phase reload in a lab: nobody uses what not everybody holds, nobody loses a connection, and both sides name what differs."""

import json

import lab_case
from lab import analysis, plan, system, traffic
from lab.capture import Capture

HTTP = {"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "mode": "multiple", "affinity": "single"}
DNS = {"name": "dns", "vip": "all", "ports": 53, "protocol": "both", "mode": "multiple", "affinity": "none"}


def names(expected, cluster):
    """Whether the cluster's view names that difference, whatever else it says of it."""
    return any(expected.items() <= mismatch.items() for mismatch in cluster["config_mismatches"])


class Reload(lab_case.LabCase):
    def setUp(self):
        self.before = self.lab.settle()

    def write(self, rules):
        self.lab.plan.cluster_keys["port_rules"] = rules
        self.lab.write_configuration()

    def reload(self, host):
        code, printed, complaint = host.nlb("reload", "--json")
        self.assertEqual(0, code, printed + complaint)
        return json.loads(printed)

    def cluster(self, host):
        return host.query()["clusters"][0]

    def generation(self, host):
        return self.cluster(host)["generation"]

    def wait_for_generation(self, generation):
        system.wait_until(lambda: all(self.generation(host) == generation for host in self.lab.hosts), 5, f"generation {generation}")
        return self.lab.settle()

    def under_load(self, name, act):
        """What `act` costs clients: no failed request, no double answer; returns how long the slowest request took."""
        with Capture(self.lab, name) as capture, traffic.Load(self.lab, name, 150) as load:
            system.wait_until(lambda: load.done() >= 50, 10, "the first requests")
            act()
            already = load.done()
            system.wait_until(lambda: load.done() >= already + 50, 10, "requests after the reload")
        results = load.results()
        self.assertEqual([], traffic.failed(results))
        self.assertEqual({}, analysis.double_answers(capture.frames()))
        slowest = max(entry["end"] - entry["start"] for entry in results)
        print(f"# {len(results)} requests, the slowest took {slowest * 1000:.0f} ms")

    def test_a_rule_in_front_of_the_others_is_used_once_every_host_has_read_it(self):
        edge1, edge2, edge3 = self.lab.hosts
        generation = self.generation(edge1)
        self.write([DNS, HTTP])

        def act():
            for host in (edge1, edge2):
                self.reload(host)
            system.wait_until(lambda: self.cluster(edge1)["reload"]["waits_for"] == ["edge3"], 5, "edge1 to wait for edge3 alone")
            mismatch = system.wait_until(lambda: self.cluster(edge3)["config_mismatches"], 5, "edge3 to know that it is late")[0]
            self.assertEqual(generation, self.generation(edge2))
            system.wait_until(lambda: self.cluster(edge3)["config_mismatches"][0]["path"], 5, "edge3 to know the first difference")
            self.assertEqual("port_rules[0].name", self.cluster(edge3)["config_mismatches"][0]["path"], mismatch)
            self.reload(edge3)
            self.wait_for_generation(generation + 1)

        self.under_load("reload", act)
        for host in self.lab.hosts:
            self.assertEqual(["dns", "http", "default"], [rule["name"] for rule in self.cluster(host)["rules"]])
        self.assertEqual(self.before.owners, self.lab.settle().owners, "a rule that stays keeps its buckets")

    def test_b_what_was_held_is_given_up_when_the_file_is_as_before(self):
        host = self.lab.hosts[0]
        self.write([DNS, {**HTTP, "ports": "80-81"}])
        self.reload(host)
        self.assertTrue(self.cluster(host)["reload"])
        self.write([DNS, HTTP])
        self.assertIn("given up", self.reload(host)["message"])
        self.assertFalse(self.cluster(host)["reload"])

    def test_c_a_key_changes_hands_under_load(self):
        generation = self.generation(self.lab.hosts[0])
        fresh = self.lab.estate.directory / "fresh.key"
        system.run(system.COMMAND, "keygen", fresh)
        fresh.replace(self.lab.key_file)

        def act():
            for host in self.lab.hosts:
                self.reload(host)
            self.wait_for_generation(generation + 1)

        self.under_load("key", act)
        for host in self.lab.hosts:
            for reason in ("key", "tag"):
                self.assertIn(f'reason="{reason}"}} 0\n', host.metrics())

    def test_d_a_host_that_read_something_else_waits_and_both_sides_say_what_differs(self):
        edge1, edge2, edge3 = self.lab.hosts
        self.write([DNS, {**HTTP, "ports": "80-81"}])
        edge3.controlplane.kill()
        edge3.start_controlplane()
        self.lab.settle([edge1, edge2])
        for host, peer, here, there in ((edge1, "edge3", "80", "80-81"), (edge3, "edge1", "80-81", "80")):
            expected = {"host": peer, "path": "port_rules[1].ports", "here": here, "there": there}
            named = f"{host.name} to name the difference to {peer}"
            system.wait_until(lambda: names(expected, self.cluster(host)), 5, named)
        self.assertEqual("converging", edge3.state())
        for host in (edge1, edge2):
            self.reload(host)
        self.lab.settle()


class NarrowPath(lab_case.LabCase):
    """The ports carry 1,500 bytes, the segment between them 1,280: neither host can know that."""

    OPTIONS = {"hosts": 2}
    START = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.lab.hosts:
            return
        for host in cls.lab.hosts:
            system.run("ip", "-n", cls.lab.network.switch, "link", "set", host.name, "mtu", "1280")
        # As many rules as there can be: their map takes three frames, and so do their lines.
        cls.rules = [HTTP] + [{**HTTP, "name": f"rule{number}", "ports": 1000 + number} for number in range(31)]
        cls.lab.plan.cluster_keys["port_rules"] = cls.rules
        cls.lab.write_configuration()
        cls.lab.start()

    def cluster(self, host):
        return host.query()["clusters"][0]

    def test_a_difference_and_a_reload_pass_it(self):
        edge1, edge2 = self.lab.hosts
        generation = self.cluster(edge1)["generation"]
        changed = [*self.rules[:-1], {**self.rules[-1], "ports": 2000}]
        self.lab.plan.cluster_keys["port_rules"] = changed
        self.lab.write_configuration()
        with Capture(self.lab, "narrow", length=1500) as capture:
            edge1.nlb("reload")
            expected = {"host": "edge1", "path": f"port_rules[{len(changed) - 1}].ports", "here": "1030", "there": "2000"}
            system.wait_until(lambda: names(expected, self.cluster(edge2)), 10, "edge2 to name the path")
            edge2.nlb("reload")
            both = [generation + 1] * 2
            system.wait_until(lambda: [self.cluster(host)["generation"] for host in self.lab.hosts] == both, 10, "the change-over")
            self.lab.settle()
        sizes = [len(frame.payload) for frame in capture.frames() if frame.ethertype == plan.HEARTBEAT_ETHERTYPE]
        self.assertLessEqual(max(sizes), 1280)
        self.assertGreater(max(sizes), 1200, "whole parts of the configuration were seen")


if __name__ == "__main__":
    lab_case.main()
