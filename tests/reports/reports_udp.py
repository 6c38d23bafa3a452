"""Reports about UDP and about sessions that no port holds together: IPsec, PPTP, L2TP, GRE, SCTP."""

from scapy.layers.inet import UDP
from scapy.packet import Raw

import cluster
from case import default_host, everyone, someone
from cases_sessions import ESP, GRE, IN_ESP, PPP_IN_GRE, esp_in_udp, ike, portless
from packets import ethernet, ip, port, tcp, udp
from report import Packets

VIP2, VIP6 = cluster.VIP2, cluster.VIP6
NEW, OWNER = someone("accept new_flow"), someone("accept owner")
SCTP_INIT = bytes.fromhex("0f1c0f1c00000000000000000100001400000001000100000001000100000001")


def question(number, checksum=None, data=b"question", destination=cluster.VIP):
    return ethernet(ip(number, UDP(sport=port(number), dport=53, chksum=checksum) / Raw(data), destination))


REPORTS = [
    Packets(
        kind="UDP: no checksum",
        source="https://github.com/alibaba/LVS/issues/8",
        looked_like="Datagrams without a checksum arrive with a wrong one, and the server's kernel drops them.",
        packets=[question(80, 0), question(81, 0, destination=VIP6)],
        expect=[OWNER, OWNER], one_host=False),
    Packets(
        kind="UDP: no data",
        source="https://github.com/envoyproxy/envoy/pull/46613",
        looked_like="Datagrams without data never reach the server.",
        packets=[question(82, data=b""), question(83, data=b"", destination=VIP6)],
        expect=[OWNER, OWNER], one_host=False),
    Packets(
        kind="UDP: a client whose port changes",
        source="https://github.com/facebookincubator/katran/issues/186",
        looked_like="A QUIC client behind a translator that changes its port is sent to another server.",
        packets=[udp(84, to_port=8080, from_port=source) for source in (443, 50000, 50001)],
        expect=[OWNER] * 3),
    Packets(
        kind="UDP: every datagram by itself",
        source="https://github.com/acassen/keepalived/issues/795",
        looked_like="Datagrams of a service with one-packet scheduling are not forwarded, although it is configured.",
        packets=[udp(85, from_port=source) for source in (5000, 5000, 5000)],
        expect=[OWNER] * 3),
    Packets(
        kind="IPsec: IKE that goes on at port 4500",
        source="https://github.com/yyyar/gobetween/issues/228",
        looked_like="A client's IKE begins at port 500 and goes on at 4500, where another server is chosen.",
        packets=[ike(86), ike(86, 35, 4500, from_port=61000), esp_in_udp(86)],
        expect=[NEW, OWNER, OWNER]),
    Packets(
        kind="IPsec: keep-alives of address translation",
        source="https://github.com/trailofbits/algo/issues/520",
        looked_like="Clients behind one translated address cannot connect again until the former attempt is forgotten.",
        packets=[ike(87), esp_in_udp(87), ethernet(ip(87, UDP(sport=61000, dport=4500) / Raw(b"\xff"))), ike(87, from_port=61001),
                 esp_in_udp(87)],
        expect=[NEW, OWNER, OWNER, OWNER, OWNER]),
    Packets(
        kind="IPsec: everything of one client at one host",
        source="https://mskb.pkisolutions.com/kb/972183",
        looked_like="Connections inside IPsec end up at several hosts, since the balancer sees addresses only.",
        packets=[ike(88), ike(88, 35), portless(88, ESP, IN_ESP), esp_in_udp(88), portless(88, ESP, IN_ESP + b"more")],
        expect=[NEW, OWNER, OWNER, OWNER, OWNER]),
    Packets(
        kind="PPTP: the tunnel goes where its control connection goes",
        source="https://www.betaarchive.com/wiki/index.php/Microsoft_KB_Archive/248346",
        looked_like="VPN sessions are torn down when a host joins: only PPTP's control connection can be tracked.",
        packets=[tcp(89, to_port=1723), portless(89, GRE, PPP_IN_GRE), portless(89, GRE, PPP_IN_GRE + b"more")],
        expect=[NEW, OWNER, OWNER]),
    Packets(
        kind="GRE: to a virtual address, of nobody's session",
        source="https://github.com/cilium/cilium/pull/42476",
        looked_like="GRE to a service address is sent back to the network and circles until its time to live is over.",
        packets=[portless(90, GRE, PPP_IN_GRE), portless(91, GRE, PPP_IN_GRE[:3])],
        expect=[NEW, everyone("drop transport_header")]),
    Packets(
        kind="SCTP: both addresses of an association",
        source="https://github.com/loxilb-io/loxilb/issues/1078",
        looked_like="The second address of a multi-homed association is announced and never reachable.",
        packets=[portless(92, 132, SCTP_INIT), portless(92, 132, SCTP_INIT, VIP2)],
        expect=[default_host()] * 2),
    Packets(
        kind="a port that no rule covers",
        source="https://github.com/FDio/vpp/issues/3106",
        looked_like="A packet to the right address and a wrong port ends the program.",
        packets=[tcp(93, to_port=9), udp(93, to_port=9), tcp(94, to_port=9, destination=VIP6)],
        expect=[default_host("accept new_flow"), default_host(), default_host("accept new_flow")]),
    Packets(
        kind="a port that no rule covers never circles",
        source="https://github.com/cilium/cilium/pull/40684",
        looked_like="What no service covers is routed back, and the router sends it again.",
        packets=[udp(95, to_port=4444, ttl=64), udp(95, to_port=4444, ttl=63)],
        expect=[default_host()] * 2),
    Packets(
        kind="ports: 0, 65535, and the ends of a range",
        source="https://learn.microsoft.com/en-us/powershell/module/networkloadbalancingclusters/add-nlbclusterportrule",
        looked_like="A rule is a range from its first to its last port; what lies beside it is the default host's.",
        packets=[tcp(96, to_port=0), tcp(96, to_port=99), tcp(96, to_port=100), tcp(96, to_port=200), tcp(96, to_port=201),
                 tcp(96, to_port=65535), udp(96, to_port=0)],
        expect=[default_host("accept new_flow"), default_host("accept new_flow"), everyone("drop rule_disabled"),
                everyone("drop rule_disabled"), default_host("accept new_flow"), default_host("accept new_flow"), default_host()]),
]
