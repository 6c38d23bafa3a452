"""The configuration of a whole cluster from one command: every host has it or none, comments stay, and load does not notice."""

import json
import re

import lab_case
from lab import plan, system, traffic

PORT = 2504
NEW_VIP = "192.0.2.91"


class ClusterVerbs(lab_case.LabCase):
    OPTIONS = {"cluster_keys": {"remote_control": {"enabled": True, "port": PORT, "key_file": "remote.key", "configure": True}}}
    START = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.lab.estate.directory
        system.run(system.COMMAND, "keygen", directory / "remote.key")
        commented = cls.lab.configuration.read_text().replace("    port_rules:\n", "    port_rules:   # what clients see\n")
        # A file for each host, so that a host can have one of its own later.
        for host in cls.lab.hosts:
            own = directory / f"{host.name}.yaml"
            own.write_text(commented)
            host.use(own)
        cls.lab.start()

    def change(self, host, *arguments, expected=0):
        code, printed, complaint = host.nlb(*arguments, "--json", timeout=120)
        self.assertEqual(expected, code, printed + complaint)
        return json.loads(printed)

    def cluster(self, host):
        return host.query()["clusters"][0]

    def shown(self, host):
        return self.change(host, "config", "show")

    def texts(self):
        return {host.name: self.shown(host)["text"] for host in self.lab.hosts}

    def generations(self):
        return {self.cluster(host)["generation"] for host in self.lab.hosts}

    def highest(self):
        """Above what every file says."""
        texts = [self.shown(host)["text"] for host in self.lab.hosts if host.query()]
        texts += [host.configuration.read_text() for host in self.lab.hosts]
        return max(int(found) for text in texts for found in re.findall(r"generation: (\d+)", text + "\ngeneration: 0"))

    def events(self, host):
        _, told, _ = host.nlb("events", "--last", "1000", "--json")
        return [event["name"] for event in map(json.loads, told.splitlines())]

    def rules(self, host):
        return [rule["name"] for rule in self.cluster(host)["rules"]]

    def under_load(self, name, act):
        """What `act` costs clients of the rule that was there all the time."""
        with traffic.Load(self.lab, name, 60) as load:
            system.wait_until(lambda: load.done() >= 20, 20, "the first requests")
            act()
            already = load.done()
            system.wait_until(lambda: load.done() >= already + 20, 20, "requests after the change")
        results = load.results()
        failed = traffic.failed(results)
        slowest = max(entry["end"] - entry["start"] for entry in results)
        print(f"# {name}: {len(results)} requests, {len(failed)} failed, the slowest took {slowest * 1000:.0f} ms")
        self.assertEqual([], failed)

    def agree(self, answer, asked=frozenset({"edge1", "edge2", "edge3"})):
        self.assertTrue(answer["ok"])
        self.assertEqual(asked, {entry["host"] for entry in answer["hosts"] if entry["ok"]})
        self.lab.settle()
        self.assertEqual(1, len(self.generations()))
        self.assertEqual(1, len(set(self.texts().values())))
        self.assertIn("# what clients see", self.shown(self.lab.hosts[0])["text"])

    def test_a_a_plan_changes_nothing_and_names_what_would_move(self):
        edge1 = self.lab.hosts[0]
        before = self.texts(), self.generations()
        answer = self.change(edge1, "rules", "add", "dns", "ports=53", "protocol=udp", "affinity=none", "--plan")
        self.assertIn('+      - {name: dns, ports: 53, protocol: udp, affinity: none}', answer["difference"])
        self.assertEqual("live", answer["plan"]["map"])
        self.assertEqual(3, len(answer["hosts"]))
        self.assertEqual(before, (self.texts(), self.generations()))
        for host in self.lab.hosts:
            self.assertEqual([], list(host.run_directory.glob("configuration.yaml*")))

    def test_b_rules_come_change_and_go_on_every_host(self):
        edge1, edge2, edge3 = self.lab.hosts

        def act():
            self.agree(self.change(edge1, "rules", "add", "dns", "ports=53", "protocol=udp", "affinity=none"))
            self.assertIn("dns", self.rules(edge3))
            self.agree(self.change(edge2, "rules", "set", "dns", "ports=53-54", "affinity=single"))
            self.assertIn("53-54", self.shown(edge1)["text"])
            self.agree(self.change(edge3, "rules", "remove", "dns"))
            self.assertEqual([plan.RULE, "default"], self.rules(edge1))
            self.assertEqual(3, self.events(edge2).count("configuration_received"))

        self.under_load("rules", act)
        for host in self.lab.hosts:
            self.assertEqual(str(host.run_directory / "configuration.yaml"), self.cluster(host)["file"])

    def test_c_a_virtual_address_is_served_and_gone_again(self):
        edge2 = self.lab.hosts[1]

        def act():
            self.agree(self.change(edge2, "vips", "add", f"{NEW_VIP}/24"))
            system.wait_until(lambda: self.fetch(NEW_VIP), 10, "the new address to answer")
            self.agree(self.change(edge2, "vips", "remove", NEW_VIP))

        self.under_load("vips", act)
        self.assertNotIn(NEW_VIP, self.shown(edge2)["text"])

    def fetch(self, address):
        try:
            return bool(system.run("curl", "-s", "-S", "-f", "-m", "2", f"http://{address}/", namespace=self.lab.client))
        except system.LabError:
            return False

    def test_d_what_no_host_would_take_is_refused_with_its_place(self):
        edge1 = self.lab.hosts[0]
        before = self.texts()
        code, _, complaint = edge1.nlb("rules", "add", "twice", "ports=80", "protocol=tcp")
        self.assertEqual(2, code)
        self.assertRegex(complaint, r"configuration\.yaml:\d+:\d+: .*port_rules")
        answer = self.change(edge1, "rules", "add", "script", "ports=81", "protocol=tcp",
                             "health={check: exec, program: [/bin/true]}", expected=1)
        self.assertIn("/bin/true", answer["message"])
        self.assertIn("nothing was changed", answer["message"])
        self.assertEqual(before, self.texts())

    def test_e_a_host_that_may_not_be_changed_or_does_not_answer_stops_all(self):
        edge1, _, edge3 = self.lab.hosts
        before, own = self.texts(), edge3.configuration.read_text()
        generation = max(self.generations()) + 5
        # The file that came on each host goes: edge3's own says what it does not want to be told.
        edge3.configuration.write_text(self.own(before["edge3"], generation).replace('"configure": true', '"configure": false')
                                       .replace("configure: true", "configure: false"))
        self.change(edge3, "reload")
        answer = self.change(edge1, "rules", "add", "dns", "ports=53", expected=1)
        self.assertRegex(answer["message"], r"nothing was changed: edge3: .*remote_control\.configure")
        self.assertEqual({"edge1": before["edge1"], "edge2": before["edge2"]},
                         {name: text for name, text in self.texts().items() if name != "edge3"})
        edge3.configuration.write_text(self.own(before["edge3"], generation + 1))
        self.change(edge3, "reload")
        edge3.controlplane.terminate()
        try:
            answer = self.change(edge1, "rules", "add", "dns", "ports=53", expected=1)
            self.assertRegex(answer["message"], r"nothing was changed: edge3: .*does not answer")
        finally:
            edge3.start_controlplane()
            self.lab.settle()
        self.assertEqual(before["edge1"], self.shown(edge1)["text"])
        self.assertEqual(str(edge3.configuration), self.cluster(edge3)["file"], "an own file that is newer wins")
        edge3.configuration.write_text(own)
        self.change(edge3, "reload")
        self.assertEqual(before, self.texts(), "the file that came is the newer one again")

    @staticmethod
    def own(text, generation):
        return re.sub(r"generation: \d+", f"generation: {generation}", text)

    def test_f_a_host_that_starts_again_goes_by_the_file_that_came(self):
        edge1, edge2, _ = self.lab.hosts
        answer = self.change(edge1, "rules", "add", "dns", "ports=53", "protocol=udp", "affinity=none")
        self.agree(answer)
        edge2.controlplane.terminate()
        edge2.start_controlplane()
        self.lab.settle()
        self.assertIn("dns", self.rules(edge2))
        # One that cannot be used is passed over, with a line.
        came = edge2.run_directory / "configuration.yaml"
        good = came.read_text()
        edge2.controlplane.terminate()
        came.write_text(good.replace("port_rules", "port_rulez"))
        edge2.start_controlplane()
        system.wait_until(lambda: edge2.query(), 10, "edge2 to answer")
        self.assertEqual(str(edge2.configuration), self.cluster(edge2)["file"])
        self.assertIn("received_refused", self.events(edge2))
        came.write_text(good)
        self.change(edge2, "reload")
        self.lab.settle()
        self.agree(self.change(edge1, "rules", "remove", "dns"))

    def test_g_keys_change_hands_and_the_former_one_is_accepted_no_more(self):
        edge1 = self.lab.hosts[0]
        before = self.keys(edge1)
        self.assertIn("former_key_files", self.change(edge1, "keys", "rotate", "--plan")["difference"])
        self.assertEqual(before, self.keys(edge1))
        self.under_load("keys", lambda: self.agree(self.change(edge1, "keys", "rotate")))
        for host in self.lab.hosts:
            keys = self.keys(host)
            self.assertEqual([keys["sends_under"]], keys["accepts"])
            self.assertNotEqual(before["sends_under"], keys["sends_under"])
            [file] = (host.run_directory / "keys").iterdir()
            self.assertEqual(0o600, file.stat().st_mode & 0o777)
            for reason in ("key", "tag"):
                self.assertIn(f'reason="{reason}"}} 0\n', host.metrics())
        edge1.controlplane.terminate()
        edge1.start_controlplane()
        self.lab.settle()
        code, said, complaint = edge1.nlb("explain", "tcp", "198.51.100.7:4000", f"{plan.VIP}:80", "--json")
        self.assertEqual(0, code, complaint)
        self.assertIn('"map":"live"', said.replace(": ", ":"))

    def keys(self, host):
        return self.change(host, "params")["clusters"][0]["keys"]

    def test_h_a_host_leaves_and_comes_back(self):
        edge1, edge2, edge3 = self.lab.hosts
        line = re.search(r"- (\{name: edge3.*\})", self.shown(edge1)["text"]).group(1)

        def act():
            answer = self.change(edge1, "hosts", "remove", "edge3", "--timeout", "30s")
            self.assertEqual({"edge1", "edge2"}, {entry["host"] for entry in answer["hosts"] if entry["ok"]})
            self.lab.settle([edge1, edge2])

        self.under_load("leaves", act)
        self.assertEqual("stopped", edge3.state())
        edge3.controlplane.terminate()
        edge3.dataplane.terminate()
        words = [f"{key}={value}" for key, value in self.pairs(line) if key != "name"]
        answer = self.change(edge2, "hosts", "add", "edge3", *words)
        self.assertIn("nlb config show", answer["message"])
        # What the sentence says is to be done.
        edge3.configuration.write_text(self.shown(edge2)["text"])
        for key in (edge2.run_directory / "keys").iterdir():
            copy = edge3.configuration.parent / key.name
            copy.write_bytes(key.read_bytes())
            copy.chmod(0o600)
        edge3.restart()
        self.lab.settle()

    def test_i_a_host_that_missed_a_change_serves_nobody_and_gets_it_by_one_command(self):
        edge1, edge2, edge3 = self.lab.hosts
        before = self.cluster(edge3)["generation"]
        # Heartbeats tell the generation that is in force: a file that is ahead of it would be no older one.
        edge3.configuration.write_text(self.own(self.shown(edge3)["text"], before))
        edge3.kill()
        self.lab.settle([edge1, edge2])
        text = self.own(self.shown(edge1)["text"], self.highest() + 1)
        rules = "port_rules:   # what clients see\n"
        self.assertEqual(1, text.count(rules))
        text = text.replace(rules, rules + "      - {name: late, ports: 5300, protocol: udp}\n")
        for host in (edge1, edge2):
            host.configuration.write_text(text)
        for host in (edge1, edge2):
            self.change(host, "reload")
        system.wait_until(lambda: all("late" in self.rules(host) for host in (edge1, edge2)), 10, "both to use the new file")
        self.lab.settle([edge1, edge2])
        edge3.restart()
        # It is not admitted by the former file, and all sides name its age and the command.
        command = "on edge1: nlb config push --host edge3"
        for host, peer in ((edge1, "edge3"), (edge3, "edge1")):
            wanted = {"host": peer, "older": "edge3", "mend": command}
            system.wait_until(lambda: any(wanted.items() <= one.items() for one in self.cluster(host)["config_mismatches"]), 10,
                              f"{host.name} to name the older file and the command")
            _, said, _ = host.nlb("query")
            self.assertIn(command, said)
            self.assertIn("config_mismatch", self.events(host))
        self.assertEqual("converging", edge3.state())
        self.assertEqual({0}, {rule["own"] for rule in self.cluster(edge3)["rules"]}, "it owns nothing by its former file")
        self.assertLess(self.cluster(edge3)["generation"], self.cluster(edge1)["generation"])
        self.assertEqual(before, self.cluster(edge3)["generation"])
        # The wrong way round is refused by name.
        answer = self.change(edge3, "config", "push", "--host", "edge1", expected=1)
        self.assertRegex(answer["message"], "edge1 holds a newer configuration.*on edge1: nlb config push --host edge3")
        planned = self.change(edge1, "config", "push", "--host", "edge3", "--plan")
        self.assertTrue([line for line in planned["changes"] if "late" in line], planned)
        self.assertEqual("converging", edge3.state())
        self.under_load("late", lambda: self.agree(self.change(edge1, "config", "push", "--host", "edge3"), {"edge3"}))
        self.assertIn("late", self.rules(edge3))
        # It starts with that file from now on.
        edge3.kill()
        self.lab.settle([edge1, edge2])
        edge3.restart()
        self.lab.settle()
        self.assertIn("late", self.rules(edge3))
        self.assertEqual([], self.cluster(edge3)["config_mismatches"])
        self.agree(self.change(edge2, "rules", "remove", "late"))

    @staticmethod
    def pairs(line):
        """The keys of a mapping on one line, with their values as they are written."""
        depth, quoted, word, words = 0, False, "", []
        for letter in line[1:-1] + ",":
            quoted ^= letter == '"'
            depth += letter in "[{"
            depth -= letter in "]}"
            if letter == "," and depth == 0 and not quoted:
                words.append(word.strip())
                word = ""
            else:
                word += letter
        return [(key, value.strip('"')) for key, value in (entry.split(": ", 1) for entry in words)]


if __name__ == "__main__":
    lab_case.main()
