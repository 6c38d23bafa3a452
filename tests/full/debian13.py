"""A Debian 13 to build and to try this tree in: a root of its own, in which scripts/install has brought every package.

The root is made once and kept below /var/tmp/nlb-debian13, with the build directory and the compiler's cache beside it; what a test
writes elsewhere is a layer of memory. The tree is seen at /nlb, read-only. Whoever uses this runs in a mount namespace of its own.
"""

import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "packages"):
    sys.path.insert(0, str(TESTS / folder))
import chroots
import tree

CACHE = pathlib.Path(os.environ.get("NLB_DEBIAN13_CACHE", "/var/tmp/nlb-debian13"))
SUITE = "trixie"
MAKE_SECONDS = 600
INSTALL_SECONDS = 1800
TELL_SECONDS = 30.0
SOURCE, BUILD, COMPILED = "/nlb", "/nlb-build", "/nlb-ccache"
SCRIPTS = ("install", "packages.txt")
STEP = re.compile(r"^\s*\[?(\d+)/(\d+)\]?\s")


def record(text):
    print(f"# {text}", flush=True)


def base():
    """The folder of the root with all packages; made when it is not there yet, or when packages.txt is another one."""
    if shutil.which("mmdebstrap") is None:
        raise chroots.Unavailable("mmdebstrap is missing: run scripts/install")
    wanted = hashlib.sha256(tree.read(pathlib.Path("scripts/packages.txt")).encode()).hexdigest()[:16]
    found = CACHE / f"root-{wanted}"
    if not found.is_dir():
        _make(found)
    return found


def _make(folder):
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        _said("mmdebstrap", "--variant=minbase", "--skip=cleanup/apt", SUITE, str(draft), chroots.MIRROR, seconds=MAKE_SECONDS)
    except (AssertionError, subprocess.TimeoutExpired) as failure:
        raise chroots.Unavailable(f"mmdebstrap could make no {SUITE}: {str(failure)[-300:]}") from None
    record(f"a minimal {SUITE} made in {time.monotonic() - began:.0f} s")
    began = time.monotonic()
    # A root that is made anew when it breaks needs no sync of each file.
    (draft / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n", encoding="ascii")
    (draft / "scripts").mkdir()
    for name in SCRIPTS:
        shutil.copy2(tree.ROOT / "scripts" / name, draft / "scripts" / name)
    with Root(draft, kept=True) as root:
        root.run("/scripts/install", INSTALL_SECONDS)
    shutil.rmtree(draft / "scripts")
    subprocess.run(["rm", "-rf", draft / "var/cache/apt/archives"], check=True)
    (draft / "var/cache/apt/archives/partial").mkdir(parents=True)
    record(f"scripts/install brought the packages in {time.monotonic() - began:.0f} s")
    draft.rename(folder)


def _said(*command, seconds):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise AssertionError(f"`{' '.join(command)}` failed with {done.returncode}: {done.stdout[-1500:]}")


class Root(chroots.Root):
    """`with Root(base()) as root:`. `kept`: what is written stays in the base."""

    def __init__(self, folder, kept=False):
        super().__init__(folder, "trixie")
        self.kept = kept

    def __enter__(self):
        super().__enter__()
        if self.kept:
            for name in ("usr", "etc", "var", "opt", "boot"):
                chroots.run("mount", "--bind", self.base / name, self.path / name)
        (self.path / "dev/shm").mkdir()
        chroots.run("mount", "-t", "tmpfs", "shm", self.path / "dev/shm")
        for place, source in ((SOURCE, tree.ROOT), (BUILD, CACHE / "build"), (COMPILED, CACHE / "ccache")):
            source.mkdir(parents=True, exist_ok=True)
            (self.path / place[1:]).mkdir()
            chroots.run("mount", "--bind", source, self.path / place[1:])
        chroots.run("mount", "-o", "remount,ro,bind", self.path / SOURCE[1:])
        return self

    def run(self, script, seconds, nice=12, progress=""):
        """Runs a script in /nlb; returns what it printed. `progress`: what a line `[3/900] ...` of it is told as, now and then."""
        inside = f"hostname {self.name}; exec nice -n {nice} chroot {self.path} bash -euc \"$0\""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        environment |= {"DEBIAN_FRONTEND": "noninteractive", "PYTHONDONTWRITEBYTECODE": "1", "NLB_BUILD": BUILD, "NLB_JOBS": "2"}
        environment |= {"CCACHE_DIR": COMPILED, "CCACHE_BASEDIR": "/", "CCACHE_NOHASHDIR": "1", "PYTHONUNBUFFERED": "1"}
        command = ["unshare", "--uts", "sh", "-c", inside, f"cd {SOURCE}\n{script}"]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        with subprocess.Popen(command, env=environment, start_new_session=True, **streams) as process:
            watch = threading.Timer(seconds, end, (process.pid,))
            watch.start()
            try:
                said = listen(process.stdout, progress)
                status = process.wait()
            finally:  # what it has started ends with it
                watch.cancel()
                end(process.pid)
        if status != 0:
            raise AssertionError(f"`{script}` ended with {status}: {said[-2500:]}")
        return said


def end(session):
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        pass


def listen(stream, progress):
    """All that comes until the end."""
    lines, told = [], time.monotonic()
    for line in stream:
        lines.append(line)
        step = STEP.match(line)
        if progress and step and time.monotonic() - told > TELL_SECONDS:
            record(f"{progress}: {step[1]} of {step[2]}")
            told = time.monotonic()
    return "".join(lines)
