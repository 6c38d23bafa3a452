"""What every trial is made of: promises that are kept or broken, figures, options, and the verdict that a command ends with.

A trial states its title, its lab and its story; it prints nothing but through its screen.
"""

import contextlib
import json
import sys
import time

from . import plan, system
from .cluster_lab import Lab, new_tag
from .screen import Screen


class Trial:
    """Subclasses say what stands in title(), plan_of() and tell(); the rest is the same for all."""

    def __init__(self, lab, screen):
        self.lab = lab
        self.screen = screen
        self.broken = []
        self.figures = {}

    def promise(self, kept, text):
        self.screen.promise(kept, text)
        if not kept:
            self.broken.append(text)

    @staticmethod
    def title(options):
        """One line: what is about to happen."""
        raise NotImplementedError

    @staticmethod
    def plan_of(options):
        """The plan of the lab that the trial needs."""
        raise NotImplementedError

    @staticmethod
    def start(lab, options):
        """Starts what the story begins with."""
        lab.start()

    @classmethod
    def begin(cls, lab, screen, options):
        """The trial in a lab that runs; `options` is for those whose making depends on it."""
        return cls(lab, screen)

    def tell(self, options):
        """The story and its judgement, in a lab that has converged."""
        raise NotImplementedError

    @staticmethod
    def facts(options, seconds):
        """What opens the JSON object, whatever becomes of the trial."""
        return {}

    @staticmethod
    def around(lab, options):
        """A context that the lab's start and the story run in."""
        return contextlib.nullcontext()


def add_options(parser):
    """The options that all trials have."""
    parser.add_argument("--hosts", type=int, default=3, choices=range(2, 9), metavar="2..8")
    parser.add_argument("--period", default="100ms")
    parser.add_argument("--tolerance", type=int, default=5)
    parser.add_argument("--switch", choices=("bridge", "program"), default="bridge", help="the kernel's bridge or lab-switch")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, everything else on standard error")


def lab_plan(options, prefix, **keys):
    common = {"period": options.period, "tolerance": options.tolerance, "switch": options.switch}
    return plan.Plan(tag=new_tag(prefix), hosts=options.hosts, **common, **keys)


def conduct(kind, options, screen=None):
    """Makes the lab, has the story told, prints the figures when asked for, and the verdict; the exit status of the command."""
    screen = screen or Screen(sys.stderr if options.json else sys.stdout)
    title, needed = kind.title(options), kind.plan_of(options)
    started = time.monotonic()
    trial, trouble = None, None
    try:
        with Lab(needed) as lab:
            screen.step("*", title)
            with kind.around(lab, options):
                kind.start(lab, options)
                trial = kind.begin(lab, screen, options)
                trial.tell(options)
    except system.LabError as error:
        trouble = str(error)
    seconds = round(time.monotonic() - started)
    good = trouble is None and not trial.broken
    if options.json:
        figures = {**kind.facts(options, seconds), **(trial.figures if trial else {})}
        print(json.dumps({**figures, "ok": good, **({"error": trouble} if trouble else {})}))
    why = trouble or ("" if good else f"{len(trial.broken)} promises broken, the first: {trial.broken[0]}")
    screen.verdict(good, f"{'OK' if good else 'FAILED'}: {title}, {seconds} s" + (f": {why}" if why else ""))
    return 0 if good else 1
