"""What tests of `nlb doctor` share: asking it in a host's namespace, and a tree over the machine's own files."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import lab_case
from lab import system

RIGHT, WRONG, MISTAKEN = 0, 1, 2
ADAPTER = "0000:3b:00.0"
UNIT = """[Service]
User=nlb
AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_NICE
DevicePolicy=closed
DeviceAllow=/dev/net/tun rw
"""


class Found:
    def __init__(self, code, answer):
        self.code, self.answer = code, answer
        self.findings = answer["findings"]
        self.names = {one["id"] for one in self.findings}
        self.errors = {one["id"] for one in self.findings if one["severity"] == "error"}

    def of(self, name):
        return [one for one in self.findings if one["id"] == name]


class Tree:
    """What lies over the machine's own files: `write` and `link` below a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nlb-doctor-"))

    def write(self, path, text):
        file = self.folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def link(self, path, target):
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def adapter(self, driver, address=ADAPTER, group="7"):
        """A network controller as /sys shows it; `group` names its IOMMU group, or is None."""
        place = f"/sys/bus/pci/devices/{address}"
        self.write(f"{place}/class", "0x020000\n")
        self.write(f"{place}/vendor", "0x8086\n")
        self.write(f"{place}/numa_node", "-1\n")
        if driver:
            self.write(f"/sys/bus/pci/drivers/{driver}/module", "")
            self.link(f"{place}/driver", self.folder / f"sys/bus/pci/drivers/{driver}")
        if group:
            members = self.folder / f"sys/kernel/iommu_groups/{group}/devices"
            members.mkdir(parents=True, exist_ok=True)
            self.link(f"{place}/iommu_group", members.parent)
            (members / address).symlink_to(self.folder / place.lstrip("/"))

    def remove(self):
        shutil.rmtree(self.folder)


class DoctorCase(lab_case.LabCase):
    def doctor(self, host, text=None, root=None, wrapper=(), run_directory=None, name=None):
        file = self.lab.configuration
        if text is not None:
            file = self.lab.estate.directory / "examined.yaml"
            file.write_text(text)
        command = [*wrapper, system.COMMAND, "doctor", "--json", "--config", file, "--host", name or host.plan.name]
        command += ["--run-dir", run_directory or host.run_directory]
        if root:
            command = ["env", f"NLB_DOCTOR_ROOT={root.folder}", *command]
        done = subprocess.run(system.inside(host.namespace, command), capture_output=True, text=True, timeout=90)
        try:
            return Found(done.returncode, json.loads(done.stdout))
        except json.JSONDecodeError:
            raise AssertionError(f"no answer: {done.returncode} {done.stdout!r} {done.stderr!r}") from None

    def assert_found(self, name, found, mend=""):
        self.assertIn(name, found.names, found.findings)
        one = found.of(name)[0]
        self.assertTrue(one["says"] and (one["mend"] or one["severity"] == "ok"), one)
        self.assertIn(mend, one["mend"])
        if one["severity"] == "error":
            self.assertIn(found.code, (WRONG, MISTAKEN), found.findings)
