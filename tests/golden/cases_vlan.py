"""Golden cases of a cluster with `vlan: 10`: whose frames it takes, and which tags its answers bear.
An untagged frame, or one of another VLAN, is nobody's there; the outer tag stays on what goes inside.
"""

from scapy.layers.inet import TCP, Ether
from scapy.layers.l2 import Dot1AD, Dot1Q
from scapy.packet import Raw

import cluster
from cases_egress import from_kernel, from_vip
from cases_modes import HOSTS, ModeCase, only_at, to_inside
from packets import BROADCAST_MAC, arp, arp_answer, advertisement, client6, CLIENT_MAC, ethernet, ip, port, solicitation

VLAN, VIP, VIP6 = cluster.VLAN, cluster.VIP, cluster.VIP6
OTHER = dict.fromkeys(HOSTS, "drop other_vlan")
HEARTBEAT = 0x88B5


def tagged(frame, *tags):
    """The frame behind these tags, the outermost first."""
    ether = Ether(frame)
    packet = Ether(dst=ether.dst, src=ether.src)
    for tag in tags:
        packet = packet / tag
    if isinstance(ether.payload, Raw):
        return bytes(packet)[:-2] + frame[12:]
    return bytes(packet / ether.payload)


def syn(number):
    return ethernet(ip(number, TCP(sport=port(number), dport=80, flags="S")))


def balanced(claim, number, owner, *tags):
    frame = tagged(syn(number), *tags)
    return ModeCase(claim, frame, only_at(owner, "accept new_flow", "reject not_owner"), {owner: to_inside(frame)})


def dropped(claim, frame):
    return ModeCase(claim, frame, OTHER)


def heartbeat(claim, reason, *tags):
    frame = tagged(ethernet(Raw(b"\xff" * 60), BROADCAST_MAC, type=HEARTBEAT), *tags)
    return ModeCase(claim, frame, dict.fromkeys(HOSTS, f"consume {reason}"))


QUESTION = arp(1, "192.0.2.201", VIP)
ANSWER = arp_answer("edge1", VIP, cluster.CLUSTER_MAC, "192.0.2.201")
SOLICITED = solicitation(12, VIP6)
ADVERTISED = advertisement(VIP6, client6(12), VIP6, cluster.CLUSTER_MAC, CLIENT_MAC, cluster.STATION["edge1"], solicited=1)

INGRESS = [
    balanced("a SYN in the cluster's VLAN is taken by its owner, and keeps its tag", 1, "edge2", Dot1Q(vlan=VLAN)),
    balanced("its priority says nothing of its VLAN", 3, "edge1", Dot1Q(vlan=VLAN, prio=5, id=1)),
    balanced("a tag with id 0 before the VLAN's is none", 6, "edge1", Dot1Q(vlan=0, prio=3), Dot1Q(vlan=VLAN)),
    balanced("a service tag of the VLAN may have a customer tag behind it", 8, "edge2", Dot1AD(vlan=VLAN), Dot1Q(vlan=7)),
    dropped("an untagged SYN is in no VLAN", syn(13)),
    dropped("a SYN whose tag has id 0 is in no VLAN", tagged(syn(14), Dot1Q(vlan=0, prio=7))),
    dropped("a SYN in another VLAN is dropped", tagged(syn(15), Dot1Q(vlan=VLAN + 1))),
    dropped("a customer tag behind another VLAN's does not count", tagged(syn(16), Dot1AD(vlan=VLAN + 1), Dot1Q(vlan=VLAN))),
    ModeCase("ARP in the VLAN is answered in the VLAN", tagged(QUESTION, Dot1Q(vlan=VLAN, prio=2)),
             only_at("edge1", "consume arp_answered", "reject not_default_host"),
             outside={"edge1": tagged(ANSWER, Dot1Q(vlan=VLAN, prio=2))}),
    dropped("untagged ARP is not answered", arp(1, "192.0.2.202", VIP)),
    dropped("ARP in another VLAN is not answered", tagged(arp(1, "192.0.2.203", VIP), Dot1Q(vlan=VLAN + 1))),
    ModeCase("a solicitation in the VLAN is answered in the VLAN", tagged(SOLICITED, Dot1Q(vlan=VLAN)),
             only_at("edge1", "consume nd_answered", "reject not_default_host"), outside={"edge1": tagged(ADVERTISED, Dot1Q(vlan=VLAN))}),
    heartbeat("a heartbeat in the VLAN is for the control plane", "heartbeat", Dot1Q(vlan=VLAN)),
    heartbeat("an untagged heartbeat is in another VLAN: the control plane can name it", "heartbeat_other_vlan"),
    heartbeat("so is one with another tag", "heartbeat_other_vlan", Dot1Q(vlan=VLAN + 1)),
]


def masked(claim, number, *tags):
    frame = tagged(from_kernel(from_vip(number, TCP(sport=80, dport=40000 + number, flags="SA"))), *tags)
    leaves = {name: frame[:6] + bytes.fromhex(cluster.STATION[name].replace(":", "")) + frame[12:] for name in HOSTS}
    return ModeCase(claim, frame, outside=leaves)


EGRESS = [
    masked("an answer leaves with the tag that the inside stack gave it", 1, Dot1Q(vlan=VLAN)),
    masked("so it does with two", 2, Dot1AD(vlan=VLAN), Dot1Q(vlan=7)),
    ModeCase("a server's heartbeat stays inside, tagged or not", tagged(from_kernel(Raw(b"\xff" * 60), BROADCAST_MAC, type=HEARTBEAT),
                                                                        Dot1Q(vlan=VLAN))),
]
