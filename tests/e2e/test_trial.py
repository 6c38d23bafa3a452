"""What the base of all trials does with promises, figures and troubles. No root: the lab that it is given here does nothing."""

import argparse
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import tap
from lab import chaos, crowd, endurance, flood, logs, strangers, synflood, system, trial


class EmptyLab:
    def __init__(self, plan):
        self.plan = plan

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def start(self):
        return None


class Sample(trial.Trial):
    STORY = [(True, "this one is kept")]

    title = staticmethod(lambda options: "a sample")
    plan_of = staticmethod(lambda options: trial.lab_plan(options, "sample"))
    facts = staticmethod(lambda options, seconds: {"seed": 7})

    def tell(self, options):
        for kept, text in self.STORY:
            self.promise(kept, text)
        self.figures["said"] = len(self.STORY)


class Broken(Sample):
    STORY = [(True, "this one is kept"), (False, "this one is not")]


class Troubled(Sample):
    def tell(self, options):
        raise system.LabError("no cable")


def conducted(kind):
    """The exit status, the JSON object and what was said beside it."""
    parser = argparse.ArgumentParser()
    trial.add_options(parser)
    printed, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said), unittest.mock.patch.object(trial, "Lab", EmptyLab):
        status = trial.conduct(kind, parser.parse_args(["--json"]))
    return status, json.loads(printed.getvalue()), said.getvalue()


class Verdicts(unittest.TestCase):
    def test_kept_promises_end_well_and_figures_follow_the_facts(self):
        status, figures, said = conducted(Sample)
        self.assertEqual((0, [("seed", 7), ("said", 1), ("ok", True)]), (status, list(figures.items())))
        self.assertIn("OK: a sample", said)

    def test_a_broken_promise_fails_the_command_and_is_named(self):
        status, figures, said = conducted(Broken)
        self.assertEqual((1, False), (status, figures["ok"]))
        self.assertIn("1 promises broken, the first: this one is not", said)

    def test_a_trouble_fails_the_command_and_is_in_the_json(self):
        status, figures, _ = conducted(Troubled)
        self.assertEqual((1, {"seed": 7, "ok": False, "error": "no cable"}), (status, figures))

    def test_each_trial_names_its_story_and_its_lab(self):
        for module, kind in ((chaos, chaos.Chaos), (endurance, endurance.Endurance), (flood, flood.Flood), (synflood, synflood.SynFlood)):
            parser = argparse.ArgumentParser()
            module.add_options(parser)
            options = parser.parse_args(["--hosts", "4", "--period", "20ms", "--tolerance", "3"])
            planned = kind.plan_of(options)
            self.assertEqual((4, "20ms", 3), (planned.hosts, planned.period, planned.tolerance))
            self.assertIn("4 hosts", kind.title(options))

    def test_each_stranger_names_its_case_and_a_lab_with_a_switch_of_its_own(self):
        parser = argparse.ArgumentParser()
        strangers.add_options(parser)
        for name, case in strangers.CASES.items():
            options = parser.parse_args(["--case", name, "--period", "20ms", "--tolerance", "3"])
            planned = case.plan_of(options)
            self.assertEqual(("20ms", 3, "program"), (planned.period, planned.tolerance, planned.switch))
            self.assertIn(f"{name}: ", case.title(options))
            self.assertLessEqual(set(case.TOUCHED), {host.name for host in planned.host_plans()})


class Logs(unittest.TestCase):
    LINES = """\
2026-11-27T17:14:03.276Z info name=converging event=67 cluster=web host=edge1 epoch=1.1 cause=joined by=edge1 members=1,2
not of ours
2026-11-27T17:14:03.445Z info name=converged event=29 cluster=web host=edge1 epoch=2.1 members=1,2 default_host=yes took_ms=1310
"""
    RESET = '2026-11-27T17:14:04.000Z warning name=reset cluster=web host=edge1 because="the lease lapsed"\n'

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "log"
        self.log.write_text(self.LINES)

    def test_events_are_read_from_a_position_on_and_other_lines_passed_over(self):
        first, second = logs.events(self.log)
        self.assertEqual(("converging", "converged"), (first.name, second.name))
        self.assertAlmostEqual(0.169, second.time - first.time, places=3)
        start = logs.size(self.log)
        with open(self.log, "a") as log:
            log.write(self.RESET)
        self.assertEqual(["reset"], [event.name for event in logs.events(self.log, start)])

    def test_whoever_reset_after_converging_has_not_converged(self):
        self.assertEqual("2.1", crowd.last_word(self.log).values["epoch"])
        self.log.write_text(self.LINES + self.RESET)
        self.assertIsNone(crowd.last_word(self.log))


if __name__ == "__main__":
    tap.main()
