"""Packets that no header speaks for: datagrams in fragments over three hosts, and a switch that wants to be told who is in the group."""

import collections
import json
import pathlib
import struct
import sys
import time

import frames
import lab_case
from lab import plan, system
from lab.capture import EVERYTHING, Capture

ECHO = pathlib.Path(__file__).with_name("udp_echo.py")
LARGE = 65000  # 45 fragments of 1,500 bytes, and as many back
RULES = [{"name": "http", "vip": "all", "ports": 80, "protocol": "tcp", "mode": "multiple", "affinity": "single"},
         {"name": "echo", "vip": "all", "ports": 7, "protocol": "udp", "mode": "multiple", "affinity": "single"}]
GROUP_MAC = "01:00:5e:7f:02:50"


class DatagramsInFragments(lab_case.LabCase):
    OPTIONS = {"cluster_keys": {"port_rules": RULES}}

    def setUp(self):
        for host in self.lab.hosts:
            for vip in (plan.VIP, plan.VIP6):
                command = [sys.executable, ECHO, "serve", vip, "7", host.name]
                server = self.lab.process(f"{host.name}-echo-{len(vip)}", host.namespace, command)
                server.start()
                self.addCleanup(server.signal, 9)
        time.sleep(0.5)

    def test_each_of_64_kibibytes_is_answered_whole_by_one_of_three_hosts(self):
        self.ask_all(plan.VIP, self.lab.plan.client_addresses()[:60])

    def test_so_it_is_over_ipv6(self):
        self.ask_all(plan.VIP6, self.lab.plan.client_addresses6())

    def ask_all(self, vip, sources):
        printed = system.run(sys.executable, ECHO, "ask", vip, 7, LARGE, *sources, namespace=self.lab.client, timeout=240)
        answers = [json.loads(line) for line in printed.splitlines()]
        hosts = collections.Counter(answer["host"] for answer in answers)
        print(f"# {len(answers)} datagrams of {LARGE} bytes to {vip}, answered by {dict(hosts)}")
        self.assertEqual(len(sources), len(answers))
        self.assertNotIn(None, hosts, "a datagram was not answered whole")
        self.assertEqual({"edge1", "edge2", "edge3"}, set(hosts))


def igmp_of(capture, port):
    """(what, when) of the IGMP messages that came from a host's port; "query" those that went to it."""
    names = {0x11: "query", 0x12: "report 1", 0x16: "report 2", 0x17: "leave 2", 0x22: "report 3"}
    for frame in capture.frames():
        packet = frame.payload
        if frame.port != port or frame.ethertype != 0x0800 or len(packet) < 28 or packet[9] != 2:
            continue
        body = packet[(packet[0] & 15) * 4:]
        group = body[12:16] if body[0] == 0x22 else body[4:8]
        if body[0] == 0x11 or group == bytes((239, 255, 2, 80)):
            what = names.get(body[0], str(body[0]))
            yield (f"{what} {struct.unpack('!B', body[8:9])[0]}" if body[0] == 0x22 else what), frame


class ASwitchThatSnoops(lab_case.LabCase):
    OPTIONS = {"mode": "igmp", "multicast_snooping": True, "hosts": 2}
    START = False

    def test_hosts_join_answer_queries_and_leave(self):
        for host in self.lab.hosts:  # a Linux bridge snoops by IP destination: without this no packet for a virtual address would pass
            system.run("ip", "-n", self.lab.network.switch, "link", "set", host.name, "type", "bridge_slave", "mcast_router", "2")
        with Capture(self.lab, "igmp", EVERYTHING) as capture:
            self.lab.start()
            time.sleep(1.5)
            self.query()
            time.sleep(2.5)
            self.assertEqual(0, self.lab.hosts[1].nlb("stop")[0])
            time.sleep(2)
        for host in self.lab.hosts:
            said = [what for what, _ in igmp_of(capture, host.name) if what != "query"]
            print(f"# {host.name}: {', '.join(said)}")
            self.assertEqual(["report 3 4", "report 2", "report 3 4", "report 2", "report 2"], said[:5], "twice unasked, then the answer")
        left = [what for what, _ in igmp_of(capture, "edge2")][-2:]
        self.assertTrue(left[0].startswith("leave 2") or left[0] == "report 3 3", left)
        page = system.run("curl", "-s", "-m", "5", "--interface", "198.51.100.7", f"http://{plan.VIP}/", namespace=self.lab.client)
        self.assertTrue(page, "the cluster serves through a switch that snoops")

    def query(self):
        """A querier of version 2 that gives two seconds, from where the clients are."""
        message = bytearray((0x11, 20, 0, 0, 0, 0, 0, 0))
        message[2:4] = struct.pack("!H", 0xFFFF - sum(struct.unpack("!4H", message)))
        head = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, 28, 0, 0, 1, 2, 0, bytes((192, 0, 2, 1)), bytes((224, 0, 0, 1))))
        total = sum(struct.unpack("!10H", head))
        head[10:12] = struct.pack("!H", ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)

        frame = frames.ethernet("01:00:5e:00:00:01", "02:c1:00:00:00:01", 0x0800, bytes(head) + bytes(message))
        frames.send(system.run, self.lab.client, "eth0", [frame])


if __name__ == "__main__":
    lab_case.main()
