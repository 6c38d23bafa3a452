"""Reports about TCP: ports that are used again, resets, flows whose beginning nobody saw, floods, and headers that lie."""

from scapy.layers.inet import IP, TCP, UDP, Ether
from scapy.packet import Raw

import cluster
from case import everyone, someone
from packets import changed, ethernet, ip, port, rechecked, tcp
from report import Flood, Packets

NEW, OWNER = someone("accept new_flow"), someone("accept owner")
COOKIE = (34, bytes(8))  # option 34 of RFC 7413
STRANGERS = 4000


def segment(number, flags, data=b"", **fields):
    body = TCP(**{"sport": port(number), "dport": 80, "flags": flags, "seq": 1000, **fields})
    return ethernet(ip(number, body / Raw(data) if data else body))


def flood():
    """SYNs of addresses that nobody has, and in the end what a client goes on to say whose flow is older than all of them."""
    strangers = [bytes(Ether(dst=cluster.CLUSTER_MAC, src="00:1b:21:aa:bb:cc") / IP(src=f"10.{k >> 8}.{k & 255}.9", dst=cluster.VIP)
                       / TCP(sport=1024 + k, dport=80, flags="S")) for k in range(STRANGERS)]
    return [tcp(70), tcp(70, "A"), *strangers, tcp(70, "A")]


def survives(outcomes):
    """Each SYN is taken by its owner or shed there; no host takes another's; the old flow goes on."""
    taken = ("accept new_flow", "accept untracked_flow", "drop syn_shed")
    for by_host in outcomes[2:-1]:
        owners = [reason for reason in by_host.values() if reason in taken]
        others = [reason for reason in by_host.values() if reason not in taken]
        if len(owners) != 1 or set(others) != {"reject not_owner"}:
            return f"expected one owner and three others, got {by_host}"
    return someone("accept owner").mistake(outcomes[-1])


REPORTS = [
    Packets(
        kind="SYN: the same one again",
        source="https://github.com/moby/moby/issues/35082",
        looked_like="A SYN whose ports were used before is dropped once, and each such connection takes a second longer.",
        packets=[tcp(40), tcp(40), tcp(40)],
        expect=[NEW, OWNER, OWNER]),
    Packets(
        kind="SYN: a port that a reset freed",
        source="https://github.com/kubernetes/kubernetes/issues/81775",
        looked_like="A SYN from a port that was used before is sent to a server that is gone, or dropped.",
        packets=[tcp(41), tcp(41, "A"), tcp(41, "R"), tcp(41), tcp(41, "A")],
        expect=[NEW, OWNER, OWNER, NEW, OWNER]),
    Packets(
        kind="SYN: a new flow does not follow an old entry",
        source="https://github.com/facebookincubator/katran/issues/14",
        looked_like="All look-ups miss: each SYN counts as a new connection, also one that is only sent again.",
        packets=[tcp(42), tcp(42, "R"), tcp(42), tcp(42, "PA", data=b"GET /")],
        expect=[NEW, OWNER, NEW, OWNER]),
    Packets(
        kind="RST: one from the client does not end what goes on",
        source="https://github.com/cilium/cilium/issues/11742",
        looked_like="After a single reset the entry is closed, and what still comes of the connection is dropped.",
        packets=[tcp(43), tcp(43, "A"), tcp(43, "R"), tcp(43, "PA", data=b"more"), tcp(43, "FA")],
        expect=[NEW, OWNER, OWNER, OWNER, OWNER]),
    Packets(
        kind="RST: blind, with a guessed sequence",
        source="https://github.com/FDio/tldk/issues/3",
        looked_like="Any reset inside the window ends a connection (RFC 5961, section 3).",
        packets=[tcp(44), tcp(44, "A"), segment(44, "R", seq=999_000_000), segment(44, "R", seq=5), tcp(44, "PA", data=b"x")],
        expect=[NEW, OWNER, OWNER, OWNER, OWNER]),
    Packets(
        kind="mid-flow: data whose SYN nobody saw",
        source="https://github.com/cilium/cilium/issues/32091",
        looked_like="When a backend is lost, data of its flows reaches another one, whose answer comes from the wrong address.",
        packets=[tcp(45, "PA", data=b"GET /"), tcp(46, "A", destination=cluster.VIP6)],
        expect=[OWNER, OWNER], one_host=False),
    Packets(
        kind="mid-flow: an ACK without a SYN",
        source="https://github.com/iqiyi/dpvs/issues/956",
        looked_like="ACKs whose SYN was never seen fill the log with failed cookie checks.",
        packets=[tcp(47, "A"), tcp(47, "A", from_port=2)],
        expect=[OWNER, OWNER]),
    Packets(
        kind="SYN with data, and TCP Fast Open",
        source="https://github.com/cilium/cilium/pull/9473",
        looked_like="What is added to SYNs leaves no room where a SYN carries data already.",
        packets=[segment(48, "S", b"GET / HTTP/1.0\r\n\r\n"),
                 segment(49, "S", b"z" * 1400, options=[COOKIE, ("NOP", None), ("NOP", None)])],
        expect=[NEW, NEW], one_host=False),
    Packets(
        kind="simultaneous close, and the port again",
        source="https://github.com/cilium/cilium/issues/45863",
        looked_like="Entries are deleted while the other end still waits, and the next SYN meets a challenge ACK.",
        packets=[tcp(50), tcp(50, "A"), tcp(50, "FA"), tcp(50, "A"), tcp(50, "A")],
        expect=[NEW, OWNER, OWNER, OWNER, OWNER]),
    Packets(
        kind="simultaneous open: a SYN and a SYN-ACK from the client",
        source="https://github.com/ausimian/tricep/issues/105",
        looked_like="Two peers that open at once send SYNs that cross; both are ignored until the time-out.",
        packets=[tcp(51), tcp(51, "SA"), tcp(51, "A")],
        expect=[NEW, OWNER, OWNER]),
    Packets(
        kind="keep-alive: an old byte after hours",
        source="https://github.com/facebookincubator/katran/issues/80",
        looked_like="A connection that sends a keep-alive every hour loses its entry to newer ones.",
        packets=[tcp(52), tcp(52, "A"), segment(52, "A", b"\0", seq=999), segment(53, "A", b"\0", seq=999)],
        expect=[NEW, OWNER, OWNER, OWNER], one_host=False),
    Packets(
        kind="headers that lie: TCP offset, UDP length, IP length",
        source="https://github.com/NetSys/bess/pull/594",
        looked_like="Headers longer than their packet make a length wrap, and the program dies while it sums.",
        packets=[changed(tcp(54), 46, 0x40), changed(tcp(55), 46, 0xF0), rechecked(changed(tcp(56), 16, 0, 19)), tcp(57)[:33],
                 ethernet(ip(58, UDP(sport=1, dport=53, len=7) / Raw(b"abcd"))),
                 ethernet(ip(59, UDP(sport=1, dport=53, len=900) / Raw(b"a")))],
        expect=[everyone(f"drop {reason}") for reason in ("transport_header", "transport_header", "ip_total_length", "truncated",
                                                          "transport_header", "transport_header")]),
    Flood(
        kind="SYN flood: half-open flows of nobody",
        source="https://github.com/iqiyi/dpvs/issues/198",
        looked_like="Two million SYNs a second of addresses that nobody has exhaust the queues, and clients are not served.",
        packets=flood(),
        expect=survives),
]
