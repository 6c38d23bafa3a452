"""The web page of a real cluster in a real browser: it says what `nlb query` says, through deaths, drains and reloads; each control works.

NLB_SCREENSHOTS=DIR keeps pictures of it.
"""

import json
import os
import pathlib
import shutil
import tempfile
import time
import unittest

import lab_case  # it says where the others are
import axe
import browser
from lab import plan, system

ADDRESS = "127.0.0.1:9781"
TOKEN = "0123456789abcdef0123456789"
HTTP = {"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "mode": "multiple", "affinity": "single"}
DNS = {"name": "dns", "vip": "all", "ports": 53, "protocol": "both", "mode": "multiple", "affinity": "none"}
WEIGHT_MAX = 300 * 1024

# What the page shows, as a reader of it sees it.
SHOWN = """(() => {
  const cells = (rule) => [...rule.querySelectorAll(".cell")].map((cell) => cell.textContent);
  const article = document.querySelector("article");
  return {
    state: article.querySelector(".cluster-head .pill").textContent,
    epoch: Number(article.dataset.epoch),
    facts: article.querySelector(".facts").textContent,
    rules: Object.fromEntries([...article.querySelectorAll(".rule")].map((rule) => [rule.dataset.rule, cells(rule)])),
    hosts: Object.fromEntries([...article.querySelectorAll(".hosts tbody tr")].map(
      (row) => [row.dataset.host, row.querySelector(".pill").textContent])),
  };
})()"""
# Remembers when each bucket of the rule changed last, in the clock of Date.now().
CLOCK_CELLS = """new MutationObserver((all) => {
  window.lastMove = Date.now();
}).observe(document.querySelector('.rule[data-rule="http"] .strip'), {subtree: true, childList: true, characterData: true})"""


@unittest.skipUnless(browser.find(), "there is no chromium; run scripts/install")
class ThePage(lab_case.LabCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="nlb-manager-"))
        token = cls.directory / "token"
        token.touch(0o600)
        token.write_text(TOKEN + "\n")
        cls.OPTIONS = {"top_keys": {"manager": {"listen": ADDRESS, "token_file": str(token)}}}
        super().setUpClass()
        cls.browser = browser.Browser(system.inside(cls.lab.hosts[0].namespace, []))
        cls.browser.__enter__()
        cls.page = cls.browser.page()
        cls.page.open(f"http://{ADDRESS}/")
        cls.page.wait_for("document.querySelectorAll('.rule').length")

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "browser"):
            cls.browser.__exit__(None, None, None)
        super().tearDownClass()
        shutil.rmtree(cls.directory, ignore_errors=True)

    def setUp(self):
        self.lab.settle()
        self.edge1, self.edge2, self.edge3 = self.lab.hosts

    def queried(self):
        """The same things as SHOWN, by `nlb query --json`."""
        cluster = self.edge1.query()["clusters"][0]
        states = {cluster["host"]: cluster["state"]} | {member["name"]: member["state"] for member in cluster["members"]}
        return {
            "state": cluster["state"],
            "epoch": cluster["epoch"]["counter"],
            "rules": {rule["name"]: [str(owner) if owner else "·" for owner in rule["owners"]] for rule in cluster["rules"]},
            "hosts": {host.name: states.get(host.name, "absent") for host in self.lab.hosts},
            "default": cluster["default_host"],
        }

    def assert_page_is_query(self, seconds=3):
        """Both are asked until they agree: between two questions the cluster may go on."""

        def agree():
            shown, wanted = self.page.run(SHOWN), self.queried()
            default = wanted.pop("default")
            return f"default host {default} " in shown["facts"] + " " and all(shown[key] == value for key, value in wanted.items())

        try:
            system.wait_until(agree, seconds, "page and query to agree", interval=0.1)
        except system.LabError:
            self.maxDiff = None
            shown, wanted = self.page.run(SHOWN), self.queried()
            wanted.pop("default")
            shown.pop("facts")
            self.assertEqual(wanted, shown)

    def click(self, text, force=False):
        """One control from its button to its result; returns what the dialog said before."""
        buttons = "[...document.querySelectorAll('.controls button')]"
        self.page.run(f"{buttons}.find((one) => one.textContent === {json.dumps(text)}).click()")
        self.page.wait_for("!!document.querySelector('dialog[open]')", what=f"{text}: a dialog")
        if self.page.run("document.getElementById('token-dialog').open"):
            self.page.run(f"document.getElementById('token').value = {json.dumps(TOKEN)}")
            self.page.run("document.querySelector('#token-dialog button[value=use]').click()")
        self.page.wait_for("document.getElementById('confirm-dialog').open", what=f"{text}: what it would move")
        said = self.page.run("document.getElementById('confirm-text').textContent")
        if force:
            self.page.run("document.getElementById('force').click()")
        self.page.run("document.getElementById('apply').click()")
        words = f"{text}: "
        found = f"(document.querySelector('.controls .verdict').textContent.match(/^{words}(done|refused).*/) || [])[0]"
        return said, self.page.wait_for(found, 15, f"{text}: its result")

    def choose_rule(self, name):
        self.page.run(f"document.querySelector('.controls select').value = {json.dumps(name)}")

    def test_1_the_page_says_what_query_says_and_weighs_little(self):
        self.assert_page_is_query()
        weight = self.page.run(
            "performance.getEntries().filter((one) => one.encodedBodySize && !one.name.includes('/api/'))"
            ".reduce((sum, one) => sum + one.encodedBodySize, 0)"
        )
        print(f"# the page weighs {weight} bytes")
        self.assertLess(20000, weight)
        self.assertLess(weight, WEIGHT_MAX)
        names = "performance.getEntriesByType('resource').map((one) => one.name)"
        self.assertEqual([], self.page.run(f"{names}.filter((one) => !one.startsWith(origin))"))

    def test_2_hosts_have_the_colours_of_the_command_line(self):
        # 39, 214 and 78 of a terminal's colours.
        wanted = {"1": "rgb(0, 175, 255)", "2": "rgb(255, 175, 0)", "3": "rgb(95, 215, 135)"}
        cells = "[...document.querySelectorAll('.rule .cell')]"
        shown = self.page.run(f"Object.fromEntries({cells}.map((cell) => [cell.textContent, getComputedStyle(cell).backgroundColor]))")
        self.assertEqual(wanted, shown)

    def test_3_explain_says_what_the_command_says(self):
        for client in ("198.51.100.7", "198.51.100.8", "203.0.113.9", "2001:db8:1::3"):
            vip = plan.VIP6 if ":" in client else plan.VIP
            self.page.run(
                "(() => { const form = document.querySelector('.explain form'); const [protocol, address, from, vip, port] = form.elements;"
                f" address.value = '{client}'; from.value = '4000'; vip.value = '{vip}'; port.value = '80';"
                " document.querySelector('.explain tbody').replaceChildren(); form.requestSubmit(); })()"
            )
            self.page.wait_for("document.querySelectorAll('.explain tbody tr').length === 3", what=f"an explanation of {client}")
            rows = "[...document.querySelectorAll('.explain tbody tr')]"
            shown = self.page.run(f"Object.fromEntries({rows}.map((row) => [row.firstChild.textContent, row.dataset.verdict]))")
            source, target = (f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one, port in ((client, 4000), (vip, 80)))
            code, printed, complaint = self.edge1.nlb("explain", "tcp", source, target, "--all-hosts", "--json")
            self.assertEqual(0, code, complaint)
            lines = [json.loads(line) for line in printed.splitlines()]
            self.assertEqual({line["host"]: line["verdict"] for line in lines if "verdict" in line}, shown)

    def test_4_a_death_reaches_the_page_at_once(self):
        self.page.run(CLOCK_CELLS)
        before = self.page.run("document.querySelector('.timeline .lane.epoch').childElementCount")
        self.edge3.kill()
        seen = None
        deadline = time.time() + 5
        while time.time() < deadline:
            owners = self.edge1.query()["clusters"][0]["rules"][0]["owners"]
            if 3 not in owners and 0 not in owners:
                seen = time.time()
                break
        self.assertTrue(seen, "the buckets of edge3 have new owners")
        self.assert_page_is_query()
        late = self.page.run("window.lastMove") / 1000 - seen
        print(f"# the last bucket's colour came {late * 1000:.0f} ms after query had said it")
        self.assertLess(late, 0.3)
        after = f"document.querySelector('.timeline .lane.epoch').childElementCount > {before}"
        self.page.wait_for(after, what="the epoch on the time line")
        self.edge3.restart()
        self.lab.settle()
        self.assert_page_is_query()

    def test_4_a_the_time_line_survives_a_new_control_plane(self):
        def shown():
            self.page.wait_for("document.querySelectorAll('.timeline tbody tr').length > 0", 10, "the list of events")
            # Read of the page as a person reads it: what happened, without who is heard since.
            lanes = self.page.run("Object.fromEntries(['epoch', 'moves', 'window'].map((lane) => "
                                  "[lane, [...document.querySelectorAll('.timeline .lane.' + lane + ' .dot')].map((dot) => dot.title)]))")
            return lanes

        self.edge3.kill()
        self.lab.settle([self.edge1, self.edge2])
        self.page.wait_for("document.querySelectorAll('.timeline .lane.moves .dot').length > 0", 10, "the moves of the death")
        time.sleep(1.5)
        before = shown()
        self.assertTrue(before["epoch"] and before["moves"], before)
        self.edge1.controlplane.kill()
        self.edge1.start_controlplane()
        self.lab.settle([self.edge1, self.edge2])
        self.page.open(f"http://{ADDRESS}/")
        self.page.wait_for("document.querySelectorAll('.rule').length")
        self.page.wait_for("document.querySelectorAll('.timeline .lane.epoch .dot').length > 0", 10, "what happened before")
        after = shown()
        for lane, titles in before.items():
            self.assertEqual([], [title for title in titles if title not in after[lane]], f"{lane}: nothing is forgotten")
        self.edge3.restart()
        self.lab.settle()
        self.assert_page_is_query()

    def test_5_a_rule_is_drained_disabled_and_enabled_from_the_page(self):
        self.choose_rule("http")
        said, result = self.click("Drain")
        self.assertIn("20 buckets change hands", said)
        self.assertIn("done", result)
        system.wait_until(lambda: 1 not in self.edge1.query()["clusters"][0]["rules"][0]["owners"], 5, "the drain")
        self.assert_page_is_query()
        said, result = self.click("Disable")
        self.assertIn("done", result)
        self.assert_page_is_query()
        said, result = self.click("Enable")
        self.assertIn("20 buckets change hands", said)
        self.lab.settle()
        self.assert_page_is_query()

    def test_6_this_host_is_stopped_started_drained_suspended_and_resumed(self):
        for verb, state in (
            ("Stop", "stopped"),
            ("Start", "converged"),
            ("Drain and stop", "stopped"),
            ("Suspend", "suspended"),
            ("Resume", "stopped"),
            ("Start", "converged"),
        ):
            said, result = self.click(verb)
            self.assertIn("done", result, verb)
            system.wait_until(lambda wanted=state: self.edge1.state() == wanted, 10, f"{verb}: {state}")
            self.assert_page_is_query()
            if verb == "Stop":
                self.assertRegex(said, r"\d+ buckets change hands")

    def test_7_a_reload_shows_what_it_changes_and_a_bad_file_is_refused(self):
        self.lab.plan.cluster_keys["port_rules"] = [DNS, HTTP]
        self.lab.write_configuration()
        for host in (self.edge2, self.edge3):
            self.assertEqual(0, host.nlb("reload")[0])
        said, result = self.click("Reload the configuration")
        self.assertIn("port_rules", said)
        self.assertIn("done", result)
        self.page.wait_for("!!document.querySelector('.rule[data-rule=dns]')", what="the new rule on the page")
        self.lab.settle()
        self.assert_page_is_query()
        good = self.lab.configuration.read_text()
        self.lab.configuration.write_text(good.replace("ports: 53", "ports: http"))
        self.page.run("[...document.querySelectorAll('.controls button')].at(-1).click()")
        named = "document.querySelector('.controls .verdict').textContent.includes('port_rules[0].ports')"
        self.page.wait_for(named, what="the mistake's place")
        self.lab.configuration.write_text(good)

    def test_8_buckets_are_reached_by_the_keyboard(self):
        self.page.run("document.querySelector('.rule .strip').focus()")
        for _ in range(3):
            self.page.press("ArrowRight")
        self.assertRegex(self.page.run("document.querySelector('.rule .bucket').textContent"), "bucket 2: edge[123]")

    def test_9_accessibility_and_pictures(self):
        try:
            judge = axe.source(system.BUILD)
        except axe.Missing as missing:
            judge = None
            print(f"# not judged by axe-core: {missing}")
        pictures = os.environ.get("NLB_SCREENSHOTS")
        self.page.run("document.querySelector('details').open = true")
        for width, dark in ((1400, False), (1400, True), (360, False), (360, True), (3840, False)):
            self.page.look(width, 900, dark)
            wide = self.page.run("document.documentElement.scrollWidth")
            self.assertLessEqual(wide, width, "nothing sticks out to the right")
            if pictures:
                self.page.screenshot(f"{pictures}/manager-{width}-{'dark' if dark else 'light'}.png")
            if judge:
                self.page.run(judge + ";0")
                words = "one.id + ': ' + one.nodes.map((node) => node.html).join(' ')"
                found = self.page.run(f"axe.run().then((all) => all.violations.map((one) => {words}))")
                self.assertEqual([], found, f"{width}, {'dark' if dark else 'light'}")
        self.page.look(1400, 900, False)
        # The line of events broke when its control plane was killed (4 a); that is said once.
        broke = "Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING"
        complaints = self.page.complaints()
        expected = [said for said in complaints if said.startswith(broke) and said.endswith("/api/events")][:1]
        self.assertEqual(expected, complaints)
        if not judge:
            self.skipTest("axe-core is not here")

    def test_a_foreign_sites_page_gets_nothing(self):
        def status(*arguments):
            return self.edge1.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "5", *arguments)

        command = ("-X", "POST", "-H", "Content-Type: application/json", "-d", '{"command":"stop"}', f"http://{ADDRESS}/api/command")
        bearer = ("-H", f"Authorization: Bearer {TOKEN}")
        self.assertEqual("421", status("-H", "Host: evil.example", f"http://{ADDRESS}/"))
        self.assertEqual("401", status(*command))
        self.assertEqual("403", status(*bearer, "-H", "Origin: http://evil.example", *command))
        self.assertEqual("404", status("--path-as-is", f"http://{ADDRESS}/../../etc/passwd"))
        self.assertEqual("converged", self.edge1.state())


if __name__ == "__main__":
    lab_case.main()
