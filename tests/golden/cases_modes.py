"""Golden cases of the link modes multicast and igmp: which addresses stand in frames and bodies, and what of IGMP goes where.
Each is played in both modes, with the mode's own cluster MAC; the station's is the outside port's there.
"""

from dataclasses import dataclass, field

from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mq, IGMPv3mr
from scapy.layers.inet import IP, TCP, UDP, Ether, IPOption_Router_Alert
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP
from scapy.packet import Raw

import cluster
from cases_egress import KERNEL, advertisement, arp, from_kernel, from_vip
from packets import BROADCAST_MAC, CLIENT_MAC, client, client6, ethernet, ip, port, solicitation
from packets import advertisement as told
from packets import arp as asked

HOSTS = ("edge1", "edge2")  # the default host and one that is not
MODES = {"multicast": "03:bf:c0:00:02:50", "igmp": "01:00:5e:7f:02:50"}
STATION = "02:70:63:61:70:00"  # the outside port of net_pcap
GROUP = "239.255.2.80"
VIP, VIP6 = cluster.VIP, cluster.VIP6


@dataclass
class ModeCase:
    """By host: the outcome as explain words it (empty for frames from inside), and the frame that leaves on the other side or back."""
    claim: str
    frame: bytes
    outcome: dict = field(default_factory=dict)
    inside: dict = field(default_factory=dict)
    outside: dict = field(default_factory=dict)


def to_inside(frame, group=False):
    return frame if group else bytes.fromhex(cluster.INSIDE_MAC.replace(":", "")) + frame[6:]


def only_at(host, outcome, rest):
    return {name: outcome if name == host else rest for name in HOSTS}


def everyone_inside(claim, frame, outcome):
    return ModeCase(claim, frame, dict.fromkeys(HOSTS, outcome), {name: to_inside(frame, frame[0] & 1) for name in HOSTS})


def balanced(number, owner, mac):
    frame = ethernet(ip(number, TCP(sport=port(number), dport=80, flags="S")), mac)
    return ModeCase(f"a SYN to the group's address is taken by {owner} alone, whose stack gets it as its own", frame,
                    only_at(owner, "accept new_flow", "reject not_owner"), {owner: to_inside(frame)})


def reply(address, mac, asker):
    return asked(2, address, asker, mac, CLIENT_MAC, CLIENT_MAC, STATION)


def igmp(destination, mac, body):
    packet = IP(src="192.0.2.1", dst=destination, ttl=1, options=[IPOption_Router_Alert()]) / body
    return bytes(Ether(dst=mac, src=CLIENT_MAC) / packet)


def ingress(mode):
    mac = MODES[mode]
    queried = "accept igmp_query" if mode == "igmp" else "accept multicast"
    question = solicitation(12, VIP6)
    return [
        balanced(1, "edge2", mac), balanced(3, "edge1", mac),
        ModeCase("ARP for the virtual address is answered with the group's MAC in its body, from the port's", asked(1, "192.0.2.201", VIP),
                 only_at("edge1", "consume arp_answered", "reject not_default_host"), outside={"edge1": reply(VIP, mac, "192.0.2.201")}),
        ModeCase("ARP for a dedicated address is answered with the port's MAC", asked(1, "192.0.2.202", cluster.DEDICATED["edge2"]),
                 only_at("edge2", "consume arp_answered", "reject other_host"),
                 outside={"edge2": reply(cluster.DEDICATED["edge2"], STATION, "192.0.2.202")}),
        ModeCase("a solicitation for the virtual address is answered with the group's MAC in its option", question,
                 only_at("edge1", "consume nd_answered", "reject not_default_host"),
                 outside={"edge1": told(VIP6, client6(12), VIP6, mac, CLIENT_MAC, STATION, solicited=1)}),
        everyone_inside("a general query of version 3 reaches every inside stack, and in igmp mode the control plane",
                        igmp("224.0.0.1", "01:00:5e:00:00:01", IGMPv3(type=0x11, mrcode=100) / IGMPv3mq()), queried),
        everyone_inside("so does a query of version 2 for the cluster's group",
                        igmp(GROUP, "01:00:5e:7f:02:50", IGMP(type=0x11, gaddr=GROUP, mrcode=10)), queried),
        everyone_inside("a report of another host is a multicast among others",
                        igmp(GROUP, "01:00:5e:7f:02:50", IGMP(type=0x16, gaddr=GROUP)), "accept multicast"),
        ModeCase("a heartbeat to the group is for the control plane", ethernet(Raw(b"\xff" * 60), mac, type=0x88B5),
                 dict.fromkeys(HOSTS, "consume heartbeat")),
    ]


def masked(claim, frame, build=None):
    """`build` makes what leaves when more than the source changes; with None it is the frame from the station."""
    leaves = {name: build(name) if build else frame[:6] + bytes.fromhex(STATION.replace(":", "")) + frame[12:] for name in HOSTS}
    return ModeCase(claim, frame, outside=leaves)


def question_of_vip(option):
    body = ICMPv6ND_NS(tgt="2001:db8::1") / option
    return IPv6(src=VIP6, dst="ff02::1:ff00:1", hlim=255) / body


def egress(mode):
    mac = MODES[mode]
    report = IGMPv3(type=0x22) / IGMPv3mr(records=[IGMPv3gr(rtype=4, maddr="239.1.2.3")])
    own = igmp("224.0.0.22", "01:00:5e:00:00:16", report)
    return [
        masked("an answer leaves with the port's source", from_kernel(from_vip(1, TCP(sport=80, dport=40001, flags="SA")))),
        masked("a frame that bears the group's MAC as its source leaves with the port's",
               from_kernel(from_vip(2, TCP(sport=80, dport=40002, flags="SA")), source=mac)),
        masked("an ARP question of the virtual address names the host's dedicated address and the port's MAC",
               arp(1, VIP, "192.0.2.1", KERNEL, KERNEL),
               lambda name: arp(1, cluster.DEDICATED[name], "192.0.2.1", STATION, STATION)),
        ModeCase("an announcement of the virtual address stays inside", arp(1, VIP, VIP, KERNEL, KERNEL)),
        masked("an ARP reply for the virtual address has the group's MAC in its body", arp(2, VIP, "192.0.2.1", KERNEL, KERNEL, CLIENT_MAC,
                                                                                           CLIENT_MAC),
               lambda name: arp(2, VIP, "192.0.2.1", STATION, mac, CLIENT_MAC, CLIENT_MAC)),
        masked("a solicitation of the virtual address names no MAC that a neighbour could learn",
               from_kernel(question_of_vip(ICMPv6NDOptSrcLLAddr(lladdr=KERNEL)), "33:33:ff:00:00:01"),
               lambda name: from_kernel(question_of_vip(Raw(b"\xfd\1" + bytes(6))), "33:33:ff:00:00:01", STATION)),
        masked("an advertisement of the virtual address names the group's MAC", advertisement(VIP6, KERNEL, KERNEL),
               lambda name: advertisement(VIP6, STATION, mac)),
        masked("the kernel's own IGMP report leaves with the port's source", own[:6] + bytes.fromhex(KERNEL.replace(":", "")) + own[12:]),
        masked("RARP has the port's MAC", from_kernel(ARP(op=3, hwsrc=KERNEL, hwdst=KERNEL, psrc="0.0.0.0", pdst="0.0.0.0"), BROADCAST_MAC,
                                                        type=0x8035),
               lambda name: from_kernel(ARP(op=3, hwsrc=STATION, hwdst=STATION, psrc="0.0.0.0", pdst="0.0.0.0"), BROADCAST_MAC, STATION,
                                        type=0x8035)),
        masked("a datagram to a client leaves with the port's source",
               from_kernel(IP(src=VIP, dst=client(9)) / UDP(sport=53, dport=40009) / Raw(b"answer"))),
    ]


INGRESS = {mode: ingress(mode) for mode in MODES}
EGRESS = {mode: egress(mode) for mode in MODES}
