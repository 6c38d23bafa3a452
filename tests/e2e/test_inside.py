"""The inside device is nlb's: its addresses come with it, come back when somebody takes them away, and without them no bucket is taken."""

import time

import lab_case
from lab import plan, system, traffic, view

REMOVED = "192.0.2.80/24"


class InsideCase(lab_case.LabCase):
    def ip(self, host, *arguments, check=True):
        return system.run("ip", "-n", host.namespace, *arguments, check=check)

    def has_all(self, host):
        there = host.addresses()
        wanted = {host.plan.address: 24, host.plan.address6: 64, plan.VIP: 24, plan.VIP6: 64}
        return all(there.get(address) == length for address, length in wanted.items())

    def events(self, process, name):
        return process.log.read_text().count(f"name={name} ")

    def asked(self, host):
        return host.query()["clusters"][0]

    def assert_all_served(self, name, source_host=None):
        with traffic.Load(self.lab, name, 200, 200) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))
        if source_host is not None:
            self.assertGreater(traffic.per_host(load.results()).get(source_host.name, 0), 0)


class Managed(InsideCase):
    OPTIONS = {"hosts": 2}

    def test_the_device_has_its_addresses_and_its_host_leaves_from_the_dedicated_one(self):
        for host in self.lab.hosts:
            self.assertTrue(self.has_all(host), host.addresses())
            self.assertIn(f"src {host.plan.address}", self.ip(host, "route", "get", "198.51.100.7"))
            self.assertIn(f"via {plan.ROUTER}", self.ip(host, "route", "get", "198.51.100.7"))
            self.assertIn(f"src {host.plan.address}", self.ip(host, "route", "get", "192.0.2.77"))
            self.assertIn(f"src {host.plan.address6}", self.ip(host, "-6", "route", "get", "2001:db8:1::7"))

    def test_a_killed_dataplane_serves_again_with_nobodys_help(self):
        victim = self.lab.host("edge2")
        for _ in range(2):
            victim.dataplane.kill()
            view.wait_for_agreement([self.lab.host("edge1")], [self.lab.host("edge1")])
            victim.dataplane.start()
            self.lab.settle()
            self.assertTrue(self.has_all(victim), victim.addresses())
            self.assert_all_served("restarted", victim)

    def test_the_dedicated_address_needs_no_control_plane(self):
        victim = self.lab.host("edge2")
        victim.controlplane.terminate()
        victim.dataplane.kill()
        victim.dataplane.start()
        system.wait_until(lambda: self.has_all(victim), 10, "the addresses")
        printed = system.run("curl", "-s", "-m", "5", f"http://{victim.plan.address}/", namespace=self.lab.client)
        self.assertEqual("edge2\n", printed)
        victim.start_controlplane()
        self.lab.settle()

    def test_what_somebody_removes_comes_back_with_one_event_and_no_bucket_moves(self):
        victim, before = self.lab.host("edge2"), self.lab.settle()
        told = self.events(victim.dataplane, "inside_mended")
        for what in (REMOVED, f"{victim.plan.address}/24", f"{plan.VIP6}/64"):
            self.ip(victim, "address", "del", what, "dev", "nlb0")
            system.wait_until(lambda: self.has_all(victim), 1, f"{what} back on the device")
        self.ip(victim, "link", "set", "nlb0", "down")
        system.wait_until(lambda: self.has_all(victim), 1, "the device up again")
        time.sleep(1)
        self.assertEqual(before, self.lab.settle())
        self.assertEqual(told + 1, self.events(victim.dataplane, "inside_mended"), "one line, and more only after 10 s")
        self.assertIn(f"src {victim.plan.address}", self.ip(victim, "route", "get", "192.0.2.77"))
        self.assert_all_served("mended", victim)

    def test_scripts_that_set_the_same_addresses_do_no_harm(self):
        host = self.lab.host("edge1")
        self.ip(host, "address", "replace", REMOVED, "dev", "nlb0")
        self.ip(host, "address", "replace", f"{plan.VIP6}/64", "dev", "nlb0", "nodad", "preferred_lft", "0")
        self.ip(host, "route", "replace", "default", "via", plan.ROUTER, "dev", "nlb0", "src", host.plan.address)
        self.ip(host, "address", "add", REMOVED, "dev", "nlb0", check=False)
        self.ip(host, "address", "add", "192.0.2.99/24", "dev", "nlb0")
        time.sleep(1.5)
        self.assertIn("192.0.2.99", host.addresses(), "what somebody else has set stays")
        self.ip(host, "address", "del", "192.0.2.99/24", "dev", "nlb0")
        self.assertTrue(self.has_all(host))
        self.assert_all_served("scripts")

    def test_a_route_that_somebody_else_holds_is_left_and_the_refusal_is_told_once(self):
        host = self.lab.host("edge1")
        refused = self.events(host.dataplane, "inside_refused")
        self.ip(host, "route", "del", "default", "dev", "nlb0")
        self.ip(host, "route", "add", "unreachable", "default")
        try:
            system.wait_until(lambda: self.events(host.dataplane, "inside_refused") > refused, 5, "the refusal")
            time.sleep(2)
            self.assertEqual(refused + 1, self.events(host.dataplane, "inside_refused"))
        finally:
            self.ip(host, "route", "del", "unreachable", "default")
        system.wait_until(lambda: "dev nlb0" in self.ip(host, "route", "show", "default"), 5, "the route to the gateway")
        self.assert_all_served("refused", host)

    def test_without_its_device_a_member_leaves_and_says_why(self):
        victim, other = self.lab.host("edge2"), self.lab.host("edge1")
        self.ip(victim, "link", "set", "nlb0", "down")
        self.ip(victim, "link", "set", "nlb0", "name", "taken")
        began = time.monotonic()
        try:
            system.wait_until(lambda: not self.asked(victim)["inside"]["ready"], 5, "the control plane's word")
            self.assertGreater(time.monotonic() - began, 1.0, "a mend has its time")
            view.wait_for_agreement([other], [other])
            code, said, _ = victim.nlb("query")
            self.assertEqual(1, code, said)
            self.assertIn("SERVES NOBODY: the inside device is not there", said.splitlines()[0])
            self.assert_all_served("alone", other)
        finally:
            self.ip(victim, "link", "set", "taken", "name", "nlb0")
        self.lab.settle()
        self.assertTrue(self.has_all(victim))
        self.assert_all_served("back", victim)

    def test_an_orderly_end_leaves_nothing_behind(self):
        victim = self.lab.host("edge2")
        victim.controlplane.terminate()
        victim.dataplane.terminate()
        self.assertEqual({}, victim.addresses())
        victim.restart()
        self.lab.settle()


class ByHand(InsideCase):
    OPTIONS = {"hosts": 2, "host_keys": {"edge1": {"addresses_by": "manual"}}}

    def test_a_missing_address_is_told_by_name_and_is_its_administrators(self):
        host = self.lab.host("edge1")
        self.assertEqual("", self.asked(host)["inside"]["problem"])
        self.ip(host, "address", "del", f"{plan.VIP6}/64", "dev", "nlb0")
        try:
            system.wait_until(lambda: self.asked(host)["inside"]["addresses_missing"] == 1, 3, "the control plane's word")
            code, said, _ = host.nlb("query")
            self.assertIn(f"inside: the address {plan.VIP6} is missing", said)
            self.assertEqual(0, code, said)
            self.assertGreater(self.events(host.dataplane, "inside_missing"), 0)
            self.assertGreater(self.events(host.controlplane, "inside_incomplete"), 0)
            self.assertNotIn(plan.VIP6, host.addresses())
        finally:
            self.ip(host, "address", "add", f"{plan.VIP6}/64", "dev", "nlb0", "nodad", "preferred_lft", "0")
        system.wait_until(lambda: self.asked(host)["inside"]["addresses_missing"] == 0, 3, "the control plane's word")
        self.assertGreater(self.events(host.dataplane, "inside_complete"), 0)
        self.lab.settle()


class ServersElsewhere(InsideCase):
    """The servers are another kernel's: a namespace behind a cable, with an unmodified nginx and the addresses on its interface."""

    OPTIONS = {"hosts": 1, "host_keys": {"edge1": {"inside": "net_af_packet1,iface=inside", "gateway": [plan.ROUTER]}}}
    START = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.host = cls.lab.hosts[0]
            cls.server = cls.lab.network.add_server(cls.host.name)
            cls.host.serve_from(cls.server)
            cls.host.start()
        except BaseException:
            cls.tearDownClass()
            raise

    def test_the_server_is_found_and_serves_both_families(self):
        self.give_addresses()
        self.lab.settle()
        self.assertIn(f"name=server_found cluster=web mac={self.mac_of_server()}", self.host.dataplane.log.read_text())
        self.assert_all_served("elsewhere", self.host)
        sources = self.lab.plan.client_addresses6()
        with traffic.Load(self.lab, "elsewhere6", 100, 50, sources=sources, target=plan.VIP6) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))

    def test_the_server_reaches_the_gateway_by_its_dedicated_address_and_is_reached_by_it(self):
        self.give_addresses()
        self.lab.settle()
        self.server_ip("neigh", "flush", "all")
        printed = system.run("ping", "-c", "3", "-i", "0.2", "-I", self.host.plan.address, plan.ROUTER, namespace=self.server)
        self.assertIn("3 received", printed)
        printed = system.run("ping", "-c", "3", "-i", "0.2", self.host.plan.address, namespace=self.lab.client)
        self.assertIn("3 received", printed)

    def test_another_server_is_found_when_the_first_is_gone(self):
        self.give_addresses()
        self.lab.settle()
        self.server_ip("link", "set", "eth0", "address", "02:00:00:00:77:02")
        self.addCleanup(self.server_ip, "link", "set", "eth0", "address", self.mac_of_server())
        said = "name=server_found cluster=web mac=02:00:00:00:77:02"
        system.wait_until(lambda: said in self.host.dataplane.log.read_text(), 10, "the new server's MAC")
        self.assert_all_served("replaced", self.host)

    def test_a_host_whose_server_is_unknown_takes_no_bucket(self):
        self.server_ip("address", "flush", "dev", "eth0")
        self.host.dataplane.kill()
        self.host.dataplane.start()
        system.wait_until(lambda: self.host.query() and self.asked(self.host)["inside"] is not None, 10, "the dataplane")
        time.sleep(1.5)
        code, said, _ = self.host.nlb("query")
        self.assertEqual(1, code, said)
        self.assertIn("SERVES NOBODY: the server's MAC is not known", said.splitlines()[0])
        self.give_addresses()
        self.lab.settle()
        self.assert_all_served("found", self.host)

    def server_ip(self, *arguments):
        return system.run("ip", "-n", self.server, *arguments)

    def mac_of_server(self):
        return self.server_ip("-br", "link", "show", "dev", "eth0").split()[2]

    def give_addresses(self):
        self.host.give_addresses(self.server, "eth0")


if __name__ == "__main__":
    lab_case.main()
