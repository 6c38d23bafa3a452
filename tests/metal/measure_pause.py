"""Measures what a virtual machine that stands still for a while does when it goes on: do two hosts answer one SYN? It claims nothing.

A pause at QEMU's monitor is the one way here to make a host's clocks stand still while the cluster goes on.
As root: NLB_BUILD=build python3 tests/metal/measure_pause.py [SECONDS]; prints one JSON object, and the daemons' words about it.
"""

import json
import sys
import time

import guest_case
from guest_case import record
from lab import analysis, capture, system, traffic
from test_members import PROBE_MS, PROBED, SURVIVOR, VICTIM, Members

AFTER_SECONDS = 8.0


def measure(seconds):
    Members.open_pair()
    lab = Members.lab
    victim, survivor = lab.host(VICTIM), lab.host(SURVIVOR)
    Members.start_hosts(lab.hosts)
    together = Members.agree(lab.hosts)
    probed = traffic.one_per_bucket(Members.buckets, together.buckets_of(victim.id))[:PROBED]
    with capture.Capture(lab, "pause") as wire, traffic.Probes(lab, probed, PROBE_MS):
        time.sleep(1)
        paused = time.time()
        victim.guest.monitor.pause()
        time.sleep(seconds)
        victim.guest.monitor.resume()
        resumed = time.time()
        time.sleep(AFTER_SECONDS)
    frames = wire.frames()
    Members.agree(lab.hosts)
    sent = {opening.key(): opening.time for opening in capture.openings(frames) if not opening.is_answer}
    doubles = analysis.double_answers(frames)
    answers = [opening for opening in capture.openings(frames) if opening.is_answer and opening.port == VICTIM and opening.time > resumed]
    late = [opening for opening in answers if sent.get(opening.key(), resumed) < resumed]
    for host in (victim, survivor):
        for line in (host.dataplane.said() + host.controlplane.said()).splitlines()[-12:]:
            record(f"{host.name}: {line}")
    return {
        "paused_seconds": round(resumed - paused, 2),
        "taken_over_ms": analysis.takeover(frames, paused, VICTIM, probed).milliseconds(),
        "syns_answered_by_two": len(doubles),
        "of_these_sent_before_the_resume": sum(sent.get(key, resumed) < resumed for key in doubles),
        "syns_answered_by_the_paused_one_after_its_resume": len({opening.key() for opening in answers}),
        "of_these_sent_before_it": len({opening.key() for opening in late}),
        "first_answer_after_ms": round((answers[0].time - resumed) * 1000) if answers else None,
        # Servers repeat their answers; only the first one to each SYN tells when it was let in.
        "last_old_syn_let_in_after_ms": round((max(first_times(late)) - resumed) * 1000) if late else None,
    }


def first_times(answers):
    times = {}
    for opening in answers:
        times.setdefault(opening.key(), opening.time)
    return list(times.values())


def main():
    system.raise_on_signals()
    try:
        print(json.dumps(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 6.0)))
    finally:
        for lab in list(guest_case.OPEN):
            guest_case.close(lab)


if __name__ == "__main__":
    main()
