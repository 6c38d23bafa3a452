"""Tunnels of strongSwan (IKEv2) to gateways on three hosts: behind address translation (ESP in UDP 4500), and with ESP as a protocol of
its own. A tunnel stays on its host while its bucket moves: its data, its signs of life and its new keys.
"""

import collections
import hashlib
import re
import struct

import lab_case
from lab import bare_esp, ipsec, plan, system
from lab.capture import Capture

RULES = [{"name": "http", "vip": "all", "ports": 80, "protocol": "tcp"}, {"name": "ike", "vip": "all", "ports": 500, "protocol": "udp"}]
SESSIONS = 8
WIRE = "udp port 500 or udp port 4500 or udp portrange 10000-20000 or ip proto 50"
Wire = collections.namedtuple("Wire", "port kind client client_port")


def on_wire(frames):
    """IKE, ESP in UDP, and ESP between a client and the virtual address; `port` is the bridge port it came from."""
    vip = bytes(map(int, plan.VIP.split(".")))
    for frame in frames:
        packet = frame.payload
        if frame.ethertype != 0x0800 or len(packet) < 32 or vip not in (packet[12:16], packet[16:20]):
            continue
        client = ".".join(map(str, packet[12:16] if packet[16:20] == vip else packet[16:20]))
        if packet[9] == 50:
            yield Wire(frame.port, "esp", client, None)
        elif packet[9] == 17:
            source, destination = struct.unpack_from(">HH", packet, 20)
            vip_port, client_port = (destination, source) if packet[16:20] == vip else (source, destination)
            in_udp = vip_port == 4500 and packet[28:32] != bytes(4) and len(packet) > 32
            if vip_port in (500, 4500):
                yield Wire(frame.port, "esp in udp" if in_udp else "ike", client, client_port)


class Tunnels(lab_case.LabCase):
    OPTIONS = {"cluster_keys": {"port_rules": RULES}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.far = cls.lab.network.add_far_clients(1500)
        cls.sources = plan.far_addresses()[:SESSIONS]
        cls.prepare()
        for host in cls.lab.hosts:
            ipsec.gateway(cls.lab, host).start()
        cls.clients = ipsec.clients(cls.lab, cls.far, cls.sources).start()

    def dial(self, number):
        """The address that the gateway gives to this client inside the tunnel."""
        self.clients.swanctl("--initiate", "--child", f"net{number}")
        said = self.clients.swanctl("--list-sas", "--ike", f"client{number}")
        return re.search(r"local +(10\.99\.\d+\.\d+)/32", said).group(1)

    def host_behind(self, address):
        """Who answers a web request through the tunnel."""
        return system.run("curl", "-s", "-S", "-m", "8", "--interface", address, f"http://{ipsec.NETWORK}/", namespace=self.far).strip()

    def download(self, number, address):
        file = self.lab.estate.directory / f"tunnel-{number}"
        command = ["curl", "-s", "-S", "-m", "60", "--interface", address, "-o", file, "-w", "%header{x-nlb-host}\n"]
        command.append(f"http://{ipsec.NETWORK}/big?rate=700k")
        return self.lab.process(f"tunnel-{number}", self.far, command).start(), file

    def stay_while_buckets_move(self):
        with Capture(self.lab, "tunnels", WIRE, 128) as capture:
            inside = {number: self.dial(number) for number in range(SESSIONS)}
            hosts = {number: self.host_behind(address) for number, address in inside.items()}
            name, _ = collections.Counter(hosts.values()).most_common(1)[0]
            leaver = self.lab.host(name)
            others = [host for host in self.lab.hosts if host is not leaver]
            loads = {number: self.download(number, address) for number, address in inside.items()}
            system.wait_until(lambda: all(file.exists() for _, file in loads.values()), 10, "the downloads' start")
            self.assertEqual(0, leaver.nlb("drainstop")[0])
            system.wait_until(lambda: self.story.owns_nothing(leaver, others), 10, f"{name}'s handing over")
            moved = [number for number, host in hosts.items() if host == name]
            for number in moved:
                self.clients.swanctl("--rekey", "--child", f"net{number}")
                self.clients.swanctl("--rekey", "--ike", f"client{number}")
            self.assertTrue(all(load.runs() for load, _ in loads.values()), "the downloads were to last longer than the move")
            for number, (load, file) in loads.items():
                self.assertEqual(0, load.wait(60), load.last_line())
                self.assertEqual(hosts[number], load.last_line(), f"client {number} was served by another host")
                self.assertEqual(self.lab.big_digest, hashlib.sha256(file.read_bytes()).hexdigest())
            for number, address in inside.items():
                self.assertEqual(hosts[number], self.host_behind(address))
        wire = list(on_wire(capture.frames()))
        print(f"# {len(inside)} tunnels, {dict(collections.Counter(hosts.values()))}; {len(moved)} buckets of {name} moved away")
        print(f"# {dict(collections.Counter(packet.kind for packet in wire))}")
        self.one_host_speaks_to_each(wire, hosts)
        self.who_dials_again_reaches_the_new_owner(moved[0], name)
        leaver.nlb("start")
        self.lab.settle()
        return wire

    def one_host_speaks_to_each(self, wire, hosts):
        spoke = collections.defaultdict(set)
        for packet in wire:
            if packet.port != "clients":
                spoke[packet.client].add(packet.port)
        self.assertEqual({self.on_the_wire(number): {host} for number, host in hosts.items()}, dict(spoke))

    def who_dials_again_reaches_the_new_owner(self, number, former):
        self.clients.swanctl("--terminate", "--ike", f"client{number}")
        self.assertNotEqual(former, self.host_behind(self.dial(number)))


class BehindAddressTranslation(Tunnels):
    @classmethod
    def prepare(cls):
        cls.near = cls.lab.plan.client_addresses()[:SESSIONS]
        cls.lab.network.translate(list(zip(cls.sources, cls.near)))

    def on_the_wire(self, number):
        return self.near[number]

    def test_a_tunnel_stays_on_its_host_while_its_bucket_moves(self):
        wire = self.stay_while_buckets_move()
        ports = {packet.client_port for packet in wire}
        self.assertTrue(all(10000 <= port <= 20000 for port in ports), f"the router translated ports: {ports}")
        kinds = collections.Counter(packet.kind for packet in wire)
        self.assertGreater(kinds["esp in udp"], 1000)
        self.assertEqual(0, kinds["esp"])


class EspAsAProtocol(Tunnels):
    """strongSwan's ESP packets without their UDP header between client and cluster (scripts/lab/bare_esp.py)."""

    @classmethod
    def prepare(cls):
        for name, namespace in [("clients", cls.far), *((host.name, host.namespace) for host in cls.lab.hosts)]:
            bare_esp.divert(cls.lab, name, namespace)

    def on_the_wire(self, number):
        return self.sources[number]

    def test_a_tunnel_stays_on_its_host_while_its_bucket_moves(self):
        wire = self.stay_while_buckets_move()
        kinds = collections.Counter(packet.kind for packet in wire)
        self.assertGreater(kinds["esp"], 1000)
        self.assertEqual(0, kinds["esp in udp"])


del Tunnels  # a base class, not a test

if __name__ == "__main__":
    lab_case.main()
