"""What the pages show of a running cluster: blocks that are marked `lab` are run and compared, figures aside; JSON by its members."""

import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading

import lab_case
import pages
from lab import plan, system

CLIENT = "198.51.100.7"


def lies(shown, real, where="answer"):
    """Members that a page shows and an answer does not have; of lists the first element stands for all."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key, value in shown.items():
            if key not in real:
                yield f"{where}.{key}: shown, and not answered"
            else:
                yield from lies(value, real[key], f"{where}.{key}")
    elif isinstance(shown, list) and isinstance(real, list):
        if shown and real and not (isinstance(shown[-1], str) and shown[-1] == "..."):
            yield from lies(shown[0], real[0], f"{where}[0]")
    elif real is not None and shown is not None and isinstance(shown, (dict, list)) != isinstance(real, (dict, list)):
        yield f"{where}: shown as {type(shown).__name__}, answered as {type(real).__name__}"


class Pages(lab_case.LabCase):
    OPTIONS = {"hosts": 3}

    def marked(self, language):
        return [block for page in pages.pages() for block in pages.blocks(page) if block.where == "lab" and block.language == language]

    def owner(self):
        """The host that answers the pages' client."""
        _, printed, _ = self.lab.hosts[0].nlb("explain", "tcp", f"{CLIENT}:4000", f"{plan.VIP}:80", "--all-hosts", "--json")
        return next(host for host in self.lab.hosts for line in map(json.loads, printed.splitlines())
                    if line.get("verdict") == "accept" and line.get("host") == host.name)

    def request(self, **request):
        """A line of the control socket, and the line that answers it."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            line.connect(str(self.lab.hosts[0].run_directory / "control.sock"))
            line.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(line.makefile().readline())

    def run_step(self, command, host, directory):
        programs = system.COMMAND.parent
        # A page speaks of a host with the usual places. Trace reads the rules' names in the file; other verbs ask for it.
        places = f"--run-dir {host.run_directory} --timeout 10s"
        if " trace " in command:
            places += f" --config {host.configuration}"
        words = command.replace("nlb ", f"nlb {places} ", 1) if command.startswith("nlb ") else command
        environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "200"}
        done = subprocess.Popen(system.inside(host.namespace, ["sh", "-c", words]), cwd=directory, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ended = threading.Event()
        if " trace " in words:
            threading.Thread(target=self.call, args=(ended,), daemon=True).start()
        try:
            printed, complaint = done.communicate(timeout=30)
        finally:
            ended.set()
        return done.returncode, printed, complaint

    def call(self, ended):
        """A client that asks again and again, each time by a connection of its own."""
        while not ended.wait(0.3):
            curl = ["curl", "-s", "-m", "2", "-o", "/dev/null", "--interface", CLIENT, f"http://{plan.VIP}/"]
            subprocess.run(system.inside(self.lab.client, curl))

    def test_each_block_that_is_marked_prints_what_it_shows(self):
        wrong, steps = [], 0
        with tempfile.TemporaryDirectory() as directory:
            for other in self.lab.hosts[1:]:
                other.nlb("bundle", "-o", pathlib.Path(directory) / f"{other.name}.bundle")
            for block in self.marked(""):
                for command, shown in block.steps():
                    steps += 1
                    command = pages.without_remark(command)
                    host = self.owner() if " trace " in command else self.lab.hosts[0]
                    code, printed, complaint = self.run_step(command, host, directory)
                    told = f"{block.page}:{block.line}: `{command}`"
                    if code != 0:
                        wrong.append(f"{told}: exit {code}: {complaint}")
                    if shown:
                        wrong += [f"{told}:\n  {one}" for one in pages.differences(shown, printed.splitlines())]
        print(f"# {steps} commands")
        self.assertGreater(steps, 5)
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))

    def test_each_member_of_an_answer_that_is_shown_is_answered(self):
        events = self.request(command="events", last=1000)["events"]
        answers = [
            self.request(command="query"),
            self.request(command="query")["clusters"][0],
            self.request(command="map")["clusters"][0],
            events[-1],
            self.request(command="flight"),
        ]
        shown = [block for block in self.marked("json") if block.page == "docs/control-socket.md"]
        self.assertEqual(len(answers), len(shown), "each block has its answer here")
        wrong, named = [], set(re.findall(r"`(\w+)`", (system.ROOT / "docs/control-socket.md").read_text()))
        for block, answer in zip(shown, answers):
            text = json.loads("\n".join(block.lines).replace("[ ... ]", "[]"))
            # What an event is about differs from event to event.
            if "level" in text:
                text = {key: text[key] for key in ("time", "level", "name", "event", "cluster", "host")}
                answer = next(event for event in reversed(events) if "cluster" in event)
            wrong += [f"{block.page}:{block.line}: {one}" for one in lies(text, answer)]
            if "level" not in text:
                untold = [key for key in answer if key not in text and key not in named]
                wrong += [f"{block.page}:{block.line}: {key}: answered, and not told" for key in untold]
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))


if __name__ == "__main__":
    lab_case.main()
