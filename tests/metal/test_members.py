"""Two guests as members, on adapters of two kinds, with clients in a namespace: they share, one dies, one takes over, one returns.

The story runs once; each claim judges what was captured on the bridge.
"""

import collections
import concurrent.futures
import time
import unittest

import guest_case
from guest_case import record
from lab import analysis, capture, system, traffic, view
from lab.story import Story

KINDS = {"edge1": "e1000e", "edge2": "virtio"}
VICTIM, SURVIVOR = "edge1", "edge2"  # the one that coordinates and is the default host dies
SYNS = 200
PROBED = 16
PROBE_MS = 40
AGREEMENT_SECONDS = 120


class Members(unittest.TestCase):
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.open_pair()
        try:
            cls.tell_story()
        except BaseException:
            guest_case.close(cls.lab)
            raise

    @classmethod
    def tearDownClass(cls):
        used = sum(host.guest.processor_seconds() for host in cls.lab.hosts)
        record(f"QEMU used {used} s of processor time since the last boot of each guest")
        guest_case.close(cls.lab)

    @classmethod
    def open_pair(cls):
        adapters = {name: [guest_case.adapter(kind, name, 0x100 + at)] for at, (name, kind) in enumerate(KINDS.items())}
        cls.lab = guest_case.open_lab(adapters, machine={"cpus": 2, "memory_mib": 640, "hugepages": 80})
        for name in KINDS:
            cls.lab.plan.host_keys[name] = {"outside": cls.lab.host(name).guest.address(name), "lcores": "1"}
        cls.lab.write_configuration()
        cls.buckets = traffic.buckets_of(cls.lab, cls.lab.plan.client_addresses())

    @classmethod
    def tell_story(cls):
        lab = cls.lab
        cls.start_hosts(lab.hosts)
        cls.together = cls.agree(lab.hosts)
        cls.first = cls.syns("first")
        victim, survivor = lab.host(VICTIM), lab.host(SURVIVOR)
        cls.probed = traffic.one_per_bucket(cls.buckets, cls.together.buckets_of(victim.id))[:PROBED]
        with capture.Capture(lab, "death") as wire, traffic.Probes(lab, cls.probed, PROBE_MS):
            time.sleep(1)
            cls.instant = victim.kill()
            cls.alone = cls.agree([survivor])
        cls.death = wire.frames()
        cls.start_hosts([victim])
        cls.reunited = cls.agree(lab.hosts)
        cls.second = cls.syns("second")

    @classmethod
    def start_hosts(cls, hosts):
        """All at once, as machines do after a power cut."""
        began = time.monotonic()
        for host in hosts:
            host.guest.start()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            seconds = list(pool.map(cls.bring_up, hosts))
        record(f"{', '.join(host.name for host in hosts)} booted in {max(seconds):.1f} s, started after {time.monotonic() - began:.1f} s")

    @staticmethod
    def bring_up(host):
        ready = host.guest.wait_ready()
        host.prepare(host.name)
        host.start()
        return ready

    @classmethod
    def agree(cls, members):
        agreed, seconds = view.wait_for_agreement(members, members, AGREEMENT_SECONDS)
        record(f"{', '.join(host.name for host in members)} agree after {seconds:.1f} s: epoch {agreed.epoch}, buckets {agreed.shares()}")
        return agreed

    @classmethod
    def syns(cls, name):
        """A capture of SYNs from many addresses, each sent once."""
        with capture.Capture(cls.lab, name) as wire:
            traffic.probe(cls.lab, name, cls.lab.plan.client_addresses()[:SYNS], 3.0, 2000).wait(30)
            time.sleep(1)
        return wire.frames()

    def assert_owned_once(self, frames, agreed):
        sent = {opening.key() for opening in capture.openings(frames) if not opening.is_answer}
        self.assertGreaterEqual(len(sent), SYNS)
        self.assertEqual(set(), analysis.unanswered(frames), "SYNs without an answer")
        answered = analysis.answers(frames)
        self.assertEqual({}, analysis.double_answers(frames))
        owner = lambda address: agreed.members[agreed.owners[self.buckets[address]]]
        strayed = {key: hosts for key, hosts in answered.items() if hosts != {owner(key[0])}}
        self.assertEqual({}, strayed, "answered by another than the owner")
        shares = collections.Counter(next(iter(hosts)) for hosts in answered.values())
        record(f"{len(answered)} SYNs answered once each, by {dict(sorted(shares.items()))}")
        self.assertEqual(set(KINDS), set(shares))

    def test_both_converge_and_share_the_buckets(self):
        self.assertEqual({"edge1": 30, "edge2": 30}, self.together.shares())

    def test_each_syn_is_answered_once_by_the_owner_of_its_bucket(self):
        self.assert_owned_once(self.first, self.together)

    def test_a_power_cut_is_taken_over_within_the_promise(self):
        takeover = analysis.takeover(self.death, self.instant, VICTIM, self.probed)
        limit = Story(self.lab, None).limit_ms()
        milliseconds = takeover.milliseconds()
        served = f"served again {milliseconds or -1:.0f} ms after its death (promised: {limit:.0f} ms)"
        record(f"{len(self.probed)} clients of {VICTIM} {served}")
        self.assertIsNotNone(milliseconds, f"never served again: {takeover.served}")
        self.assertLessEqual(milliseconds, limit)
        self.assertEqual({}, analysis.double_answers(self.death))
        self.assertEqual({SURVIVOR: 60}, self.alone.shares())

    def test_it_returns_and_shares_again(self):
        self.assertEqual({"edge1": 30, "edge2": 30}, self.reunited.shares())
        self.assert_owned_once(self.second, self.reunited)


if __name__ == "__main__":
    guest_case.main()
