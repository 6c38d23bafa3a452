"""Frames in, frames out: each case through core's stages alone and through the real binary on net_pcap, which must agree.
Frames are compared as bytes, case by case; what belongs to no case is a failure of its own.
"""

import functools
import pathlib
import sys
import unittest
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import cases
import cases_egress
import cases_links
import cluster
import runs
from play import delivered

CLUSTER_BYTES = bytes.fromhex(cluster.CLUSTER_MAC.replace(":", ""))


def brief(frames):
    return [frame.hex() for frame in frames] or "nothing"


@functools.cache
def plan():
    """What each host must send inside and outside, in order, by what explain said: (inside, outside) lists of (case, frame).
    The frames that waited are a third list: when they are delivered depends on how packets fall into bursts."""
    inside, outside, late = ({host: [] for host in cluster.HOSTS} for _ in range(3))
    outcomes = iter(runs.explained())
    for number, case in enumerate(cases.CASES):
        for step in case.steps:
            for host, outcome in next(outcomes).items():
                if outcome.startswith("accept "):
                    (late if step.waits else inside)[host].append((number, delivered(step.frame, outcome)))
                if host in step.answers:
                    outside[host].append((number, step.answers[host]))
    return inside, outside, late


def steps_of(number):
    first = sum(len(case.steps) for case in cases.CASES[:number])
    return zip(cases.CASES[number].steps, runs.explained()[first:])


class Ingress(unittest.TestCase):
    """A frame from outside: what core says at each host, and what the real binary sends."""

    longMessage = False

    def check_core(self, number):
        takers = []
        for step, outcomes in steps_of(number):
            self.assertFalse(mistake := step.expected.mistake(outcomes), f"explain: {mistake}")
            takers += [host for host in cluster.HOSTS if outcomes[host].startswith("accept ")]
            answering = {host for host in cluster.HOSTS if outcomes[host].endswith("_answered")}
            self.assertEqual(answering, set(step.answers), "explain answers at other hosts than the case says")
        if cases.CASES[number].one_host:
            self.assertLessEqual(len(set(takers)), 1, f"expected one host for the whole case, got {takers}")

    def check_real(self, number):
        """Frames of this case that each host sent, as often as expected. Strays are looked for in Whole."""
        for wanted_of, port in zip(plan(), ("inside", "outside", "inside")):
            for host in cluster.HOSTS:
                sent = Counter(getattr(runs.ingress()[host], port))
                for frame, times in Counter(frame for case, frame in wanted_of[host] if case == number).items():
                    everywhere = sum(other == frame for _, other in wanted_of[host])
                    self.assertGreaterEqual(sent[frame], times, f"{host} {port}: expected {frame.hex()}, it did not come out")
                    self.assertEqual(sent[frame], everywhere, f"{host} {port}: {frame.hex()} came out {sent[frame]} times")
        for step, outcomes in steps_of(number):
            for host, outcome in outcomes.items():
                if not outcome.startswith("accept "):
                    same = [frame for frame in runs.ingress()[host].inside if frame[6:] == step.frame[6:]]
                    wanted = [frame for _, frame in plan()[0][host] + plan()[2][host] if frame[6:] == step.frame[6:]]
                    self.assertEqual(same, wanted, f"{host} inside: {outcome} by explain, but it came out")

    def check(self, number):
        self.check_core(number)
        self.check_real(number)


class Whole(unittest.TestCase):
    """What no single case can say: the order of frames, and that nothing else came out."""

    longMessage = False

    def compare(self, what, host, wanted, sent):
        strays, missing = Counter(sent) - Counter(wanted), Counter(wanted) - Counter(sent)
        self.assertFalse(strays or missing, f"{host} {what}: beyond the cases {brief(strays)}, missing {brief(missing)}")
        self.assertEqual(sent, wanted, f"{host} {what}: the frames came out in another order")

    def test_the_inside_ports_get_the_accepted_frames_in_order_and_nothing_else(self):
        for host in cluster.HOSTS:
            late = [frame for _, frame in plan()[2][host]]
            sent = runs.ingress()[host].inside
            self.assertFalse(Counter(late) - Counter(sent), f"{host} inside: frames that waited did not come out")
            self.compare("inside", host, [frame for _, frame in plan()[0][host]], [frame for frame in sent if frame not in late])

    def test_the_outside_ports_get_the_answers_in_order_and_nothing_else(self):
        for host in cluster.HOSTS:
            self.compare("outside", host, [frame for _, frame in plan()[1][host]], runs.ingress()[host].outside)

    def test_frames_from_inside_leave_in_order_and_nothing_else(self):
        for host, outcome in runs.egress().items():
            self.compare("outside", host, [case.leaves[host] for case in cases_egress.CASES if case.leaves[host]], outcome.outside)
            self.assertEqual(outcome.inside, [], f"{host}: frames from inside went back inside")

    def test_no_frame_leaves_with_the_cluster_address_as_its_source(self):
        for outcome in (*runs.ingress().values(), *runs.egress().values()):
            self.assertEqual([frame.hex() for frame in outcome.outside if frame[6:12] == CLUSTER_BYTES], [],
                             "frames left with the cluster address as their source")

    def test_owners_are_spread(self):
        hosts = {host for outcomes in runs.explained() for host, outcome in outcomes.items() if outcome == "accept new_flow"}
        self.assertEqual(hosts, set(cluster.HOSTS), "the clients of these cases do not reach every host")


class FromInside(unittest.TestCase):
    """A frame from inside: the very bytes that leave, or none."""

    longMessage = False

    def check(self, number):
        case = cases_egress.CASES[number]
        for host in cases_egress.HOSTS:
            sent, wanted = runs.egress()[host].outside, case.leaves[host]
            if wanted is not None:
                self.assertEqual(sent.count(wanted), 1, f"{host}: expected {wanted.hex()}, got {brief(self.like(case, host))}")
                continue
            self.assertEqual(self.like(case, host), [], f"{host}: expected nothing, got {brief(self.like(case, host))}")

    @staticmethod
    def like(case, host):
        """What left although no case expects it, and has the length of this case's frame."""
        strays = Counter(runs.egress()[host].outside) - Counter(other.leaves[host] for other in cases_egress.CASES)
        return [frame for frame in strays.elements() if len(frame) == len(case.frame)]


def add_cases(test_class, all_cases):
    """A method for each case, so that each is counted by itself."""
    for number, case in enumerate(all_cases):
        setattr(test_class, f"test_{number + 1:03} {case.claim}", functools.partialmethod(test_class.check, number))


class Links(unittest.TestCase):
    """Clusters of their own, in multicast and igmp mode and in a VLAN: core and the real binary, in both directions."""

    longMessage = False

    def check(self, link, number, from_inside):
        case = (cases_links.EGRESS if from_inside else cases_links.INGRESS)[link][number]
        explained, came_in, went_out = runs.links()[link]
        for host in cases_links.HOSTS:
            if not from_inside:
                self.assertEqual(explained[number][host], case.outcome[host], f"explain at {host}")
            played = (went_out if from_inside else came_in)[host]
            for port, wanted in (("inside", case.inside.get(host)), ("outside", case.outside.get(host))):
                sent = [frame for frame in getattr(played, port) if frame == wanted or frame[12:] == case.frame[12:]]
                self.assertEqual(brief(sent), brief([wanted] if wanted else []), f"{host} {port}")

    def test_no_frame_beyond_the_cases_comes_out(self):
        for link in cases_links.LINKS:
            _, came_in, went_out = runs.links()[link]
            for host in cases_links.HOSTS:
                for played, of in ((came_in, cases_links.INGRESS[link]), (went_out, cases_links.EGRESS[link])):
                    for port in ("inside", "outside"):
                        wanted = [getattr(case, port)[host] for case in of if host in getattr(case, port)]
                        self.assertEqual(brief(getattr(played[host], port)), brief(wanted), f"{link} {host} {port}")

    def test_no_frame_leaves_with_the_groups_mac_as_its_source(self):
        for link, mac in cases_links.LINKS.items():
            for played in (*runs.links()[link][1].values(), *runs.links()[link][2].values()):
                self.assertEqual([frame.hex() for frame in played.outside if frame[6:12] == bytes.fromhex(mac.replace(":", ""))], [])


def add_link_cases():
    for link in cases_links.LINKS:
        for from_inside, of in ((False, cases_links.INGRESS[link]), (True, cases_links.EGRESS[link])):
            for number, case in enumerate(of):
                name = f"test_{link} {'out' if from_inside else 'in'} {number + 1:02} {case.claim}"
                setattr(Links, name, functools.partialmethod(Links.check, link, number, from_inside))


add_link_cases()
add_cases(Ingress, cases.CASES)
add_cases(FromInside, cases_egress.CASES)

if __name__ == "__main__":
    tap.main()
