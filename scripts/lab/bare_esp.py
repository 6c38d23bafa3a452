"""Takes the UDP header off ESP packets that leave a namespace, and puts one on those that come in: ESP in UDP inside, protocol 50 outside.

For IPsec in user space, which speaks ESP in UDP only. IKE on the same port passes as it is. The packets themselves are strongSwan's.
Run in a namespace by divert(), which also routes the packets here: python3 -m lab.bare_esp
"""

import fcntl
import os
import select
import socket
import struct

from . import prober, system

DEVICE = "bareesp"
TABLE = "50"
NAT_PORT = 4500
ESP, UDP = 50, 17
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def divert(lab, name, namespace):
    """Starts the program, and brings what leaves from port 4500 to port 4500 to it."""
    process = lab.python(f"bare-esp-{name}", "bare_esp", namespace=namespace).start()
    found = ("ip", "-n", namespace, "-br", "link", "show")
    system.wait_until(lambda: DEVICE in system.run(*found), 10, f"{name}: {DEVICE}")
    system.run("ip", "-n", namespace, "link", "set", DEVICE, "mtu", "1600", "up")
    system.run("ip", "-n", namespace, "route", "add", "default", "dev", DEVICE, "table", TABLE)
    ports = ("ipproto", "udp", "sport", str(NAT_PORT), "dport", str(NAT_PORT))
    system.run("ip", "-n", namespace, "rule", "add", "priority", "50", *ports, "lookup", TABLE)
    return process


def open_tun():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def with_protocol(header, protocol, payload):
    """An IPv4 packet with the header's addresses."""
    head = bytearray(header[:20])
    head[0] = 0x45
    head[2:4] = struct.pack(">H", 20 + len(payload))
    head[9] = protocol
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack(">H", prober.checksum(bytes(head)))
    return bytes(head) + payload


def stripped(packet):
    """What leaves: ESP without its UDP header; IKE (four zero bytes first) and signs of life (one byte) as they are."""
    if packet[0] >> 4 != 4 or packet[9] != UDP:
        return None
    start = (packet[0] & 15) * 4 + 8
    is_esp = len(packet) > start + 8 and packet[start : start + 4] != bytes(4)
    return with_protocol(packet, ESP, packet[start:]) if is_esp else packet


def wrapped(packet):
    """What comes in: ESP behind a UDP header without a checksum (RFC 3948 2.1)."""
    payload = packet[(packet[0] & 15) * 4 :]
    return with_protocol(packet, UDP, struct.pack(">HHHH", NAT_PORT, NAT_PORT, 8 + len(payload), 0) + payload)


def main():
    tun = open_tun()
    incoming = socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP)
    outgoing = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    while True:
        readable, _, _ = select.select((tun, incoming), (), ())
        if tun in readable and (packet := stripped(os.read(tun, 4096))) is not None:
            outgoing.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
        if incoming in readable:
            os.write(tun, wrapped(incoming.recv(4096)))


if __name__ == "__main__":
    main()
