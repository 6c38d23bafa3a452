"""The model of the keyed affinity hash and of the keys it gets, written from the words of this folder's README.

Python's own big integers, ipaddress and hashlib do the work; nothing is taken over from core/tables/affinity_hash or libsodium.
"""

import hashlib
import ipaddress
import math
import struct

WORD = 1 << 64
# Wang Yi's four constants, and 2^64 divided by the golden ratio, rounded down (which leaves it odd).
SALTS = (0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3)
GOLDEN = (math.isqrt(5 << 128) - WORD) // 2


def sixteen_bytes(client):
    """IPv4 as ::ffff:a.b.c.d."""
    address = ipaddress.ip_address(client)
    return bytes(10) + b"\xff\xff" + address.packed if address.version == 4 else address.packed


def affinity_hash(key, client, port):
    """`key` is four words; the answer has 32 bits."""
    high, low = struct.unpack(">QQ", sixteen_bytes(client))
    upper, lower = divmod((high ^ key[0] ^ SALTS[0]) * (low ^ key[1] ^ SALTS[1]), WORD)
    upper, lower = divmod((lower ^ key[2] ^ SALTS[2]) * (upper ^ port * GOLDEN % WORD ^ key[3] ^ SALTS[3]), WORD)
    return (upper ^ lower) & 0xFFFFFFFF


def client_hash(key, affinity, client, port):
    """none: address and port; single: the address; network: the /24 or the /64 of it."""
    if affinity == "network":
        prefix = 24 if ipaddress.ip_address(client).version == 4 else 64
        client = str(ipaddress.ip_network(f"{client}/{prefix}", strict=False).network_address)
    return affinity_hash(key, client, port if affinity == "none" else 0)


def bucket_of(hashed):
    """The hash as a fraction of 2^32, times 60, rounded down."""
    return hashed * 60 // 2**32


def hash_key_of(cluster_key):
    """libsodium's crypto_kdf, version 1, context "nlb-hash": BLAKE2b keyed with the 32 bytes of the key file."""
    derived = hashlib.blake2b(key=cluster_key, salt=struct.pack("<QQ", 1, 0), person=b"nlb-hash".ljust(16, b"\0"), digest_size=32)
    return struct.unpack("<4Q", derived.digest())
