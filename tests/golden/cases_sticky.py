"""Golden cases of a rule with a time-out, whose packets take a stage of their own: on tables that do not change they are balanced like any
others, and the table of clients makes no difference. What happens when buckets move is the simulator's and the lab's to show.
"""

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1Q

import cluster
from case import case, everyone, someone, story
from packets import changed, client, ethernet, icmp_error, port, tcp, udp

NEW, OWNER = "accept new_flow", "accept owner"
SHOP = 8080


def _shop(number, flags="S", **keys):
    return tcp(number, flags, to_port=SHOP, **keys)


CASES = [
    case("a SYN to a rule with a time-out opens a flow at its bucket's owner alone", _shop(151), someone(NEW)),
    story("a client of such a rule comes again and again to one host", (_shop(152), someone(NEW)),
          (_shop(152, from_port=1024), someone(NEW)), (_shop(152, from_port=65535), someone(NEW)),
          (tcp(152, to_port=SHOP + 1), someone(NEW))),
    story("a whole flow of such a rule stays at one host", (_shop(153), someone(NEW)), (_shop(153, "A"), someone(OWNER)),
          (_shop(153, "PA", data=b"GET /"), someone(OWNER)), (_shop(153, "FA"), someone(OWNER)), (_shop(153, "A"), someone(OWNER))),
    story("a client that ended its connection is at the same host when it comes again", (_shop(154), someone(NEW)),
          (_shop(154, "R"), someone(OWNER)), (_shop(154), someone(NEW))),
    case("data without a descriptor goes to the owner there too", _shop(155, "PA", data=b"GET /"), someone(OWNER)),
    story("datagrams of one client go to one host, whatever their ports", (udp(156, to_port=SHOP), someone(OWNER)),
          (udp(156, to_port=SHOP, from_port=9), someone(OWNER)), (udp(156, to_port=SHOP + 1), someone(OWNER)), (_shop(156), someone(NEW))),
    story("an error about such a datagram goes where the datagram went", (udp(157, to_port=SHOP), someone(OWNER)),
          (icmp_error(IP(src=cluster.VIP, dst=client(157)) / UDP(sport=SHOP, dport=port(157))), someone(OWNER))),
    case("a SYN over IPv6 to a rule with a time-out opens a flow at its bucket's owner alone",
         _shop(158, destination=cluster.VIP6), someone(NEW)),
    case("a priority tag changes nothing for a rule with a time-out",
         ethernet(Dot1Q(vlan=0, prio=1) / IP(_shop(159)[14:])), someone(NEW)),
    case("a damaged header is dropped before anybody is remembered", changed(_shop(160), 24, 0xFF), everyone("drop ip_checksum")),
]
