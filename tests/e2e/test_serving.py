"""A cluster in good health: everything is answered, by exactly one host, and no frame gives the cluster MAC away."""

import collections
import random
import time

import frames
import lab_case
from lab import analysis, plan, prometheus, system, traffic, view
from lab.capture import EVERYTHING, Capture, heartbeats

REQUESTS = 600
METRICS = (
    "nlb_rx_packets_total nlb_accepted_packets_total nlb_rejected_packets_total nlb_dropped_packets_total nlb_consumed_packets_total "
    "nlb_tx_packets_total nlb_buckets_owned nlb_buckets_orphaned nlb_connections nlb_cluster_hosts nlb_converging nlb_convergences_total "
    "nlb_epoch nlb_heartbeats_sent_total nlb_heartbeats_received_total nlb_fence_remaining_seconds nlb_fenced_total "
    "nlb_config_generation nlb_build_info"
).split()


class AHealthyCluster(lab_case.LabCase):
    def test_a_start_without_a_fault_warns_of_nothing(self):
        said = [line for host in self.lab.hosts for process in (host.dataplane, host.controlplane)
                for line in process.log.read_text().splitlines() if " warning " in line or " error " in line]
        # What a machine without huge pages or real-time rights is told.
        told = [line for line in said if " name=controlplane_not_real_time " not in line]
        self.assertEqual([], told)

    def test_all_hosts_agree_and_share_equally(self):
        self.assertEqual({"edge1": 20, "edge2": 20, "edge3": 20}, self.view.shares())
        self.assertEqual("edge1", self.view.default_host)

    def test_requests_are_shared_and_each_is_answered_by_its_owner(self):
        agreed = self.lab.settle()
        buckets = traffic.buckets_of(self.lab, self.lab.plan.client_addresses())
        with Capture(self.lab, "requests") as capture, traffic.Load(self.lab, "requests", 300, REQUESTS) as load:
            load.wait(60)
        results = load.results()
        self.assertEqual([], traffic.failed(results))
        self.assertEqual(REQUESTS, len(results))
        self.assertEqual({"edge1", "edge2", "edge3"}, set(traffic.per_host(results)))
        for entry in results:
            self.assertEqual(agreed.members[agreed.owners[buckets[entry["source"]]]], entry["host"], entry)
        self.assertEqual({}, analysis.double_answers(capture.frames()))

    def test_a_client_keeps_its_host(self):
        ask = ("curl", "-s", "-m", "5", "--interface", "198.51.100.7", f"http://{plan.VIP}/")
        hosts = {system.run(*ask, namespace=self.lab.client) for _ in range(8)}
        self.assertEqual(1, len(hosts), hosts)

    def test_the_virtual_ipv6_address_serves(self):
        sources = self.lab.plan.client_addresses6()
        with traffic.Load(self.lab, "ipv6", 100, 96, sources=sources, target=plan.VIP6) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))
        self.assertGreater(len(traffic.per_host(load.results())), 1)

    def test_one_host_answers_a_ping_of_the_virtual_address(self):
        with Capture(self.lab, "ping") as capture:
            printed = system.run("ping", "-c", "5", "-i", "0.2", plan.VIP, namespace=self.lab.client)
        self.assertIn("5 received", printed)
        self.assertNotIn("DUP", printed)
        replies = list(frames.echo_replies(capture.frames()))
        self.assertEqual(5, len(replies), replies)
        self.assertEqual({"edge1"}, {port for port, *_ in replies}, "the default host answers")

    def test_arp_for_the_virtual_address_is_answered_once_with_the_cluster_mac(self):
        with Capture(self.lab, "arp", EVERYTHING) as capture:
            for _ in range(5):
                self.send_from_client(frames.arp_request("02:00:00:00:00:77", "192.0.2.7", plan.VIP))
                time.sleep(0.1)
        replies = list(frames.arp_replies(capture.frames(), plan.VIP))
        self.assertEqual([("edge1", plan.CLUSTER_MAC)] * 5, replies)
        self.assertEqual([], analysis.frames_from(capture.frames(), plan.CLUSTER_MAC))

    def test_arp_for_a_dedicated_address_is_answered_with_another_mac_by_its_host(self):
        with Capture(self.lab, "arp-dedicated", EVERYTHING) as capture:
            self.send_from_client(frames.arp_request("02:00:00:00:00:77", "192.0.2.7", "192.0.2.12"))
            time.sleep(0.3)
        replies = list(frames.arp_replies(capture.frames(), "192.0.2.12"))
        self.assertEqual(["edge2"], [port for port, _ in replies])
        self.assertNotEqual(plan.CLUSTER_MAC, replies[0][1])

    def test_dedicated_addresses_are_reachable_from_host_to_host(self):
        for one in self.lab.hosts:
            for other in self.lab.hosts:
                if one is not other:
                    self.assertEqual(f"{other.name}\n", one.run("curl", "-s", "-m", "5", f"http://{other.plan.address}/"))
                    self.assertIn("2 received", one.run("ping", "-c", "2", "-i", "0.2", other.plan.address))

    def test_dedicated_addresses_are_reachable_from_clients(self):
        for host in self.lab.hosts:
            printed = system.run("curl", "-s", "-m", "5", f"http://{host.plan.address}/", namespace=self.lab.client)
            self.assertEqual(f"{host.name}\n", printed)

    def test_no_frame_leaves_with_the_cluster_mac_whatever_a_server_sends(self):
        """LLC, LLDP, gratuitous ARP and a frame forged on purpose: the mask is on every one."""
        strange = [
            frames.ethernet("01:80:c2:00:00:00", plan.CLUSTER_MAC, 38, bytes(38)),
            frames.ethernet("01:80:c2:00:00:0e", plan.CLUSTER_MAC, 0x88CC, bytes(46)),
            frames.arp_request(plan.CLUSTER_MAC, plan.VIP, plan.VIP),
            frames.ethernet(frames.BROADCAST, plan.CLUSTER_MAC, 0x0800, bytes(46)),
        ]
        with Capture(self.lab, "masks", EVERYTHING) as capture:
            for host in self.lab.hosts:
                frames.send(system.run, host.namespace, "nlb0", strange)
            with traffic.Load(self.lab, "masks", 100, 100) as load:
                load.wait(30)
        captured = capture.frames()
        self.assertEqual([], analysis.frames_from(captured, plan.CLUSTER_MAC))
        self.assertTrue([frame for frame in captured if frame.port == "edge2"])
        learnt = system.run("bridge", "fdb", "show", namespace=self.lab.network.switch)
        self.assertNotIn(plan.CLUSTER_MAC, learnt)

    def test_metrics_are_served_and_parse(self):
        # A host that has just started has its counters after the first report of its dataplane.
        time.sleep(1.5)
        everywhere = [prometheus.parse(host.metrics()) for host in self.lab.hosts]
        for samples in everywhere:
            self.assertEqual([], [name for name in METRICS if name not in samples])
        self.assertEqual(60, sum(prometheus.total(samples, "nlb_buckets_owned", rule=plan.RULE) for samples in everywhere))
        self.assertGreater(prometheus.total(everywhere[0], "nlb_heartbeats_received_total"), 0)

    def test_foreign_and_broken_heartbeats_change_nothing(self):
        before = self.lab.settle()
        with Capture(self.lab, "heartbeats", EVERYTHING, length=2000) as capture:
            time.sleep(0.5)
        genuine = [frame for frame in capture.frames() if frame.ethertype == plan.HEARTBEAT_ETHERTYPE]
        self.assertTrue(list(heartbeats(genuine)))
        strangers = self.strangers(genuine[0].payload)
        refused, shed = self.refused_and_shed()
        self.send_from_client(*strangers)
        time.sleep(0.7)
        self.assertEqual(before, self.lab.settle())
        more = [after - earlier for after, earlier in zip(self.refused_and_shed(), (refused, shed))]
        self.assertGreaterEqual(more[0], 8, "some are named by reason")
        self.assertGreaterEqual(sum(more), len(strangers), "each is counted")
        self.assertEqual({"edge1", "edge2", "edge3"}, set(view.view_of(self.lab.hosts[0]).members.values()))

    def refused_and_shed(self):
        samples = prometheus.parse(self.lab.hosts[0].metrics())
        shed = prometheus.total(samples, "nlb_dropped_packets_total", reason="heartbeat_shed")
        return prometheus.total(samples, "nlb_heartbeats_rejected_total"), shed

    @staticmethod
    def strangers(genuine):
        """Truncated at every length, of random bytes, genuine but for one bit, and replayed."""
        chance = random.Random(7)
        payloads = [genuine[:length] for length in range(0, len(genuine), 3)]
        payloads += [chance.randbytes(chance.randrange(1, 1400)) for _ in range(100)]
        for _ in range(100):
            flipped = bytearray(genuine)
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            payloads.append(bytes(flipped))
        payloads.append(genuine)
        return [frames.ethernet(frames.BROADCAST, "02:01:c0:00:02:50", plan.HEARTBEAT_ETHERTYPE, payload) for payload in payloads]

    def send_from_client(self, *raw):
        frames.send(system.run, self.lab.client, "eth0", list(raw))

    def test_hosts_start_within_a_second_of_their_first_packet(self):
        """From the start of a dataplane to a packet answered through it, on the dedicated address, which needs no control plane."""
        host = self.lab.hosts[2]
        host.controlplane.terminate()
        host.dataplane.kill()
        began = time.monotonic()
        host.start_dataplane()
        system.wait_until(lambda: self.answers_ping(host), 5, "the first packet", interval=0.0)
        took = time.monotonic() - began
        host.start_controlplane()
        self.lab.settle()
        print(f"# first packet after {took * 1000:.0f} ms")
        self.assertLess(took, 1.0)

    def answers_ping(self, host):
        printed = system.run("ping", "-c", "1", "-W", "0.2", host.plan.address, namespace=self.lab.client, check=False)
        return "1 received" in printed

    def test_an_idle_host_costs_less_than_5_percent_of_a_core(self):
        time.sleep(1)
        before = self.cpu_seconds()
        time.sleep(4)
        used = {name: (after - before[name]) / 4 for name, after in self.cpu_seconds().items()}
        shown = ", ".join(f"{name} {share:.1%}" for name, share in sorted(used.items()))
        print(f"# {shown}")
        self.assertLess(max(used.values()), 0.05, shown)

    def cpu_seconds(self):
        """Processor time per host, of both its processes."""
        seconds = collections.Counter()
        for host in self.lab.hosts:
            for process in (host.dataplane, host.controlplane):
                with open(f"/proc/{process.pid}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
                seconds[host.name] += (int(fields[11]) + int(fields[12])) / 100
        return seconds


if __name__ == "__main__":
    lab_case.main()
