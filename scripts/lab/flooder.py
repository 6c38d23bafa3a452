"""Sends cluster frames that no host of the cluster made, as fast as one socket takes them: forged ones, garbage, and recordings.

Forged ones are real heartbeats with a later sequence, another tag and another seal, under the source address of the host they claim
to be from; of everything that a stranger can know they are right.
Run inside the clients' namespace: python3 -m lab.flooder --device eth0 --recording FILE --count N --kind forged|garbage|replay|mixed
The recording holds real frames from their Ethernet header on, one a line, in hexadecimal.
"""

import argparse
import random
import socket
import time

DIFFERENT = 2048  # frames are made before the flood begins, and sent in turn
ETHERNET_BYTES = 14
TAG, SEQUENCE, SEAL = slice(26, 42), slice(58, 66), slice(75, 78)  # in a frame with its Ethernet header
KINDS = ("forged", "garbage", "replay")


def forged(chance, recorded):
    frame = bytearray(chance.choice(recorded))
    frame[SEQUENCE] = (int.from_bytes(frame[SEQUENCE], "big") + chance.randrange(1, 10**6)).to_bytes(8, "big")
    frame[TAG], frame[SEAL] = chance.randbytes(16), chance.randbytes(3)
    return bytes(frame)


def garbage(chance, recorded):
    return chance.choice(recorded)[:ETHERNET_BYTES] + chance.randbytes(chance.randrange(46, 1500))


def replay(chance, recorded):
    return chance.choice(recorded)


def frames_of(kind, recorded):
    chance = random.Random(1)
    makers = {"forged": forged, "garbage": garbage, "replay": replay}
    kinds = KINDS if kind == "mixed" else (kind,)
    return [makers[kinds[turn % len(kinds)]](chance, recorded) for turn in range(DIFFERENT)]


def send(device, frames, count):
    """Returns the seconds it took."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((device, 0))
        send_one = raw.send
        began = time.monotonic()
        for turn in range(count):
            send_one(frames[turn % DIFFERENT])
        return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description="flood of frames that no host made")
    parser.add_argument("--device", required=True)
    parser.add_argument("--recording", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--kind", choices=(*KINDS, "mixed"), default="mixed")
    options = parser.parse_args()
    with open(options.recording) as lines:
        recorded = [bytes.fromhex(line) for line in lines]
    print(f"{send(options.device, frames_of(options.kind, recorded), options.count):.3f}")


if __name__ == "__main__":
    main()
