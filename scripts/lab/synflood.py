"""scripts/lab/run synflood: SYNs of addresses that nobody has fill the hosts' connection tables while clients download.

The tables are so small that the downloads, connections that say nothing, and a few half-open ones fill them. Promised: no established
connection loses its descriptor (under the flood one host is drained: its downloads live by descriptors alone), half-open ones stay
bounded, no heartbeat is lost between the processes and nobody is given up. How much slower the downloads become is told.
"""

import dataclasses
import json
import time

from . import endurance, flood, plan, prometheus, system, traffic, trial, view, webserver

CLIENTS = 400
CONNECTIONS = 1024
QUEUE = 2048
FILLED = 0.85  # of each table: downloads, and connections that say nothing
BLACK_HOLE = "10.0.0.0/8"
BEFORE_SECONDS, WARM_SECONDS, REST_SECONDS = 8.0, 1.0, 10.0
HEARD_SHARE = 0.9  # of what members sent; the kernel's queue in front of a lab host that waits for its core loses some with the flood


def add_options(parser):
    parser.add_argument("--downloads", type=int, default=100)
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="connections.max of each host")
    parser.add_argument("--rate", type=int, default=0, help="SYNs a second; 0: what one core can send")
    parser.add_argument("--speed", default="100k", help="bytes a second of each download")
    parser.add_argument("--seconds", type=float, default=20.0)
    trial.add_options(parser)


def cluster_keys(connections):
    return {"connections": {"max": connections, "closing": "2s"}}


def host_keys(hosts):
    """A longer queue in front of each dataplane: on two cores it waits for its turn while the flood comes in, and heartbeats with it."""
    return {f"edge{number}": {"outside": f"net_af_packet0,iface=outside,framecnt={QUEUE}"} for number in range(1, hosts + 1)}


@dataclasses.dataclass
class Table:
    """What one host says of its connection table."""

    descriptors: float
    half_open: float
    evicted: float
    refused: float

    @staticmethod
    def of(host):
        found = prometheus.parse(host.metrics())
        names = ("nlb_connections", "nlb_half_open_connections", "nlb_half_open_evicted_total", "nlb_connection_table_full_total")
        return Table(*(prometheus.total(found, name) for name in names))

    def established(self):
        return self.descriptors - self.half_open


class SynFlood(trial.Trial):
    def __init__(self, lab, screen, connections):
        super().__init__(lab, screen)
        self.connections = connections

    @staticmethod
    def title(options):
        rate = f"{options.rate} SYNs a second" if options.rate else "SYNs as fast as one core sends them"
        return f"{rate} against {options.hosts} hosts with {options.downloads} downloads and {options.connections} places each"

    @staticmethod
    def plan_of(options):
        keys = {"cluster_keys": cluster_keys(options.connections), "host_keys": host_keys(options.hosts)}
        return trial.lab_plan(options, "syns", clients=CLIENTS, **keys)

    @classmethod
    def begin(cls, lab, screen, options):
        return cls(lab, screen, options.connections)

    def tell(self, options):
        self.run(options.downloads, options.speed, options.rate, options.seconds)

    def run(self, count, speed, rate, seconds):
        system.run("ip", "-n", self.lab.client, "route", "add", "blackhole", BLACK_HOLE)  # answers to nobody's addresses end here
        sources = self.equal_shares(count)
        self.downloads = endurance.SteadyDownloads(self.lab, sources, count, speed, "/big")
        arguments = ["--device", "eth0", "--mac", plan.CLUSTER_MAC, "--target", plan.VIP, "--rate", rate]
        flooder = self.lab.python("syns", "syns", *arguments)
        leaver = self.lab.hosts[1]
        lasts = webserver.BIG_BYTES / (1000 * float(speed.removesuffix("k")))
        if lasts < endurance.RAMP_SECONDS + BEFORE_SECONDS + seconds + REST_SECONDS:
            raise system.LabError(f"a download at {speed} ends after {lasts:.0f} s, before the flood does: lower --speed or --seconds")
        idle = max(1, int(FILLED * self.connections * len(self.lab.hosts)) - count)
        never = self.lab.estate.directory / "never"
        arguments = ["--target", plan.VIP, "--sources", ",".join(sources), "--repeat", idle, "--go", never]
        silent = self.lab.python("silent", "patient", *arguments)
        silent.start()
        system.wait_until(lambda: "connected" in silent.log.read_text(), 30, f"{idle} idle connections")
        with self.downloads:
            time.sleep(endurance.RAMP_SECONDS + 2)
            began = time.time()
            self.opened = {host.name: self.open_connections(host) for host in self.lab.hosts}
            time.sleep(BEFORE_SECONDS)
            flooder.start()
            system.wait_until(lambda: "floods" in flooder.log.read_text(), 30, "the flood's frames")
            flooded = time.time()
            time.sleep(WARM_SECONDS)
            tables, counts = self.tables(), self.counts()
            time.sleep(seconds - WARM_SECONDS)
            after, tables_after = self.counts(), self.tables()
            ended = time.time()
            self.drain(leaver)
            flooder.signal(2)
            flooder.wait(30)
            time.sleep(2.5)
        said = json.loads(flooder.last_line())
        self.judge_flood(said, [now.since(then) for now, then in zip(after, counts)], tables, tables_after)
        self.judge_downloads(count, (began, flooded), (flooded, ended))

    def equal_shares(self, count):
        """As many clients of each host as of every other, so that no host has more downloads than its table has places."""
        agreed = view.view_of(self.lab.hosts[0])
        by_host = {host.id: [] for host in self.lab.hosts}
        for source, bucket in traffic.buckets_of(self.lab, self.lab.plan.client_addresses()).items():
            by_host[agreed.owners[bucket]].append(source)
        turns = zip(*by_host.values())
        return [source for turn in turns for source in turn][:count]

    @staticmethod
    def open_connections(host):
        return len(host.run("ss", "-Htn", "state", "established", "sport = :80").splitlines())

    def tables(self):
        return [Table.of(host) for host in self.lab.hosts]

    def counts(self):
        return [flood.Count.of(host) for host in self.lab.hosts]

    def drain(self, leaver):
        """Its downloads are kept by descriptors alone from here on."""
        others = [host for host in self.lab.hosts if host is not leaver]
        code, _, complaint = leaver.nlb("drainstop")
        if code != 0:
            raise system.LabError(f"drainstop was refused: {complaint.strip()}")
        system.wait_until(lambda: self.handed_over(leaver, others), 20, f"{leaver.name}'s handing over")
        self.drained_at = time.time()
        time.sleep(4.0)

    @staticmethod
    def handed_over(leaver, others):
        views = [view.view_of(host) for host in others]
        return all(one and one.owners and not {leaver.id, 0} & set(one.owners) for one in views)

    def judge_flood(self, said, counts, tables, tables_after):
        rate = said["frames"] / said["seconds"] / 1000
        self.screen.step("=", "what the hosts and the clients say")
        self.screen.line(f"{said['frames']} SYNs in {said['seconds']:.1f} s: {rate:.0f} thousand a second, to each of {len(counts)} hosts")
        self.figures.update(frames=said["frames"], thousand_per_second=round(rate), connections_max=self.connections, hosts={})
        bound = max(1, self.connections // 4)
        for host, count, before, table in zip(self.lab.hosts, counts, tables, tables_after):
            heard = count.heard(counts)
            opened = self.opened[host.name]
            evicted = table.evicted - before.evicted
            self.figures["hosts"][host.name] = dataclasses.asdict(table) | {"heard": round(heard, 4), "connections": opened}
            text = f"{table.established():.0f} descriptors of {opened} connections, {table.half_open:.0f} half-open, {evicted:.0f} given up"
            places = f"{table.descriptors:.0f} of {self.connections} places"
            self.screen.line(f"{host.name}: {text}, {table.refused:.0f} flows not tracked; {places}")
            self.promise(table.established() >= opened, f"{host.name}: none of the {opened} established connections lost its descriptor")
            self.promise(table.half_open <= bound, f"{host.name}: {table.half_open:.0f} half-open (promised: at most {bound})")
            self.promise(count.calm(), f"{host.name}: no new epoch, no convergence, no lapse of its lease")
            self.promise(count.lost == 0, f"{host.name}: no heartbeat was lost between its processes")
            self.promise(heard >= HEARD_SHARE, f"{host.name}: heard {heard:.1%} of what the members said")
        brim = self.connections - self.connections // 16
        full = [host for host, table in self.figures["hosts"].items() if table["descriptors"] >= brim - 1]
        self.screen.line(f"tables that were full: {', '.join(full) or 'none'}")
        self.figures["full_tables"] = len(full)
        self.figures["half_open_evicted"] = round(sum(table.evicted for table in tables_after))

    def judge_downloads(self, count, before, during):
        entries = self.downloads.results()
        lost = [entry for entry in entries if entry["error"] not in ("stopped", "ended")]
        wrong = [entry for entry in entries if entry["wrong"]]
        held = [entry for entry in entries if entry["host"] == self.lab.hosts[1].name and entry["heard"] > self.drained_at + 1]
        speeds = [self.downloads.goodput(*span) / 1e6 for span in (before, during)]
        share = speeds[1] / speeds[0]
        longest = max(entry["longest"] for entry in entries)
        self.figures.update(downloads=count, lost=len(lost), goodput_mb_before=round(speeds[0], 2), goodput_mb_during=round(speeds[1], 2))
        self.figures.update(goodput_share=round(share, 3), longest_pause_ms=round(1000 * longest), kept_by_descriptor=len(held))
        for entry in lost[:5]:
            self.screen.line(f"the download of {entry['source']} from {entry['host']} ended with {entry['error']}")
        self.screen.line(f"goodput of {count} downloads: {speeds[0]:.2f} MB/s before, {speeds[1]:.2f} MB/s during ({share:.0%})")
        self.promise(not lost and not wrong, f"{len(lost)} downloads ended early, {len(wrong)} had a wrong byte")
        drained = count // len(self.lab.hosts)
        self.promise(len(held) >= drained, f"{len(held)} (of {drained}) downloads of the drained host went on, by their descriptors")


def main(options):
    return trial.conduct(SynFlood, options)
