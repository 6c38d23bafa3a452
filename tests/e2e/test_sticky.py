"""Sticky clients in a lab: whoever comes again in time finds the server that it was at, although its bucket has moved; whoever is new goes
to the bucket's new owner; and nobody is answered twice."""

import lab_case
from lab import analysis, plan, prometheus, system, traffic
from lab.capture import Capture

KNOWN, STRANGERS = 40, 40
RULE = {"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "mode": "multiple",
        "affinity": {"kind": "single", "timeout": "60s"}}


class StickyClients(lab_case.LabCase):
    OPTIONS = {"clients": KNOWN + STRANGERS, "cluster_keys": {"port_rules": [RULE]}}

    def ask(self, address):
        """(the server that answered, seconds)"""
        printed = system.run("curl", "-s", "-m", "8", "-w", " %{time_total}", "--interface", address, f"http://{plan.VIP}/",
                             namespace=self.lab.client)
        name, seconds = printed.split()
        return name, float(seconds)

    def owners_of(self, agreed, addresses):
        buckets = traffic.buckets_of(self.lab, addresses)
        return {address: agreed.members[agreed.owners[buckets[address]]] for address in addresses}

    def set_weight(self, host, weight):
        self.lab.plan.host_keys.setdefault(host.name, {})["weights"] = {plan.RULE: weight}
        self.lab.write_configuration()
        code, printed, complaint = host.nlb("reload")
        self.assertEqual(0, code, printed + complaint)
        system.wait_until(lambda: self.lab.settle().shares().get(host.name, 0) < 10, 10, "the new share")
        return self.lab.settle()

    def grants(self, what):
        scraped = [host.run("curl", "-s", "-m", "5", f"http://{host.plan.metrics}/metrics") for host in self.lab.hosts]
        return sum(prometheus.total(prometheus.parse(text), f"nlb_grants_{what}_total") for text in scraped)

    def test_a_client_that_comes_again_finds_its_server_although_its_bucket_moved(self):
        addresses = self.lab.plan.client_addresses()
        known, strangers = addresses[:KNOWN], addresses[KNOWN:]
        before = self.owners_of(self.lab.settle(), addresses)
        with Capture(self.lab, "sticky") as capture:
            first = {address: self.ask(address)[0] for address in known}
            self.assertEqual({address: before[address] for address in known}, first)
            after = self.owners_of(self.set_weight(self.lab.hosts[0], 5), addresses)
            moved = [address for address in known if after[address] != before[address]]
            self.assertGreater(len(moved), 3, "the weight moved no bucket of these clients")
            again = {address: self.ask(address) for address in known}
            self.assertEqual(first, {address: name for address, (name, _) in again.items()})
            third = {address: self.ask(address) for address in moved}
            for address in moved:
                self.assertEqual(first[address], third[address][0], address)
            new = {address: self.ask(address)[0] for address in strangers}
            self.assertEqual({address: after[address] for address in strangers}, new)
        self.assertEqual({}, analysis.double_answers(capture.frames()))
        slowest, slowest_third = max(seconds for _, seconds in again.values()), max(seconds for _, seconds in third.values())
        print(f"# {len(moved)} of {KNOWN} clients had their bucket moved; the slowest came through after {slowest:.2f} s, "
              f"the time after that after {slowest_third:.2f} s")
        self.assertGreaterEqual(self.grants("received"), len(moved))
        self.assertLess(slowest_third, 0.5, "a grant holds for more than one connection")


if __name__ == "__main__":
    lab_case.main()
