"""The whole chain from YAML and key file to an owner, as operators see it: `nlb explain` and `nlb plan` against the models."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import affinity
import assignment
import probe

# name, port, affinity; `admin` is of mode single, and `rest` is the traffic that no rule covers.
MULTIPLE = [("web", 80, "single"), ("names", 53, "none"), ("proxy", 8080, "network")]
ADMIN_PORT, REST_PORT = 8443, 9999


class Estate:
    """A configuration drawn by chance, with its key, in a folder of its own."""

    def __init__(self, chance, folder):
        self.ids = sorted(chance.sample(range(1, 33), chance.randint(2, 32)))
        self.weights = {host: {name: chance.randint(0, 100) for name, _, _ in MULTIPLE} for host in self.ids}
        self.priorities = dict(zip(self.ids, chance.sample(range(1, 33), len(self.ids))))
        self.members = sorted(chance.sample(self.ids, chance.randint(1, len(self.ids))))
        self.key = chance.randbytes(32)
        self.file = folder / "nlb.yaml"
        self.file.write_text("\n".join(self.lines()) + "\n")
        key_file = folder / "web.key"
        key_file.touch(mode=0o600)
        key_file.write_bytes(self.key)

    def lines(self):
        yield "clusters:\n  - name: web\n    address: 192.0.2.80/24\n    virtual_addresses: ['2001:db8::80/64']\n    key_file: web.key"
        yield "    port_rules:"
        for name, port, kind in MULTIPLE:
            yield f"      - {{name: {name}, ports: {port}, protocol: tcp, affinity: {kind}}}"
        yield f"      - {{name: admin, ports: {ADMIN_PORT}, protocol: tcp, mode: single}}"
        yield "    hosts:"
        for host in self.ids:
            weights = ", ".join(f"{name}: {weight}" for name, weight in self.weights[host].items())
            yield f"      - {{name: h{host}, id: {host}, addresses: [192.0.2.{100 + host}/24], outside: net_null0, inside: net_null1,"
            yield f"         weights: {{{weights}}}, priorities: {{admin: {self.priorities[host]}}}, lcores: 1}}"

    def map_of(self, rule, members, holding=(assignment.NOBODY,) * assignment.BUCKETS):
        if rule == "admin":
            return assignment.assign_single({host: 33 - self.priorities[host] for host in members})
        if rule == "rest":
            return assignment.assign_single({host: 33 - host for host in members})
        return assignment.assign({host: self.weights[host][rule] for host in members}, list(holding))

    def ask(self, *arguments):
        """The JSON lines of `nlb`, which is asked about this configuration and these members."""
        names = ",".join(f"h{host}" for host in self.members)
        command = [probe.build() / "cli/nlb", *arguments, "--config", self.file, "--members", names, "--json"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise AssertionError(f"nlb {' '.join(arguments)}: exit status {run.returncode}: {run.stderr}")
        return [json.loads(line) for line in run.stdout.splitlines()]


def estates(count, seed):
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="nlb-model-") as folder:
            yield Estate(random.Random(seed + number), pathlib.Path(folder))


class Programs(unittest.TestCase):
    def test_explain_names_the_owner_that_the_models_compute_from_the_key_file(self):
        for estate in estates(25, 100):
            chance = random.Random(estate.key)
            key = affinity.hash_key_of(estate.key)
            for name, port, kind in [*MULTIPLE, ("admin", ADMIN_PORT, "single"), ("rest", REST_PORT, "single")] * 2:
                source_port = chance.randint(1024, 65535)
                client, ends = ends_of(chance, source_port, port)
                bucket = affinity.bucket_of(affinity.client_hash(key, kind, client, source_port))
                owner = estate.map_of(name, estate.members)[bucket]
                self.judge(estate.ask("explain", "tcp", *ends, "--all-hosts"), estate, name, bucket, owner, ends)

    def judge(self, answers, estate, name, bucket, owner, ends):
        accepts = [answer["host"] for answer in answers if answer["verdict"] == "accept"]
        self.assertEqual(accepts, [f"h{owner}"] if owner else [], f"{ends} {estate.file.read_text()}")
        self.assertEqual(len(answers), len(estate.members))
        if name in ("web", "names", "proxy", "admin"):
            self.assertEqual({(answer["rule"], answer["bucket"]) for answer in answers}, {(name, bucket)}, str(ends))

    def test_plan_moves_what_the_model_moves_and_calls_least_what_the_model_does(self):
        for estate in estates(100, 200):
            chance = random.Random(estate.members[0])
            leaving = len(estate.members) > 1 and (len(estate.members) == len(estate.ids) or chance.random() < 0.5)
            if not leaving and len(estate.members) == len(estate.ids):
                continue
            host = chance.choice(estate.members if leaving else sorted(set(estate.ids) - set(estate.members)))
            after = sorted(set(estate.members) ^ {host})
            (plan,) = estate.ask("plan", "--leave" if leaving else "--join", f"h{host}")
            for rule in ("web", "names", "proxy", "admin"):
                self.compare(plan, rule, estate, after)

    def compare(self, plan, rule, estate, after):
        before = estate.map_of(rule, estate.members)
        then = estate.map_of(rule, after, before)
        expected = [(b, old, new) for b, (old, new) in enumerate(zip(before, then)) if old != new]
        told = [(move["bucket"], number_of(move["from"]), number_of(move["to"])) for move in plan["moves"] if move["rule"] == rule]
        self.assertEqual(told, expected, f"{rule} {estate.members} to {after}")
        self.assertEqual(plan["moved"][rule], len(expected))
        if rule != "admin":
            share = assignment.shares({host: estate.weights[host][rule] for host in after}, before)
            self.assertEqual(plan["least"][rule], assignment.least_movement(share, before))
            self.assertEqual(plan["least"][rule], len(expected))


def ends_of(chance, source_port, port):
    """A client of either family, and source and destination as `nlb explain` wants them."""
    if chance.random() < 0.5:
        client = f"2001:db8:{chance.getrandbits(16):x}::{chance.getrandbits(16):x}"
        return client, (f"[{client}]:{source_port}", f"[2001:db8::80]:{port}")
    client = f"198.51.100.{chance.randint(1, 254)}"
    return client, (f"{client}:{source_port}", f"192.0.2.80:{port}")


def number_of(name):
    return int(name[1:]) if name else assignment.NOBODY


if __name__ == "__main__":
    tap.main()
