"""Golden cases of remote control: its datagrams are consumed by every host that could be meant, before any port rule is asked."""

import cluster
from case import case, default_host, everyone, only
from cases_fragments import cut4, datagram
from packets import tcp, udp

PORT = 2504
CONSUMED = "consume remote_control"
TO_ANOTHER = "reject other_host"


def at_dedicated(host, number, address):
    return case(f"a datagram for remote control at {host}'s own address {address} is {host}'s alone",
                udp(number, to_port=PORT, destination=address), only(host, CONSUMED, TO_ANOTHER))


CASES = [
    case("a datagram for remote control at the primary address is every host's", udp(190, to_port=PORT), everyone(CONSUMED)),
    case("the same at another virtual address", udp(191, to_port=PORT, destination=cluster.VIP2), everyone(CONSUMED)),
    case("the same over IPv6", udp(192, to_port=PORT, destination=cluster.VIP6), everyone(CONSUMED)),
    case("an empty datagram is consumed too", udp(193, to_port=PORT, data=b""), everyone(CONSUMED)),
    at_dedicated("edge2", 194, cluster.DEDICATED["edge2"]),
    at_dedicated("edge3", 195, cluster.DEDICATED6["edge3"]),
    case("TCP to that port is the default host's", tcp(196, to_port=PORT), default_host("accept new_flow")),
    case("UDP to the port beside it is the default host's", udp(197, to_port=PORT + 1), default_host()),
    case("UDP from that port is no matter of remote control", udp(198, to_port=5061, from_port=PORT), default_host()),
    case("a request comes in one piece: a first fragment goes by the port rules",
         cut4(199, datagram(199, to_port=PORT), 0, 1480), default_host()),
]
