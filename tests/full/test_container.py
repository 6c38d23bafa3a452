"""The image of scripts/packaging/Containerfile, built here over a Debian that mmdebstrap has made, and a cluster of two hosts from it.

The flags are those of docs/install.md but for what a lab lacks: huge pages, adapters, a higher limit of locked memory.
"""

import atexit
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "packages", "e2e"):
    sys.path.insert(0, str(TESTS / folder))
import built
import chroots
import lab_case
from lab import logs, plan, system, traffic, view

RECIPE = TESTS.parent / "scripts" / "packaging" / "Containerfile"
BASE = "localhost/debian:bookworm-slim"
CAPABILITIES = {"dataplane": ("NET_ADMIN", "NET_RAW", "IPC_LOCK", "SYS_NICE"), "controlplane": ("IPC_LOCK", "SYS_NICE")}
# Machines that may not raise a limit: the engine's own default would.
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
BUILD_SECONDS = 600


class Engine:
    """podman with images and containers of its own, gone with the test."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nlb-podman-"))
        atexit.register(self.remove)

    def command(self, *words):
        places = ("--root", self.folder / "images", "--runroot", self.folder / "run", "--storage-driver", "overlay", "--runtime", "runc")
        return ["podman", *map(str, places), *map(str, words)]

    def run(self, *words, seconds=60, **options):
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": "stdin" not in options}
        done = subprocess.run(self.command(*words), timeout=seconds, check=False, **streams, **options)
        if done.returncode != 0:
            raise AssertionError(f"podman {words[0]} ended with {done.returncode}: {done.stdout[-1500:]}")
        return done.stdout

    def build(self, package):
        context = self.folder / "context"
        context.mkdir()
        shutil.copy(package, context)
        shutil.copy(RECIPE, context)
        with subprocess.Popen(["tar", "-C", chroots.base_for(package), "-c", "."], stdout=subprocess.PIPE) as base:
            self.run("import", "-", BASE, seconds=BUILD_SECONDS, stdin=base.stdout)
        options = ("--isolation", "chroot", "--network", "host", "--build-arg", f"BASE={BASE}")
        self.run("build", *options, "-t", "nlb", context, seconds=BUILD_SECONDS)

    def remove(self):
        subprocess.run(self.command("rm", "--all", "--force", "--time", "0"), check=False, capture_output=True)
        subprocess.run(["umount", "--lazy", self.folder / "images" / "overlay"], check=False, capture_output=True)
        for _ in range(10):  # what watches a container ends a little after it
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(0.2)


class Containers(lab_case.LabCase):
    OPTIONS = {"hosts": 2}
    START = False

    @classmethod
    def setUpClass(cls):
        for tool in ("podman", "runc", "mmdebstrap"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is missing: apt-get install podman buildah runc mmdebstrap")
        cls.engine = Engine()
        cls.engine.build(built.package())
        super().setUpClass()
        try:
            for host in cls.lab.hosts:
                for what, process in (("dataplane", host.dataplane), ("controlplane", host.controlplane)):
                    process.arguments = cls.contained(host, what, process.arguments[1:])
                    process.namespace = None
            cls.lab.start()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def contained(cls, host, what, arguments):
        place = cls.lab.estate.directory
        words = ["run", "--rm", "--name", f"{host.name}-{what}", "--network", f"ns:/run/netns/{host.namespace}", "--cap-drop", "all"]
        for capability in CAPABILITIES[what]:
            words += ["--cap-add", capability]
        words += ["--device", "/dev/net/tun"] if what == "dataplane" else []
        words += [*LIMITS, "-v", f"{place}:{place}", "nlb", f"nlb-{what}", *arguments]
        return cls.engine.command(*words)

    def test_a_cluster_of_containers_serves(self):
        with traffic.Load(self.lab, "containers", 200, 300) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))
        self.assertEqual({"edge1", "edge2"}, set(traffic.per_host(load.results())))

    def test_a_container_that_is_stopped_leaves_in_order(self):
        first, second = self.lab.hosts
        self.engine.run("stop", f"{second.name}-controlplane")
        view.wait_for_agreement([first], [first])
        last = [event for event in logs.events(first.controlplane.log) if event.name == "converging"][-1]
        self.assertEqual(("left", "edge2"), (last.values["cause"], last.values["by"]))
        printed = system.run("curl", "-s", "-m", "5", f"http://{plan.VIP}/", namespace=self.lab.client)
        self.assertEqual("edge1\n", printed)
        second.controlplane.wait()
        second.start_controlplane()
        self.lab.settle()


if __name__ == "__main__":
    lab_case.main()
