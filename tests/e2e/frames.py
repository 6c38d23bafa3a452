"""Sends raw frames from a namespace, and reads ARP out of captured ones. For what no ordinary program would send."""

import socket
import struct
import sys

SENDER = """
import socket, sys
device = sys.argv[1]
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind((device, 0))
    for line in sys.stdin:
        raw.send(bytes.fromhex(line))
"""
BROADCAST = "ff" * 6


def send(process_runner, namespace, device, frames):
    """Sends these frames (bytes, from the Ethernet header on) in order."""
    text = "\n".join(frame.hex() for frame in frames)
    process_runner(sys.executable, "-c", SENDER, device, namespace=namespace, text=text)


def ethernet(destination, source, ethertype, payload):
    return bytes.fromhex(destination.replace(":", "") + source.replace(":", "")) + struct.pack(">H", ethertype) + payload


def arp_request(source_mac, source, target):
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + bytes.fromhex(source_mac.replace(":", ""))
    body += socket.inet_aton(source) + bytes(6) + socket.inet_aton(target)
    return ethernet(BROADCAST, source_mac, 0x0806, body)


def arp_replies(captured, address):
    """(port, MAC in the body) of every ARP reply that speaks for an address."""
    wanted = socket.inet_aton(address)
    for frame in captured:
        body = frame.payload
        if frame.ethertype == 0x0806 and len(body) >= 28 and body[6:8] == b"\0\2" and body[14:18] == wanted:
            yield frame.port, body[8:14].hex(":")


def echo_replies(captured):
    """(port, identifier, sequence) of every ICMP echo reply."""
    for frame in captured:
        packet = frame.payload
        if frame.ethertype == 0x0800 and len(packet) >= 28 and packet[9] == 1 and packet[20] == 0:
            yield frame.port, *struct.unpack_from(">HH", packet, 24)
