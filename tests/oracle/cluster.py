"""The cluster that the oracle knows: its configuration, and who owns which bucket of which rule, computed from the specification.
Hash, key derivation, shares and bucket order are written here a second time, from the documents.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

HOSTS = ("edge1", "edge2", "edge3", "edge4")
BUCKETS = 60
KEY = bytes(range(101, 133))
VIPS = tuple(ipaddress.ip_address(text).packed for text in ("192.0.2.80", "192.0.2.81", "2001:db8::80"))
DEDICATED = {ipaddress.ip_address(f"{prefix}{10 + number}").packed: name
             for number, name in enumerate(HOSTS, 1) for prefix in ("192.0.2.", "2001:db8::")}
SUBNET_BROADCAST = bytes((192, 0, 2, 255))
STATIONS = {bytes((2, number, 192, 0, 2, 80)): name for number, name in enumerate(HOSTS, 1)}
CLUSTER_MAC = bytes((2, 0xBF, 192, 0, 2, 80))
DEFAULT_HOST = "edge1"
MASK64 = (1 << 64) - 1


@dataclass
class Rule:
    name: str
    first: int
    last: int
    protocols: str
    mode: str = "multiple"
    affinity: str = "single"
    vip: str = ""
    weights: tuple = (1, 1, 1, 1)
    priorities: tuple = (1, 2, 3, 4)

    def covers(self, vip, protocol, port):
        named = not self.vip or ipaddress.ip_address(self.vip).packed == vip
        return named and protocol in self.protocols and self.first <= port <= self.last


RULES = (
    Rule("http", 80, 80, "tcp", weights=(70, 30, 60, 50)),
    Rule("http2", 80, 80, "tcp", affinity="none", vip="192.0.2.81", weights=(1, 0, 0, 2)),
    Rule("dns", 53, 53, "tcp udp", affinity="none"),
    Rule("campus", 8080, 8080, "tcp udp", affinity="network", weights=(3, 7, 11, 13)),
    Rule("admin", 8443, 8443, "tcp", mode="single", vip="192.0.2.81", priorities=(4, 3, 1, 2)),
    Rule("closed", 100, 200, "tcp udp", mode="disabled"),
    Rule("ike", 500, 500, "udp", affinity="none", weights=(9, 10, 11, 12)),
    Rule("pptp", 1723, 1723, "tcp"),
)


def rule_of(vip, protocol, port):
    """A rule for this address beats one for all; None: no rule covers it."""
    fitting = [rule for rule in RULES if rule.covers(vip, protocol, port)]
    return next((rule for rule in fitting if rule.vip), fitting[0] if fitting else None)


def shares(weights):
    """How many buckets each host gets: by largest remainder, ties to the lower id."""
    total = sum(weights)
    counts = [BUCKETS * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(BUCKETS * weights[i] % total), i))
    for i in by_remainder[:BUCKETS - sum(counts)]:
        counts[i] += 1
    return counts


def owners(rule):
    """The host of each bucket, where nobody held any before: in the order of ids."""
    if rule is None:
        return [DEFAULT_HOST] * BUCKETS
    if rule.mode == "single":
        return [HOSTS[rule.priorities.index(min(rule.priorities))]] * BUCKETS
    return [name for name, count in zip(HOSTS, shares(rule.weights)) for _ in range(count)]


OWNERS = {rule.name if rule else "default": owners(rule) for rule in (*RULES, None)}


def hash_words():
    """libsodium's crypto_kdf: BLAKE2b keyed with the master key, the subkey's number as salt, the context as personality."""
    derived = hashlib.blake2b(key=KEY, digest_size=32, salt=(1).to_bytes(16, "little"), person=b"nlb-hash".ljust(16, b"\0")).digest()
    return [int.from_bytes(derived[i:i + 8], "little") for i in range(0, 32, 8)]


WORDS = hash_words()
SALT = (0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3)


def bucket_of(client, port):
    """The bucket of a client's address, as sixteen bytes, and the port that its affinity lets count."""
    if len(client) == 4:
        client = bytes(10) + b"\xff\xff" + client
    high = int.from_bytes(client[:8], "big")
    low = int.from_bytes(client[8:], "big")
    product = (high ^ WORDS[0] ^ SALT[0]) * (low ^ WORDS[1] ^ SALT[1])
    product = ((product & MASK64) ^ WORDS[2] ^ SALT[2]) * ((product >> 64) ^ port * 0x9E3779B97F4A7C15 & MASK64 ^ WORDS[3] ^ SALT[3])
    hashed = (product >> 64 ^ product) & 0xFFFFFFFF
    return hashed * BUCKETS >> 32


def network_of(client):
    return client[:3] + b"\0" if len(client) == 4 else client[:8] + bytes(8)


def configuration(key_file):
    rules = ""
    for rule in RULES:
        vip = f"vip: {rule.vip}, " if rule.vip else ""
        protocol = "both" if " " in rule.protocols else rule.protocols
        affinity = f", affinity: {rule.affinity}" if rule.mode == "multiple" else ""
        rules += (f"      - {{name: {rule.name}, {vip}ports: {rule.first}-{rule.last}, protocol: {protocol}, "
                  f"mode: {rule.mode}{affinity}}}\n")
    hosts = ""
    for place, name in enumerate(HOSTS):
        weights = ", ".join(f"{rule.name}: {rule.weights[place]}" for rule in RULES if rule.mode == "multiple")
        priorities = ", ".join(f"{rule.name}: {rule.priorities[place]}" for rule in RULES if rule.mode == "single")
        hosts += (f'      - {{name: {name}, id: {place + 1}, addresses: [192.0.2.{11 + place}/24, "2001:db8::{11 + place}/64"],\n'
                  f"         weights: {{{weights}}}, priorities: {{{priorities}}},\n"
                  f'         outside: "net_null{2 * place}", inside: "net_null{2 * place + 1}", lcores: 1}}\n')
    return ("clusters:\n  - name: oracle\n    address: 192.0.2.80/24\n"
            f'    virtual_addresses: [192.0.2.81, "2001:db8::80/64"]\n    key_file: {key_file}\n'
            f"    port_rules:\n{rules}    hosts:\n{hosts}")
