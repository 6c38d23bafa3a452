"""scripts/demo: options, the order of the story's steps, and the verdict."""

import argparse
import json
import statistics
import sys

from . import analysis, plan, system
from .cluster_lab import Lab, new_tag
from .screen import Screen
from .story import Story


def parse(arguments):
    about = "Three hosts share one virtual address; one dies, and nobody notices for long."
    parser = argparse.ArgumentParser(prog="scripts/demo", description=about)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, everything else on standard error")
    parser.add_argument("--keep", action="store_true", help="leave the lab up at the end and say how to look around")
    parser.add_argument("--hosts", type=int, default=3, choices=range(2, 9), metavar="2..8")
    parser.add_argument("--period", default="100ms", help="heartbeat period (fast profile: 20ms)")
    parser.add_argument("--tolerance", type=int, default=5, help="heartbeats that may be missed")
    parser.add_argument("--tag", default=None, help="the lab's name, with which its namespaces begin (default: drawn)")
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="only kill N times, and print the median failover")
    options = parser.parse_args(arguments)
    try:
        plan.seconds_of(options.period)
    except ValueError as error:
        parser.error(f"--period: {error}")
    return options


def tell(story):
    """The six steps in order."""
    hosts = story.lab.hosts
    victim, leaver, sleeper = hosts[1], hosts[-1], hosts[0]
    story.serve(story.converge())
    story.survive(victim)
    story.drain(leaver, story.rejoin(victim))
    story.freeze(sleeper)
    story.check_switch()


def kill_again_and_again(story, count):
    """Failovers one after the other, each of the next host; the figures are the captures'."""
    story.converge()
    times, detections = [], []
    story.screen.step("c", f"{count} times: kill -9 of both processes of a host under load")
    for turn in range(count):
        victim = story.lab.hosts[(turn + 1) % len(story.lab.hosts)]
        _, _, takeover, results, frames, _ = story.kill(victim, f"kill{turn}")
        doubles = analysis.double_answers(frames)
        story.figures["double_answers"] += len(doubles)
        milliseconds = takeover.milliseconds()
        served = "never" if milliseconds is None else f"{milliseconds:.0f} ms"
        detected = "not seen" if takeover.detection is None else f"{takeover.detection:.0f} ms"
        story.screen.line(f"{turn + 1}: {victim.name} killed, new epoch {detected}, all served again {served}, {len(results)} requests")
        times.append(float("inf") if milliseconds is None else milliseconds)
        if takeover.detection is not None:
            detections.append(takeover.detection)
        victim.restart()
    story.lab.settle()
    median = statistics.median(times)
    finite = median != float("inf")
    story.figures["failover_ms"] = round(median, 1) if finite else None
    story.figures["failovers_ms"] = [round(value, 1) if value != float("inf") else None for value in times]
    story.figures["detection_ms"] = round(statistics.median(detections), 1) if detections else None
    said = f"{median:.0f} ms" if finite else "never"
    story.promise(finite and median <= story.limit_ms(), f"median of {count} failovers: {said} (promised: {story.limit_ms():.0f} ms)")
    story.promise(story.figures["double_answers"] == 0, f"{story.figures['double_answers']} SYNs were answered by two hosts")


def say_how_to_look_around(lab, screen):
    first = lab.hosts[0]
    screen.line(f"The lab stays. Its files: {lab.estate.directory}")
    run = system.ROOT / "scripts" / "lab" / "run"
    screen.line(f"{run} status {lab.plan.tag}")
    screen.line(f"{run} exec --tag {lab.plan.tag} {first.name} nlb query")
    screen.line(f"{run} exec --tag {lab.plan.tag} client curl -s http://{plan.VIP}/")
    screen.line(f"{run} down {lab.plan.tag}")


def main(arguments=None):
    options = parse(arguments)
    screen = Screen(sys.stderr if options.json else sys.stdout)
    system.raise_on_signals()
    lab_plan = plan.Plan(tag=options.tag or new_tag("demo"), hosts=options.hosts, period=options.period, tolerance=options.tolerance)
    story = None
    trouble = None
    try:
        with Lab(lab_plan) as lab:
            story = Story(lab, screen)
            if options.keep:
                lab.keep()
            if options.kills:
                kill_again_and_again(story, options.kills)
            else:
                tell(story)
            if options.keep:
                say_how_to_look_around(lab, screen)
    except system.LabError as error:
        trouble = str(error)
    except system.Interrupted as signal:
        screen.verdict(False, f"demo: interrupted by {signal}; everything was taken down")
        return 130
    good = trouble is None and not story.broken
    if options.json:
        figures = dict(story.figures) if story else {}
        print(json.dumps({**figures, "ok": good, **({"error": trouble} if trouble else {})}))
    return finish(screen, story, trouble, options)


def finish(screen, story, trouble, options):
    if trouble is not None:
        screen.verdict(False, f"FAILED: {trouble}")
        return 1
    if story.broken:
        screen.verdict(False, f"FAILED: {len(story.broken)} promises broken, the first: {story.broken[0]}")
        return 1
    figures = story.figures
    failover = f"clients of a dead host are served again after {figures['failover_ms']:.0f} ms"
    if options.kills:
        screen.verdict(True, f"OK: {failover} (median of {options.kills})")
    else:
        screen.verdict(True, f"OK: {figures['requests']} requests, none failed; {failover}; no SYN was ever answered twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
