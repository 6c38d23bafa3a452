"""Reports about the link: VLAN tags, frames that are no IP, groups, ARP and neighbour discovery."""

from scapy.contrib.igmp import IGMP
from scapy.layers.inet import IP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6MLReport, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrHopByHop, RouterAlert
from scapy.layers.l2 import LLC, STP, Dot1AD, Dot1Q
from scapy.packet import Raw

import cluster
from case import Expected, everyone, only, someone
from packets import (BROADCAST_MAC, CLIENT_MAC, advertisement, arp, arp_answer, client6, ethernet, ip, port, solicitation)
from report import Packets

VIP, VIP2, VIP6, VLAN = cluster.VIP, cluster.VIP2, cluster.VIP6, cluster.VLAN
NEW = someone("accept new_flow")
ARP_ANSWERED = only("edge1", "consume arp_answered", "reject not_default_host")
ND_ANSWERED = only("edge1", "consume nd_answered", "reject not_default_host")
GROUP_MAC = "03:bf:c0:00:02:50"


def segment(number):
    return TCP(sport=port(number), dport=80, flags="S", seq=1000)


def neighbour(number):
    return f"192.0.2.{number}"


def asked_directly(number, option=True):
    """A solicitation sent to the address itself: the neighbour only wants to know whether it is still there."""
    body = ICMPv6ND_NS(tgt=VIP6)
    return ethernet(IPv6(src=client6(number), dst=VIP6, hlim=255) / (body / ICMPv6NDOptSrcLLAddr(lladdr=CLIENT_MAC) if option else body))


def answer6(number):
    return {"edge1": advertisement(VIP6, client6(number), VIP6, cluster.CLUSTER_MAC, CLIENT_MAC, cluster.STATION["edge1"], solicited=1)}


def own(host):
    """Its own frame comes back to a host; the others take it for what it is."""
    return Expected({**dict.fromkeys(cluster.HOSTS, "accept multicast"), host: "drop own_frame"})


VRRP = bytes.fromhex("3121640100643f0ec0000263")
REPORTS = [
    Packets(
        kind="VLAN: a tag that only tells a priority",
        source="https://github.com/usnistgov/ndn-dpdk/issues/60",
        looked_like="Frames whose tag has a priority other than 0 are not received.",
        packets=[ethernet(Dot1Q(vlan=0, prio=2) / ip(140, segment(140))), ethernet(Dot1Q(vlan=0, prio=7, id=1) / ip(141, segment(141)))],
        expect=[NEW, NEW], one_host=False),
    Packets(
        kind="VLAN: tagged frames of the cluster's VLAN, and no others",
        source="https://github.com/FDio/vpp/issues/1175",
        looked_like="Tagged packets between two machines are discarded, although the sub-interface is configured.",
        packets=[ethernet(Dot1Q(vlan=VLAN) / ip(142, segment(142))), ethernet(Dot1Q(vlan=VLAN, prio=5) / ip(143, segment(143))),
                 ethernet(ip(144, segment(144))), ethernet(Dot1Q(vlan=VLAN + 1) / ip(145, segment(145)))],
        expect=[NEW, NEW, everyone("drop other_vlan"), everyone("drop other_vlan")], one_host=False, link="vlan"),
    Packets(
        kind="QinQ: a service tag of the VLAN, with a customer tag behind it",
        source="https://github.com/openvswitch/ovs-issues/issues/362",
        looked_like="Broadcasts with two tags are counted as dropped and delivered all the same.",
        packets=[ethernet(Dot1AD(vlan=VLAN) / Dot1Q(vlan=456) / ip(146, segment(146))),
                 ethernet(Dot1AD(vlan=123) / Dot1Q(vlan=VLAN) / ip(147, segment(147))),
                 ethernet(Dot1AD(vlan=123) / Dot1Q(vlan=456) / ip(148, UDP(sport=9, dport=9), "255.255.255.255"), BROADCAST_MAC)],
        expect=[NEW, everyone("drop other_vlan"), everyone("drop other_vlan")], link="vlan"),
    Packets(
        kind="VLAN: tags where the cluster is in none",
        source="https://github.com/oxidecomputer/dendrite/issues/60",
        looked_like="Tagged frames are let in although nobody expects any.",
        packets=[ethernet(Dot1Q(vlan=10) / ip(149, segment(149))), ethernet(Dot1AD(vlan=20) / Dot1Q(vlan=10) / ip(150, segment(150))),
                 ethernet(Dot1AD(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / ip(151, segment(151)))],
        expect=[everyone("drop other_vlan"), everyone("drop other_vlan"), everyone("drop vlan_depth")]),
    Packets(
        kind="VRRP and spanning tree: groups reach every host, the rest nobody",
        source="https://github.com/cilium/cilium/issues/18347",
        looked_like="VRRP adverts are dropped as an unknown protocol, and both routers hold the address.",
        packets=[ethernet(ip(152, Raw(VRRP), "224.0.0.18", proto=112, ttl=255), "01:00:5e:00:00:12"),
                 bytes(Ether(dst="01:80:c2:00:00:00", src=CLIENT_MAC, type=38) / LLC() / STP())],
        expect=[everyone("accept multicast"), everyone("drop ethertype")], one_host=False),
    Packets(
        kind="IGMP and MLD from other members",
        source="https://github.com/cilium/cilium/issues/38387",
        looked_like="IGMP and VRRP are denied by a policy that allows everything, as their protocol is unknown.",
        packets=[ethernet(ip(153, IGMP(type=0x16, gaddr="239.1.2.3"), "239.1.2.3", ttl=1), "01:00:5e:01:02:03"),
                 ethernet(IPv6(src="fe80::99", dst="ff02::16", hlim=1) / IPv6ExtHdrHopByHop(options=[RouterAlert()])
                          / ICMPv6MLReport(mladdr="ff02::1:ff00:99"), "33:33:00:00:00:16")],
        expect=[everyone("accept multicast")] * 2, one_host=False),
    Packets(
        kind="LLC frames from outside",
        source="https://github.com/cilium/cilium/issues/30754",
        looked_like="Drops of an unsupported protocol are counted, and nobody can see which frames these were.",
        packets=[bytes(Ether(dst="01:80:c2:00:00:00", src="00:23:33:a0:46:07", type=39) / LLC() / Raw(bytes(36))),
                 ethernet(Raw(bytes(46)), "01:80:c2:00:00:0e", type=0x88CC)],
        expect=[everyone("drop ethertype")] * 2),
    Packets(
        kind="ARP: one host answers, always the same",
        source="https://github.com/metallb/metallb/issues/598",
        looked_like="Each request is answered by another node, and handshakes get lost between them.",
        packets=[arp(1, neighbour(154), VIP), arp(1, neighbour(155), VIP), arp(1, neighbour(154), VIP2)],
        expect=[ARP_ANSWERED] * 3,
        answers={0: {"edge1": arp_answer("edge1", VIP, cluster.CLUSTER_MAC, neighbour(154))},
                 1: {"edge1": arp_answer("edge1", VIP, cluster.CLUSTER_MAC, neighbour(155))},
                 2: {"edge1": arp_answer("edge1", VIP2, cluster.CLUSTER_MAC, neighbour(154))}}),
    Packets(
        kind="ARP: a dedicated address is answered by its host, with its own MAC",
        source="https://github.com/metallb/metallb/issues/894",
        looked_like="Replies leave on another interface than the one whose address is asked for.",
        packets=[arp(1, neighbour(156), cluster.DEDICATED["edge2"]), arp(1, neighbour(157), cluster.DEDICATED["edge4"])],
        expect=[only("edge2", "consume arp_answered", "reject other_host"), only("edge4", "consume arp_answered", "reject other_host")],
        answers={0: {"edge2": arp_answer("edge2", cluster.DEDICATED["edge2"], cluster.STATION["edge2"], neighbour(156))},
                 1: {"edge4": arp_answer("edge4", cluster.DEDICATED["edge4"], cluster.STATION["edge4"], neighbour(157))}}, one_host=False),
    Packets(
        kind="ARP: a probe for a virtual address is told that it is taken",
        source="https://github.com/metallb/metallb/issues/306",
        looked_like="A pool is shared with a DHCP server, and an address is given away twice.",
        packets=[arp(1, "0.0.0.0", VIP, sender_mac="00:1b:21:00:01:9e")],
        expect=[ARP_ANSWERED],
        answers={0: {"edge1": arp_answer("edge1", VIP, cluster.CLUSTER_MAC, "0.0.0.0", "00:1b:21:00:01:9e")}}),
    Packets(
        kind="ARP: somebody else announces a virtual address",
        source="https://github.com/metallb/metallb/issues/772",
        looked_like="Two clusters hand out the same address, and both announce it.",
        packets=[arp(1, VIP, VIP, sender_mac="00:1b:21:00:01:9f"), arp(2, VIP2, neighbour(159), sender_mac="00:1b:21:00:01:9f")],
        expect=[everyone("drop virtual_announcement")] * 2),
    Packets(
        kind="ARP: a sender whose MAC is a group's",
        source="https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-2000-server/cc960937(v=technet.10)",
        looked_like="A machine that does not answer requests from group MACs does not find its neighbours in a multicast cluster.",
        packets=[arp(1, neighbour(160), VIP, sender_mac=GROUP_MAC, source=CLIENT_MAC)],
        expect=[ARP_ANSWERED],
        answers={0: {"edge1": arp_answer("edge1", VIP, cluster.CLUSTER_MAC, neighbour(160), GROUP_MAC, asked_by=CLIENT_MAC)}}),
    Packets(
        kind="ND: a neighbour asks whether the address is still there",
        source="https://github.com/metallb/metallb/issues/2920",
        looked_like="Solicitations sent to the address itself are not answered, and traffic stops every half hour.",
        packets=[asked_directly(161), asked_directly(162, option=False)],
        expect=[ND_ANSWERED] * 2, answers={0: answer6(161), 1: answer6(162)}),
    Packets(
        kind="ND: solicited-node groups are heard",
        source="https://github.com/cilium/cilium/issues/44311",
        looked_like="The group of a service's address is not joined, and only solicitations to the address itself are answered.",
        packets=[solicitation(163, VIP6), solicitation(164, VIP6, option=False)],
        expect=[ND_ANSWERED] * 2, answers={0: answer6(163), 1: answer6(164)}),
    Packets(
        kind="own source MAC: a frame that comes back",
        source="https://github.com/acassen/keepalived/issues/2283",
        looked_like="A router hears its own adverts and tells of a stranger with its address.",
        packets=[ethernet(ip(165, UDP(sport=5353, dport=5353) / Raw(b"mine"), "224.0.0.251", src=cluster.DEDICATED["edge3"]),
                          "01:00:5e:00:00:fb", cluster.STATION["edge3"])],
        expect=[own("edge3")], one_host=False),
    Packets(
        kind="multicast source MAC: a client cannot have one",
        source="https://blog.ipspace.net/2009/08/turn-switch-into-hub-microsoft-way.html",
        looked_like="MACs in ARP that differ from those of the frames turn a switch into a hub.",
        packets=[ethernet(ip(166, segment(166)), source="03:bf:c0:00:02:51")],
        expect=[NEW]),
    Packets(
        kind="DHCP: a client without an address reaches every server",
        source="https://github.com/MoJo2600/pihole-kubernetes/issues/104",
        looked_like="A DHCP server behind a service address hears no client: broadcasts do not come through.",
        packets=[ethernet(ip(167, UDP(sport=68, dport=67) / Raw(b"\1\1\6\0" + bytes(300)), "255.255.255.255", src="0.0.0.0"),
                          BROADCAST_MAC)],
        expect=[everyone("accept broadcast")], one_host=False),
]
