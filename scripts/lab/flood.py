"""scripts/lab/run flood: forged, garbled and recorded cluster frames are sent into the segment while clients are served.

Promised: no host is given up, no state changes, each frame that a host received is counted, and members hear one another.
"""

import contextlib
import dataclasses
import socket
import time

from . import chaos, judge, plan, prometheus, traffic, trial
from .capture import HEARTBEATS, TURNS, Capture

RECORD_SECONDS = 1.5
QUIET_SECONDS = 1.0
HEARD_SHARE = 0.5  # of the heartbeats that members sent; the kernel's queue in front of a starved lab host loses some with the flood


def add_options(parser):
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=("forged", "garbage", "replay", "mixed"), default="mixed")
    trial.add_options(parser)


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

    def heard(self, counts):
        """The share that this host accepted of what the others sent; `counts` are those of all hosts."""
        sent = sum(count.sent for count in counts) - self.sent
        return self.accepted / sent if sent else 0.0

    def calm(self):
        """No new epoch, no convergence, no lapse of the lease."""
        return not (self.epoch or self.fenced or self.convergences)


class Flood(trial.Trial):
    @staticmethod
    def title(options):
        return f"{options.frames} {options.kind} frames against {options.hosts} hosts at {options.period} x {options.tolerance}"

    @staticmethod
    def plan_of(options):
        return trial.lab_plan(options, "flood", clients=chaos.CLIENTS, cluster_keys=chaos.cluster_keys("serve"))

    def tell(self, options):
        self.run(options.frames, options.kind)

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
            heard = count.heard(counts)
            self.figures["hosts"][host.name] = dataclasses.asdict(count) | {"heard_of_members": round(heard, 3)}
            uncounted = count.arrived - count.shed - count.accepted - sum(count.refused.values()) - count.lost
            self.promise(abs(uncounted) <= 0.001 * frames, f"{host.name}: each is counted ({uncounted:+.0f} between two readings)")
            self.promise(count.lost == 0, f"{host.name}: none was lost between its processes")
            self.promise(heard >= HEARD_SHARE, f"{host.name}: heard {heard:.1%} of what the members said")
            self.promise(count.calm(), f"{host.name}: no new epoch, no convergence, no lapse of its lease")

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
    return trial.conduct(Flood, options)
