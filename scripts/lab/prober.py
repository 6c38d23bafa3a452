"""Sends a SYN from each of some addresses every few milliseconds, and nothing more; the capture says who answered when.

TCP's own first retry comes after a second, far too late to see a failover of a tenth of that. The kernel knows nothing of
these SYNs and answers each SYN-ACK with a RST by itself, so no server keeps a trace of them.
Run inside the clients' namespace: python3 -m lab.prober --target ADDRESS --sources A,B,... --seconds S
"""

import argparse
import random
import socket
import struct
import time

# Below the range that the clients' kernel picks from.
PORTS = range(1024, 2000)


def checksum(content):
    if len(content) % 2:
        content += b"\0"
    total = sum(struct.unpack(f">{len(content) // 2}H", content))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def syn(source, target, source_port, target_port, sequence):
    """An IPv4 packet; the kernel fills in the IP checksum."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, sequence & 0xFFFF, 0x4000, 64, 6, 0, source, target)
    tcp = struct.pack(">HHIIBBHHH", source_port, target_port, sequence, 0, 5 << 4, 2, 1024, 0, 0)
    pseudo = source + target + struct.pack(">BBH", 0, 6, len(tcp))
    return header + tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]


def probe(target, port, sources, interval, seconds):
    """One SYN per source and interval, evenly spread, always with a port and sequence number of its own."""
    chance = random.Random()
    addresses = [socket.inet_aton(source) for source in sources]
    goal = socket.inet_aton(target)
    step = interval / len(addresses)
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        end = time.monotonic() + seconds
        due = time.monotonic()
        while (now := time.monotonic()) < end:
            # When we were kept from running, one round is made up for; older ones stay missed.
            due = max(due, now - interval)
            while due <= now:
                turn, place = divmod(sent, len(addresses))
                packet = syn(addresses[place], goal, PORTS[turn % len(PORTS)], port, chance.getrandbits(32))
                raw.sendto(packet, (target, 0))
                sent += 1
                due += step
            time.sleep(max(0.0005, due - time.monotonic()))
    return sent


def main():
    parser = argparse.ArgumentParser(description="SYN prober")
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--sources", required=True)
    parser.add_argument("--interval-ms", type=float, default=8.0)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    probe(options.target, options.port, options.sources.split(","), options.interval_ms / 1000, options.seconds)


if __name__ == "__main__":
    main()
