"""The command line of labs: to make one by hand and look into it, and the long measurements.

Everything that it needs to know of a lab stands in the lab's own file.
"""

import argparse
import os
import subprocess
import sys

from . import chaos, crowd, endurance, estate, flood, plan, questions, strangers, synflood, system
from .cluster_lab import Lab, new_tag
from .screen import Screen

TRIALS = {
    "chaos": (chaos, "a lab under load and faults drawn from a seed, judged by a capture"),
    "flood": (flood, "forged and recorded cluster frames against a lab under load"),
    "downloads": (endurance, "long downloads while hosts are drained, weighed, stopped and killed"),
    "crowd": (crowd, "up to 32 hosts started at once: how soon they agree, who resets, what each process costs"),
    "questions": (questions, "how soon `nlb query --host all` answers with up to 32 hosts, all there and some gone"),
    "strangers": (strangers, "strangers, mistakes and clocks against a lab under load, case by case"),
    "synflood": (synflood, "SYNs of addresses that nobody has against a lab with downloads"),
}


def parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/lab/run", description="Clusters in network namespaces.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="make a lab and leave it up")
    up.add_argument("--hosts", type=int, default=3)
    up.add_argument("--period", default="100ms")
    up.add_argument("--tolerance", type=int, default=5)
    up.add_argument("--clients", type=int, default=256, help="source addresses of the clients' namespace")
    up.add_argument("--tag", default=None)
    down = commands.add_parser("down", help="take a lab down (all: every lab of this machine)")
    down.add_argument("tag", nargs="?", default=None)
    status = commands.add_parser("status", help="what runs, and what the cluster says of itself")
    status.add_argument("tag", nargs="?", default=None)
    execute = commands.add_parser("exec", help="run a program on a host, on `client` or on `switch`; nlb finds its run directory by itself")
    execute.add_argument("--tag", default=None)
    execute.add_argument("host")
    execute.add_argument("program", nargs=argparse.REMAINDER)
    for name, (module, help) in TRIALS.items():
        module.add_options(commands.add_parser(name, help=help))
    return parser.parse_args(arguments)


def the_one(tag):
    """The lab of that tag, or the only one there is."""
    tags = estate.Estate.tags()
    if tag is None and len(tags) != 1:
        raise system.LabError(f"name one of the labs: {', '.join(tags)}" if tags else "there is no lab; make one with: scripts/lab/run up")
    return estate.Estate.load(tag or tags[0])


def up(options):
    lab_plan = plan.Plan(
        tag=options.tag or new_tag(), hosts=options.hosts, clients=options.clients, period=options.period, tolerance=options.tolerance
    )
    with Lab(lab_plan) as lab:
        agreed, seconds = lab.start()
        lab.keep()
    screen = Screen()
    screen.line(f"{lab_plan.tag} converged after {seconds:.1f} s; its files: {lab.estate.directory}")
    screen.buckets(agreed, f"rule {plan.RULE}")
    return 0


def down(options):
    tags = estate.Estate.tags() if options.tag == "all" else [the_one(options.tag).tag]
    for tag in tags:
        estate.Estate.load(tag).take_down()
        print(f"{tag} is gone")
    return 0


def status(options):
    lab = the_one(options.tag)
    print(f"{lab.tag}: files in {lab.directory}")
    for name, (pid, start) in sorted(lab.things["processes"].items()):
        runs = start is not None and estate.started_at(pid) == start
        print(f"  {name:24} {f'pid {pid}' if runs else 'ended'}")
    for host, namespace in lab.things["notes"].get("hosts", {}).items():
        print(f"{host}:")
        sys.stdout.flush()
        subprocess.run(system.inside(namespace, [system.COMMAND, "query", "--run-dir", lab.directory / host]))
    return 0


def execute(options):
    lab = the_one(options.tag)
    namespace = f"{lab.tag}-{options.host}"
    if namespace not in lab.things["namespaces"]:
        known = ", ".join(name.removeprefix(f"{lab.tag}-") for name in lab.things["namespaces"])
        raise system.LabError(f"{lab.tag} has no {options.host}; it has {known}")
    program = options.program or [os.environ.get("SHELL", "/bin/bash")]
    if program[0] == "nlb":
        program = [system.COMMAND, *program[1:], "--run-dir", lab.directory / options.host]
    arguments = system.inside(namespace, program)
    os.execvp(arguments[0], arguments)


def main():
    options = parse(None)
    system.raise_on_signals()
    try:
        system.require_root()
        commands = {"up": up, "down": down, "status": status, "exec": execute}
        commands |= {name: module.main for name, (module, _) in TRIALS.items()}
        return commands[options.command](options)
    except system.LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except system.Interrupted as signal:
        print(f"lab: interrupted by {signal}", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
