"""The clients' side of a story: loads, probes and downloads as processes of a lab, and what they saw."""

import collections
import hashlib
import json
import signal
import socket
import struct

from . import plan, prober, system


class Load:
    """A running HTTP load; finish() gives its requests as dictionaries (see load.py)."""

    def __init__(self, lab, name, rate, requests=0, sources=None, target=plan.VIP):
        directory = lab.estate.directory
        self.output = directory / f"{name}.jsonl"
        self.requests = requests
        addresses = directory / f"{name}.sources"
        addresses.write_text("\n".join(sources or lab.plan.client_addresses()))
        arguments = ["--target", target, "--sources", addresses, "--output", self.output, "--rate", rate, "--requests", requests]
        self.process = lab.python(f"load-{name}", "load", *arguments)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.signal(signal.SIGTERM)
        self.process.wait(30)

    def done(self):
        return self.output.read_bytes().count(b"\n") if self.output.exists() else 0

    def wait(self, seconds):
        """Until a load with a number of requests has sent them all."""
        if self.process.wait(seconds) != 0:
            raise system.LabError(f"the load generator failed: {self.process.last_line()}")

    def results(self):
        with open(self.output) as lines:
            return [json.loads(line) for line in lines]


def failed(results):
    return [entry for entry in results if entry["error"] is not None]


def slow(results, seconds=0.5):
    return [entry for entry in results if entry["error"] is None and entry["end"] - entry["start"] > seconds]


def per_host(results):
    return dict(sorted(collections.Counter(entry["host"] for entry in results if entry["host"]).items()))


class Download:
    """A long download by curl from an address of our choice; its speed is the server's to keep."""

    def __init__(self, lab, name, source, rate):
        self.file = lab.estate.directory / f"{name}.download"
        self.digest = lab.big_digest
        form = "%{http_code} %{size_download} %{time_total} %header{x-nlb-host}\n"
        url = f"http://{plan.VIP}/big?rate={rate}"
        arguments = ["curl", "-s", "-S", "--interface", source, "-m", "120", "-o", self.file, "-w", form, url]
        self.process = lab.process(f"download-{name}", lab.client, arguments)

    def start(self):
        self.process.start()
        return self

    def bytes(self):
        return self.file.stat().st_size if self.file.exists() else 0

    def wait(self, seconds=90):
        """Whether every byte arrived as it was sent."""
        return self.process.wait(seconds) == 0 and hashlib.sha256(self.file.read_bytes()).hexdigest() == self.digest

    def host(self):
        return self.process.last_line().split()[-1]


class Program:
    """A program of the clients' namespace that runs until its block ends."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.require_running()
        self.process.signal(signal.SIGINT)
        self.process.wait(30)


class Downloads(Program):
    """Long downloads in parallel, one per source (see downloads.py)."""

    def __init__(self, lab, sources, rate):
        self.output = lab.estate.directory / "downloads.jsonl"
        addresses = lab.estate.directory / "downloads.sources"
        addresses.write_text("\n".join(sources))
        arguments = ["--target", plan.VIP, "--sources", addresses, "--output", self.output, "--rate", rate]
        super().__init__(lab.python("downloads", "downloads", *arguments))

    def results(self):
        with open(self.output) as lines:
            return [json.loads(line) for line in lines]


class Wrk(Program):
    """wrk with a connection per request, each from another address of the clients' network; paced, because it shares the machine."""

    CONNECTIONS = 16
    SCRIPT = """wrk.headers["Connection"] = "close"
function delay() return math.random({low}, {high}) end
"""

    def __init__(self, lab, sources, rate):
        lab.network.spread(sources)
        script = lab.estate.directory / "wrk.lua"
        mean = 1000 * self.CONNECTIONS / rate
        script.write_text(self.SCRIPT.format(low=round(mean / 2), high=round(mean * 3 / 2)))
        arguments = ["wrk", "-t", 1, "-c", self.CONNECTIONS, "-d", "24h", "-s", script, f"http://{plan.VIP}/"]
        super().__init__(lab.process("wrk", lab.client, arguments))

    def said(self):
        """What wrk prints at its end: requests, and socket errors if there were any."""
        lines = [line.strip() for line in self.process.log.read_text().splitlines()]
        return "; ".join(line for line in lines if " requests in " in line or line.startswith("Socket errors"))


class Probes(Program):
    """SYNs from each source every so often, without end."""

    def __init__(self, lab, sources, interval_ms):
        arguments = ["--target", plan.VIP, "--sources", ",".join(sources), "--seconds", 86400, "--interval-ms", interval_ms]
        super().__init__(lab.python("probes", "prober", *arguments))


def probe(lab, name, sources, seconds, interval_ms):
    """Starts SYNs from each source every so often (see prober.py)."""
    arguments = ["--target", plan.VIP, "--sources", ",".join(sources), "--seconds", seconds, "--interval-ms", interval_ms]
    return lab.python(f"probe-{name}", "prober", *arguments).start()


def buckets_of(lab, addresses):
    """The bucket of each client address under the lab's rule, as `nlb explain` computes it."""
    file = lab.estate.directory / "clients.pcap"
    file.write_bytes(_syns(addresses))
    members = ",".join(host.name for host in lab.hosts)
    which = ["--members", members, "--host", lab.hosts[0].name]
    printed = system.run(system.COMMAND, "explain", "--config", lab.configuration, *which, "--pcap", file, "--json")
    lines = [json.loads(line) for line in printed.splitlines()]
    if len(lines) != len(addresses):
        raise system.LabError(f"nlb explain said {len(lines)} lines about {len(addresses)} packets")
    return {addresses[line["n"] - 1]: line["bucket"] for line in lines}


def _syns(addresses):
    """A pcap file with one SYN from each address to the virtual address."""
    ethernet = bytes.fromhex(plan.CLUSTER_MAC.replace(":", "")) + b"\x02\0\0\0\0\x01\x08\x00"
    pieces = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for address in addresses:
        packet = prober.syn(socket.inet_aton(address), socket.inet_aton(plan.VIP), 40000, 80, 1)
        header = packet[:10] + struct.pack(">H", prober.checksum(packet[:20])) + packet[12:20]
        frame = ethernet + header + packet[20:]
        pieces.append(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
    return b"".join(pieces)


def one_per_bucket(buckets, wanted):
    """A client address for each of the wanted buckets that has one."""
    chosen = {}
    for address, bucket in buckets.items():
        if bucket in wanted:
            chosen.setdefault(bucket, address)
    return sorted(chosen.values())
