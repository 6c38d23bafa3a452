"""Alerts, recording rules and the dashboard ask for metrics that exist, each alert names a paragraph that says what to do, and their
own tests hold.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

FOLDER = tree.ROOT / "config" / "prometheus"
DASHBOARD = tree.ROOT / "config" / "grafana" / "nlb.json"
NAME = re.compile(r"\b(?:nlb|process)_[a-z_]+\b")
OF_HISTOGRAM = re.compile(r"_(?:bucket|sum|count)$")


def metrics():
    text = tree.read(pathlib.Path("controlplane/api/metrics_table.cpp"))
    return set(re.findall(r'Metric\{"(\w+)"', text))


def expressions():
    """(where, PromQL) of every rule and panel."""
    for name in ("rules.yaml", "alerts.yaml"):
        for line in (FOLDER / name).read_text().splitlines():
            if (found := re.match(r"\s+expr: (.*)", line)) is not None:
                yield name, found.group(1)
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield f"{DASHBOARD.name}: {panel['title']}", target["expr"]


def anchors():
    """Of headings, as they are made from their words."""
    text = tree.read(pathlib.Path("docs/operations.md"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


class Alerts(unittest.TestCase):
    longMessage = False

    def test_every_expression_asks_for_metrics_that_there_are(self):
        known = metrics()
        self.assertGreater(len(known), 40, "the table of metrics was not read")
        wrong = []
        for where, text in expressions():
            # A recorded name has colons and holds another metric's name.
            for name in NAME.findall(re.sub(r"\w+:\w+:\w+", "", text)):
                if name not in known and OF_HISTOGRAM.sub("", name) not in known:
                    wrong.append(f"{where}: there is no metric {name}")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_every_recorded_name_that_is_asked_for_is_recorded(self):
        recorded = set(re.findall(r"record: (\S+)", (FOLDER / "rules.yaml").read_text()))
        asked = {name for _, text in expressions() for name in re.findall(r"\w+:\w+:\w+", text)}
        self.assertFalse(asked - recorded, ", ".join(sorted(asked - recorded)))

    def test_every_alert_names_a_paragraph_that_there_is(self):
        text = (FOLDER / "alerts.yaml").read_text()
        alerts = re.findall(r"- alert: (\w+)", text)
        named = re.findall(r"runbook_url: docs/operations\.md#(\S+)", text)
        self.assertEqual([alert.lower() for alert in alerts], named)
        self.assertFalse(set(named) - anchors(), "docs/operations.md has no paragraph for it")

    def test_every_alert_has_a_test(self):
        alerts = set(re.findall(r"- alert: (\w+)", (FOLDER / "alerts.yaml").read_text()))
        tested = set(re.findall(r"alertname: (\w+)", (FOLDER / "alerts_test.yaml").read_text()))
        self.assertEqual(alerts, tested)

    def test_rules_are_right_and_their_tests_hold(self):
        if shutil.which("promtool") is None:
            self.skipTest("promtool (package prometheus) is not installed")
        for words in (("check", "rules", "rules.yaml", "alerts.yaml"), ("test", "rules", "alerts_test.yaml"),
                      ("check", "config", "--syntax-only", "scrape.yaml")):
            done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=60)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)


if __name__ == "__main__":
    tap.main()
