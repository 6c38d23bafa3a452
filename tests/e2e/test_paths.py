"""What lies between clients and cluster: a narrow link whose router says so while buckets move, and who answers ping and traceroute.

The errors of path-MTU discovery quote a flow; they must reach the host that serves it, also when its bucket is another's by now.
"""

import json
import struct
import time

import lab_case
from lab import plan, prometheus, system, traffic, view
from lab.capture import EVERYTHING, Capture
from lab.misfortune import Misfortune

NARROW = 1280
TOO_BIG = {4: (3, 4), 6: (2, 0)}  # (type, code) of "fragmentation needed" and "packet too big"


def icmp_of(frame):
    """(version, type, code, bytes after the ICMP header) of an ICMP message over IPv4 or IPv6, whole or its first fragment; else None."""
    packet = frame.payload
    if frame.ethertype == 0x0800 and len(packet) >= 28 and packet[9] == 1 and struct.unpack_from(">H", packet, 6)[0] & 0x1FFF == 0:
        start = (packet[0] & 15) * 4
        return 4, packet[start], packet[start + 1], packet[start + 8:]
    if frame.ethertype == 0x86DD and len(packet) >= 56:
        in_first_fragment = packet[6] == 44 and packet[40] == 58 and struct.unpack_from(">H", packet, 42)[0] >> 3 == 0
        if packet[6] == 58 or in_first_fragment:
            start = 48 if in_first_fragment else 40
            return 6, packet[start], packet[start + 1], packet[start + 8:]
    return None


class Far(lab_case.LabCase):
    """Clients behind a router of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.far = cls.lab.network.add_far_clients(NARROW)

    def ask(self, *command, check=True):
        return system.run(*command, namespace=self.far, timeout=60, check=check)


class ANarrowLink(Far):
    """MTU 1,280 between the router and its clients, who ask for segments of 1,460 bytes."""

    def setUp(self):
        self.misfortune = Misfortune(self.lab)

    def test_its_errors_reach_the_host_that_serves_the_flow_although_the_bucket_moved(self):
        self.download_through_moves(plan.VIP, plan.far_addresses())

    def test_so_it_is_over_ipv6(self):
        self.download_through_moves(plan.VIP6, plan.far_addresses6())

    def download_through_moves(self, vip, sources):
        """Connect; move the buckets of edge2 away; only then ask: each full segment of edge2 meets a router that refuses it."""
        go = self.lab.estate.directory / f"go-{len(vip)}"
        leaver = self.lab.host("edge2")
        others = [host for host in self.lab.hosts if host is not leaver]
        arguments = ["--target", vip, "--sources", ",".join(sources), "--rate", "900k", "--go", go]
        clients = self.lab.python(f"patient-{len(vip)}", "patient", *arguments, namespace=self.far)
        with Capture(self.lab, f"narrow-{len(vip)}", "icmp or icmp6", 256) as capture:
            clients.start()
            system.wait_until(lambda: "connected" in clients.log.read_text(), 15, "the clients' connections")
            self.assertEqual(0, leaver.nlb("drainstop")[0])
            system.wait_until(lambda: self.story.owns_nothing(leaver, others), 10, "edge2's handing over")
            go.touch()
            system.wait_until(lambda: self.refusals(capture.file), 10, "the router's first refusal")
            self.change_weights(lambda: self.story.owns_nothing(leaver, others))
            leaver.nlb("start")
            self.lab.settle()
            self.change_weights(lambda: view.agreed_view(self.lab.hosts, self.lab.hosts))
            still_running = clients.runs()
            clients.wait(60)
        entries = [json.loads(line) for line in clients.log.read_text().splitlines() if line.startswith("{")]
        frames = capture.frames()
        self.judge(entries, frames, len(sources), vip)
        self.assertTrue(still_running, "the downloads were to last longer than the moves")

    def change_weights(self, agreed):
        for weight in (30, None):
            former = view.view_of(self.lab.host("edge1")).epoch
            self.misfortune.weigh(self.lab.host("edge1"), weight and {plan.RULE: weight})
            system.wait_until(lambda: agreed() and view.view_of(self.lab.host("edge1")).epoch > former, 10, "the move")

    @staticmethod
    def refusals(file):
        return file.stat().st_size > 24

    def judge(self, entries, frames, count, vip):
        self.assertEqual(count, len(entries))
        broken = [entry for entry in entries if entry["error"] or entry["digest"] != self.lab.big_digest]
        self.assertEqual([], broken, "a download did not arrive whole")
        version = 6 if ":" in vip else 4
        refused = [frame for frame in frames if (found := icmp_of(frame)) and found[:3] == (version, *TOO_BIG[version])]
        self.assertTrue(refused, "the router refused segments")
        self.assertEqual({"clients"}, {frame.port for frame in refused})
        by_host = {}
        for entry in entries:
            by_host.setdefault(entry["host"], []).append(entry["source"])
        print(f"# {vip}: {count} downloads whole, {len(refused)} refusals, by host { {name: len(them) for name, them in by_host.items()} }")
        self.assertEqual({"edge1", "edge2", "edge3"}, set(by_host))
        for name, sources in by_host.items():
            learnt = {source: self.learnt_by(name, source, vip) for source in sources}
            self.assertEqual(dict.fromkeys(sources, NARROW), learnt, f"what {name} learnt of the paths to its clients")

    def learnt_by(self, name, client, vip):
        """The MTU that a host's kernel holds for the path to a client; None: it has learnt nothing."""
        routes = json.loads(self.lab.host(name).run("ip", "-j", "route", "get", client, "from", vip))
        metrics = {key: value for metric in routes[0].get("metrics", []) for key, value in metric.items()}
        return metrics.get("mtu")


class ANarrowLinkAndTwoWorkers(ANarrowLink):
    """On hosts with two workers: a queue is chosen by a packet's own addresses, so half of the errors reach the worker without the flow."""

    OPTIONS = {"host_keys": {f"edge{number}": {"lcores": "0-1"} for number in (1, 2, 3)}}

    def download_through_moves(self, vip, sources):
        before = self.handed_over()
        super().download_through_moves(vip, sources)
        time.sleep(1.5)  # until the numbers are those of the end
        count = self.handed_over() - before
        print(f"# {count:.0f} errors were handed from worker to worker")
        self.assertGreater(count, 0)

    def handed_over(self):
        return sum(prometheus.total(prometheus.parse(host.metrics()), "nlb_steered_packets_total") for host in self.lab.hosts)


class PingAndTraceroute(Far):
    """Once each: echoes and what no rule covers by the default host, SYNs to a rule by the bucket's owner."""

    def captured(self, name, *command):
        with Capture(self.lab, name, EVERYTHING) as capture:
            printed = self.ask(*command)
        return printed, capture.frames()

    def test_pings_are_answered_once_by_the_default_host(self):
        for vip, reply in ((plan.VIP, (4, 0)), (plan.VIP6, (6, 129))):
            for size in (56, 1200, 4000):  # the last in fragments
                self.ask("ping", "-c", "1", "-W", "1", "-s", size, vip, check=False)  # an answer in IPv6 has to learn the path first
                printed, frames = self.captured(f"ping-{len(vip)}-{size}", "ping", "-c", "4", "-i", "0.2", "-s", size, vip)
                self.assertIn(" 4 received", printed)
                self.assertNotIn("DUP", printed)
                replies = [frame.port for frame in frames if (found := icmp_of(frame)) and found[:2] == reply]
                self.assertEqual(["edge1"] * 4, replies)

    def traced(self, name, vip, *method):
        """Hops of one client, and the hosts that answered; one probe a time, so that each answer is its own."""
        printed, frames = self.captured(name, "traceroute", "-n", "-N", "1", "-q", "2", "-m", "5", "-w", "2", *method, vip)
        hops = [line.split()[1] for line in printed.splitlines()[1:]]
        router = plan.FAR_ROUTER6 if ":" in vip else plan.FAR_ROUTER
        self.assertEqual([router, vip], hops, printed)
        return frames

    def test_traceroute_with_udp_ends_at_the_default_host(self):
        for vip, unreachable in ((plan.VIP, (4, 3, 3)), (plan.VIP6, (6, 1, 4))):
            frames = self.traced(f"trace-udp-{len(vip)}", vip)
            answers = [frame.port for frame in frames if (found := icmp_of(frame)) and found[:3] == unreachable]
            self.assertEqual(["edge1"] * 2, answers)

    def test_traceroute_with_echoes_ends_at_the_default_host(self):
        for vip, reply in ((plan.VIP, (4, 0)), (plan.VIP6, (6, 129))):
            frames = self.traced(f"trace-icmp-{len(vip)}", vip, "-I")
            self.assertEqual(["edge1"] * 2, [frame.port for frame in frames if (found := icmp_of(frame)) and found[:2] == reply])

    def test_traceroute_with_syns_ends_at_the_owner_of_the_bucket(self):
        agreed = self.lab.settle()
        seen = set()
        buckets = traffic.buckets_of(self.lab, plan.far_addresses())
        for source in plan.far_addresses()[:6]:
            owner = agreed.members[agreed.owners[buckets[source]]]
            frames = self.traced(f"trace-tcp-{source}", plan.VIP, "-T", "-p", "80", "-s", source)
            answers = list(self.syn_answers(frames))
            self.assertEqual([owner] * 2, answers)
            seen.add(owner)
        self.assertGreater(len(seen), 1, "clients of several owners were asked for")

    def test_so_it_is_over_ipv6(self):
        for source in plan.far_addresses6()[:3]:
            url = f"http://[{plan.VIP6}]/"
            owner = self.ask("curl", "-s", "-m", "5", "--interface", source, url).strip()
            frames = self.traced(f"trace-tcp6-{source[-1]}", plan.VIP6, "-6", "-T", "-p", "80", "-s", source)
            self.assertEqual([owner] * 2, list(self.syn_answers(frames)))

    def test_traceroute_to_a_port_of_no_rule_ends_at_the_default_host(self):
        frames = self.traced("trace-tcp-none", plan.VIP, "-T", "-p", "8080")
        self.assertEqual(["edge1"] * 2, list(self.syn_answers(frames, port=8080)))

    @staticmethod
    def syn_answers(frames, port=80):
        """The hosts that answered SYNs, with SYN-ACK or RST."""
        for frame in frames:
            packet = frame.payload
            v4 = frame.ethertype == 0x0800 and len(packet) >= 40 and packet[9] == 6
            v6 = frame.ethertype == 0x86DD and len(packet) >= 60 and packet[6] == 6
            if frame.port == "clients" or not (v4 or v6):
                continue
            start = (packet[0] & 15) * 4 if v4 else 40
            source, flags = struct.unpack_from(">H", packet, start)[0], packet[start + 13]
            if source == port and flags & 0x14 and flags & 0x16 != 0x10:
                yield frame.port


del Far  # a base class, not a test

if __name__ == "__main__":
    lab_case.main()
