"""What a lab owns on this machine, written down before it is made, so that nothing survives a lab that ends in any way.

The list lives in /run/nlb-lab/TAG.json. Whoever reads it can take the lab down: the lab itself, `scripts/lab/run down`,
or the next lab when the former one was killed. Only things on the list are ever removed.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

from . import system

HOME = pathlib.Path("/run/nlb-lab")
HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")


def started_at(pid):
    """When a process began, in ticks since boot: with it a pid names one process and not its successor. None: no such process."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


class Estate:
    def __init__(self, tag):
        self.tag = tag
        self.file = HOME / f"{tag}.json"
        self.directory = HOME / tag
        self.things = {"owner": None, "kept": False, "namespaces": [], "processes": {}, "hugepages": 0, "notes": {}}

    @staticmethod
    def create(tag):
        estate = Estate(tag)
        HOME.mkdir(mode=0o755, exist_ok=True)
        if estate.file.exists():
            raise system.LabError(f"a lab named {tag} exists; take it down with: scripts/lab/run down {tag}")
        estate.things["owner"] = [os.getpid(), started_at(os.getpid())]
        estate.directory.mkdir(mode=0o755, exist_ok=True)
        estate.save()
        return estate

    @staticmethod
    def load(tag):
        estate = Estate(tag)
        try:
            estate.things = json.loads(estate.file.read_text())
        except FileNotFoundError:
            raise system.LabError(f"there is no lab named {tag}") from None
        return estate

    @staticmethod
    def tags():
        return sorted(file.stem for file in HOME.glob("*.json"))

    def save(self):
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(self.things, indent=1))
        draft.replace(self.file)

    def add_namespace(self, name):
        self.things["namespaces"].append(name)
        self.save()

    def add_process(self, name, pid):
        self.things["processes"][name] = [pid, started_at(pid)]
        self.save()

    def forget_process(self, name):
        self.things["processes"].pop(name, None)
        self.save()

    def note(self, key, value):
        self.things["notes"][key] = value
        self.save()

    def keep(self):
        self.things["kept"] = True
        self.save()

    def reserve_hugepages(self, count):
        """Raises the machine's reservation by so many pages of 2 MiB; take_down() lowers it by as many."""
        before = int(HUGEPAGES.read_text())
        self.things["hugepages"] = count
        self.save()
        HUGEPAGES.write_text(str(before + count))
        if int(HUGEPAGES.read_text()) < before + count:
            raise system.LabError(f"the kernel did not reserve {count} more hugepages; is memory too fragmented?")

    def is_abandoned(self):
        """Whoever made it is gone, and did not mean it to stay."""
        pid, start = self.things["owner"]
        return not self.things["kept"] and started_at(pid) != start

    def take_down(self):
        with system.signals_held():
            self._end_processes()
            for namespace in self.things["namespaces"]:
                self._empty_namespace(namespace)
                subprocess.run(["ip", "netns", "delete", namespace], capture_output=True)
            if self.things["hugepages"]:
                HUGEPAGES.write_text(str(max(0, int(HUGEPAGES.read_text()) - self.things["hugepages"])))
            shutil.rmtree(self.directory, ignore_errors=True)
            self.file.unlink(missing_ok=True)
            self.file.with_suffix(".draft").unlink(missing_ok=True)

    def _end_processes(self):
        """Whole process groups: nginx has workers. A stopped process dies of SIGKILL all the same."""
        for pid, start in self.things["processes"].values():
            if start is not None and started_at(pid) == start:
                _signal_group(pid, signal.SIGKILL)
        wait_for_the_end([pid for pid, _ in self.things["processes"].values()])

    @staticmethod
    def _empty_namespace(namespace):
        """What still lives in a namespace of ours was started there by somebody at a kept lab's prompt; it ends with the lab."""
        found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True).stdout.split()
        for pid in map(int, found):
            if pid != os.getpid():
                _signal_group(pid, signal.SIGKILL, group=False)
        wait_for_the_end(list(map(int, found)))


def _signal_group(pid, number, group=True):
    try:
        os.killpg(pid, number) if group else os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def wait_for_the_end(pids, seconds=5):
    deadline = time.monotonic() + seconds
    for pid in pids:
        while time.monotonic() < deadline:
            try:
                os.waitpid(pid, os.WNOHANG)  # our own children; others are reaped elsewhere
            except ChildProcessError:
                pass
            if started_at(pid) is None:
                break
            time.sleep(0.005)


def sweep():
    """Takes down what labs that were killed left behind; returns their tags."""
    swept = []
    for tag in Estate.tags():
        estate = Estate.load(tag)
        if estate.is_abandoned():
            estate.take_down()
            swept.append(tag)
    return swept
