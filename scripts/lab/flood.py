"""scripts/lab/run flood: forged, garbled and recorded cluster frames are sent into the segment while clients are served.

Promised: no host is given up, no state changes, each frame that a host received is counted, and members hear one another.
"""

import contextlib
import dataclasses
import json
import socket
import sys
import time

from . import chaos, judge, plan, prometheus, system, traffic
from .capture import HEARTBEATS, TURNS, Capture
from .cluster_lab import Lab, new_tag
from .screen import Screen

RECORD_SECONDS = 1.5
QUIET_SECONDS = 1.0
HEARD_SHARE = 0.5  # of the heartbeats that members sent; the kernel's queue in front of a starved lab host loses some with the flood


def add_options(parser):
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=("forged", "garbage", "replay", "mixed"), default="mixed")
    parser.add_argument("--hosts", type=int, default=3, choices=range(2, 9), metavar="2..8")
    parser.add_argument("--period", default="100ms")
    parser.add_argument("--tolerance", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, everything else on standard error")


@dataclasses.dataclass
class Count:
    """What one host says of cluster frames and of itself, between two moments."""

    arrived: float  # at its cores
    accepted: float
    refused: dict  # by reason
    shed: float
    lost: float
    sent: float
    epoch: float
    fenced: float
    convergences: float

    @staticmethod
    def of(host):
        found = prometheus.parse(host.metrics())
        refused = {labels["reason"]: value for labels, value in found.get("nlb_heartbeats_rejected_total", [])}
        shed = prometheus.total(found, "nlb_dropped_packets_total", reason="heartbeat_shed")
        passed = prometheus.total(found, "nlb_consumed_packets_total", kind="heartbeat")
        return Count(
            arrived=passed + shed,
            accepted=prometheus.total(found, "nlb_heartbeats_received_total"),
            refused=refused,
            shed=shed,
            lost=prometheus.total(found, "nlb_heartbeats_lost_total"),
            sent=prometheus.total(found, "nlb_heartbeats_sent_total"),
            epoch=prometheus.total(found, "nlb_epoch"),
            fenced=prometheus.total(found, "nlb_fenced_total"),
            convergences=prometheus.total(found, "nlb_convergences_total"),
        )

    def since(self, before):
        values = {}
        for field in dataclasses.fields(self):
            now, then = getattr(self, field.name), getattr(before, field.name)
            values[field.name] = {key: now[key] - then.get(key, 0) for key in now} if isinstance(now, dict) else now - then
        return Count(**values)


class Flood:
    def __init__(self, lab, screen):
        self.lab = lab
        self.screen = screen
        self.broken = []
        self.figures = {}

    def promise(self, kept, text):
        self.screen.promise(kept, text)
        if not kept:
            self.broken.append(text)

    def run(self, frames, kind):
        recording = self.record()
        addresses = self.lab.plan.client_addresses()
        probed = chaos.Chaos.spread_evenly(traffic.buckets_of(self.lab, addresses))
        arguments = ["--device", "eth0", "--recording", recording, "--count", frames, "--kind", kind]
        flooder = self.lab.python("flooder", "flooder", *arguments)
        wrk = traffic.Wrk(self.lab, addresses[: chaos.WRK_CLIENTS], chaos.WRK_RATE)
        with Capture(self.lab, "flood", TURNS, 96, at_once=False) as capture:
            with contextlib.ExitStack() as stack:
                for program in (wrk, traffic.Probes(self.lab, probed, 4 * chaos.PROBE_MS)):
                    stack.enter_context(program)
                time.sleep(QUIET_SECONDS)
                before, began = self.counts(), time.monotonic()
                flooder.start()
                flooder.wait(600)
                time.sleep(QUIET_SECONDS)  # until the numbers are those of the end
                after, seconds = self.counts(), time.monotonic() - began
        self.judge_counts([now.since(then) for now, then in zip(after, before)], frames, float(flooder.last_line()), seconds)
        self.judge_service(capture, probed, wrk)

    def record(self):
        """Real heartbeats of all hosts, as a stranger on the segment hears them."""
        with Capture(self.lab, "recording", HEARTBEATS, 1600) as capture:
            time.sleep(RECORD_SECONDS)
        ethertype = plan.HEARTBEAT_ETHERTYPE.to_bytes(2, "big")
        frames = [b"\xff" * 6 + frame.source_mac + ethertype + frame.payload for frame in capture.frames()]
        file = self.lab.estate.directory / "recording"
        file.write_text("\n".join(frame.hex() for frame in frames))
        return file

    def counts(self):
        return [Count.of(host) for host in self.lab.hosts]

    def judge_counts(self, counts, frames, flood_seconds, seconds):
        rate = frames / flood_seconds / 1000
        self.screen.line(f"{frames} frames in {flood_seconds:.1f} s: {rate:.0f} thousand a second, to each of {len(counts)} hosts")
        self.figures.update(frames=frames, thousand_per_second=round(rate), hosts={})
        for host, count in zip(self.lab.hosts, counts):
            refused = {reason: int(value) for reason, value in count.refused.items() if value}
            said = f"{count.arrived:.0f} cluster frames received, {count.shed:.0f} shed, {count.accepted:.0f} accepted, refused {refused}"
            self.screen.line(f"{host.name}: {said}, {count.lost:.0f} lost between the processes")
            own = sum(other.sent for other in counts) - count.sent
            heard = count.accepted / own if own else 0.0
            self.figures["hosts"][host.name] = dataclasses.asdict(count) | {"heard_of_members": round(heard, 3)}
            uncounted = count.arrived - count.shed - count.accepted - sum(count.refused.values()) - count.lost
            self.promise(abs(uncounted) <= 0.001 * frames, f"{host.name}: each is counted ({uncounted:+.0f} between two readings)")
            self.promise(count.lost == 0, f"{host.name}: none was lost between its processes")
            self.promise(heard >= HEARD_SHARE, f"{host.name}: heard {heard:.1%} of what the members said")
            calm = not (count.epoch or count.fenced or count.convergences)
            self.promise(calm, f"{host.name}: no new epoch, no convergence, no lapse of its lease")

    def judge_service(self, capture, probed, wrk):
        answers, windows = judge.Answers(), judge.Windows([socket.inet_aton(address) for address in probed], chaos.PORTS_END)
        for segment in judge.segments(capture.follow()):
            answers.feed(segment)
            windows.feed(segment)
        windows.finish()
        moved = [window for window in windows.windows if window.before != window.after]
        spans = [window.milliseconds() for window in windows.windows]
        self.figures.update(double_answers=len(answers.doubles), moved=len(moved), longest_gap_ms=round(max(spans, default=0.0), 1))
        self.promise(not answers.doubles, f"{answers.transmissions} SYNs, {len(answers.doubles)} of them answered by two hosts")
        self.promise(not moved, f"{len(moved)} probed clients changed their host")
        answered = answers.answered / max(1, answers.transmissions)
        self.screen.line(f"{answered:.1%} of the SYNs were answered; wrk: {wrk.said()}")


def main(options):
    screen = Screen(sys.stderr if options.json else sys.stdout)
    title = f"{options.frames} {options.kind} frames against {options.hosts} hosts at {options.period} x {options.tolerance}"
    keys = chaos.cluster_keys("serve")
    timing = {"period": options.period, "tolerance": options.tolerance}
    lab_plan = plan.Plan(tag=new_tag("flood"), hosts=options.hosts, clients=chaos.CLIENTS, cluster_keys=keys, **timing)
    flood, trouble = None, None
    try:
        with Lab(lab_plan) as lab:
            screen.step("*", title)
            lab.start()
            flood = Flood(lab, screen)
            flood.run(options.frames, options.kind)
    except system.LabError as error:
        trouble = str(error)
    good = trouble is None and not flood.broken
    if options.json:
        print(json.dumps({**(flood.figures if flood else {}), "ok": good, **({"error": trouble} if trouble else {})}))
    why = trouble or (f"{len(flood.broken)} promises broken, the first: {flood.broken[0]}" if flood and flood.broken else "")
    screen.verdict(good, f"{'OK' if good else 'FAILED'}: {title}" + (f": {why}" if why else ""))
    return 0 if good else 1
