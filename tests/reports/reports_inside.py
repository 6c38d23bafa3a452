"""Reports about frames that servers send: what a switch learns from them. They go through the real binary only."""

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import LLC
from scapy.packet import Raw

import cluster
from cases_egress import HOSTS, KERNEL, arp, from_kernel, from_vip
from cases_modes import STATION as PORT
from packets import BROADCAST_MAC, CLIENT_MAC
from report import FromInside

VIP = cluster.VIP
KB = "https://mskb.pkisolutions.com/kb"


def masked(frame):
    """What leaves is the frame from each host's own station."""
    return {host: frame[:6] + bytes.fromhex(cluster.STATION[host].replace(":", "")) + frame[12:] for host in HOSTS}


def nothing():
    return dict.fromkeys(HOSTS)


NETMON = from_kernel(LLC(dsap=0, ssap=0, ctrl=3) / Raw(b"bone" + bytes(40)), "03:00:00:00:00:02", type=47)
LLDP = from_kernel(Raw(b"\2\7\4\2\x70\x63\x61\x70\1\4\2\7\1\6\2\0\x78\0\0"), "01:80:c2:00:00:0e", type=0x88CC)
ASKS_FOR_ADDRESS = from_kernel(
    IP(src="0.0.0.0", dst="255.255.255.255", id=7) / UDP(sport=68, dport=67)
    / BOOTP(chaddr=bytes.fromhex(KERNEL.replace(":", "")), flags=0x8000) / DHCP(options=[("message-type", "discover"), "end"]),
    BROADCAST_MAC)
ANSWER = from_kernel(from_vip(170, TCP(sport=80, dport=40170, flags="SA")))

REPORTS = [
    FromInside(
        kind="LLC frames of a monitor do not teach the switch the cluster's MAC",
        source="https://helparchive.huntertur.net/viewer/document/73013",
        looked_like="A network monitor sends LLC frames below the driver that masks; the switch learns a port, and the cluster stops.",
        packets=[NETMON], expect=[masked(NETMON)]),
    FromInside(
        kind="LLDP and answers do not teach the switch the cluster's MAC",
        source="https://www.itprotoday.com/management-mobility/special-note-switched-environments",
        looked_like="A switch learns the MAC of the cluster at one port, and all requests go to one host.",
        packets=[LLDP, ANSWER], expect=[masked(LLDP), masked(ANSWER)]),
    FromInside(
        kind="an announcement at start does not teach the switch the cluster's MAC",
        source="https://support.microsoft.com/en-us/kb/261957",
        looked_like="When a host starts, its switch learns the cluster's MAC, and for minutes one host gets everything.",
        packets=[arp(1, VIP, VIP, KERNEL, KERNEL)],
        expect=[{host: arp(1, VIP, VIP, cluster.STATION[host], cluster.CLUSTER_MAC) for host in HOSTS}]),
    FromInside(
        kind="no host tells another that the virtual address is a duplicate",
        source="https://zcusa.951200.xyz/fr-fr/previous-versions/windows/it-pro/windows-server-2003/cc781160(v=ws.10)",
        looked_like="After a restart the system says that its address is in conflict with another system on the network.",
        packets=[arp(1, "0.0.0.0", VIP, KERNEL, KERNEL)], expect=[nothing()]),
    FromInside(
        kind="multicast mode: the gateway is asked in a way that routers answer",
        source=f"{KB}/960916",
        looked_like="A host asks for its gateway with the virtual address and a group MAC; routers do not answer, and clients wait.",
        packets=[arp(1, VIP, "192.0.2.1", KERNEL, KERNEL)],
        expect=[{host: arp(1, cluster.DEDICATED[host], "192.0.2.1", PORT, PORT) for host in HOSTS}], link="multicast"),
    FromInside(
        kind="DHCP requests of a server leave from its station",
        source="https://github.com/kube-vip/kube-vip/issues/871",
        looked_like="The switch has no port for the MAC that a lease is renewed with, and the answer never comes.",
        packets=[ASKS_FOR_ADDRESS], expect=[masked(ASKS_FOR_ADDRESS)]),
    FromInside(
        kind="a server cannot speak for the cluster",
        source="https://github.com/rcbops/chef-cookbooks/issues/379",
        looked_like="Two clusters in one broadcast domain hear one another's adverts and tell of bogus packets.",
        packets=[from_kernel(Raw(b"\xff" * 60), BROADCAST_MAC, type=0x88B5), from_kernel(Raw(b"\xff" * 60), CLIENT_MAC, type=0x88B5)],
        expect=[nothing(), nothing()]),
]
