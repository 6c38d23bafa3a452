"""core's keyed affinity hash against the model: pinned vectors, random clients of both families, and what each affinity leaves out."""

import ipaddress
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import affinity
import probe

ZEROS = (0, 0, 0, 0)
KEY = (0x0123456789ABCDEF, 0xFEDCBA9876543210, 0x0F1E2D3C4B5A6978, 0x8796A5B4C3D2E1F0)
# A change of one of these splits every running cluster: key, affinity, client, port, hash.
PINNED = [
    (ZEROS, "single", "::", 0, 0xAC4058C7),
    (ZEROS, "single", "198.51.100.7", 0, 0x260E496E),
    (KEY, "single", "198.51.100.7", 40000, 0x460AD0E5),
    (KEY, "none", "198.51.100.7", 40000, 0x842B9A43),
    (KEY, "single", "2001:db8::7", 65535, 0xD1323769),
    (KEY, "none", "2001:db8::7", 65535, 0xCD74B779),
]


def random_client(chance):
    """Half IPv4; addresses of mostly zeros and of mostly ones are among the others."""
    kind = chance.randrange(8)
    if kind < 4:
        return str(ipaddress.IPv4Address(chance.getrandbits(32)))
    if kind == 4:
        return str(ipaddress.IPv6Address(chance.getrandbits(32)))
    if kind == 5:
        return str(ipaddress.IPv6Address(2**128 - 1 - chance.getrandbits(8)))
    return str(ipaddress.IPv6Address(chance.getrandbits(128)))


class AffinityHash(unittest.TestCase):
    def ask(self, cases):
        return probe.ask([probe.hash_question(key, kind, affinity.sixteen_bytes(client), port) for key, kind, client, port in cases])

    def test_the_pinned_vectors_hold_for_core_and_for_the_model(self):
        answers = self.ask([case[:4] for case in PINNED])
        for (key, kind, client, port, hashed), (answer, _) in zip(PINNED, answers):
            self.assertEqual(answer, hashed, f"core: {kind} {client} {port}")
            self.assertEqual(affinity.client_hash(key, kind, client, port), hashed, f"model: {kind} {client} {port}")

    def test_20000_random_clients_have_the_same_hash_and_bucket(self):
        chance = random.Random(6)
        cases = []
        for _ in range(20_000):
            key = tuple(chance.getrandbits(64) for _ in range(4))
            cases.append((key, chance.choice(probe.AFFINITIES), random_client(chance), chance.getrandbits(16)))
        for case, (hashed, bucket) in zip(cases, self.ask(cases)):
            expected = affinity.client_hash(*case)
            self.assertEqual((hashed, bucket), (expected, affinity.bucket_of(expected)), str(case))

    def test_what_an_affinity_leaves_out_does_not_matter(self):
        chance = random.Random(7)
        for first, second in (("198.51.100.7", "198.51.100.201"), ("2001:db8:1:2::7", "2001:db8:1:2:ffff::")):
            same = self.ask([(KEY, "network", client, chance.getrandbits(16)) for client in (first, second)])
            self.assertEqual(same[0], same[1])
            ports = self.ask([(KEY, "single", first, chance.getrandbits(16)) for _ in range(50)])
            self.assertEqual(len({tuple(answer) for answer in ports}), 1)


if __name__ == "__main__":
    tap.main()
