"""Fresh Debian 12 roots for packages: a minimal system whose apt finds, without a network, what the package and its tests need.

The minimal system is made once by mmdebstrap and kept below /var/tmp/nlb-packages; each root is a layer of memory above it, gone
with its owner. Whoever uses this runs in a mount namespace of its own (`alone()`).
"""

import ctypes
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

CACHE = pathlib.Path(os.environ.get("NLB_PACKAGES_CACHE", "/var/tmp/nlb-packages"))
MIRROR = "http://deb.debian.org/debian"
# What tests install beside the package; its own dependencies are read from it.
ALSO = ("nginx-light", "bash-completion", "systemd-sysv", "dbus")
MAKE_SECONDS = 600
CLONE_NEWNS = 0x00020000
NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0), "net/tun": (10, 200)}


class Unavailable(Exception):
    """No root can be had on this machine; the text says why, and is the reason of a skipped test."""


def alone():
    """From here on this process's mounts are its own."""
    if os.geteuid() != 0:
        raise Unavailable("roots are mounted: run this as root")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Unavailable(f"this machine gives no mount namespace: {os.strerror(ctypes.get_errno())}")
    run("mount", "--make-rprivate", "/")


def run(*command, **options):
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"`{' '.join(map(str, command))}` failed with {done.returncode}: {done.stdout[-1500:]}")
    return done.stdout


def dependencies(package):
    """Names of the packages that the file asks for, strictly or by recommendation."""
    names = set()
    for field in ("Depends", "Recommends"):
        said = run("dpkg-deb", "--field", package, field)
        names |= {clause.split("|")[0].split()[0].split(":")[0] for clause in said.split(",") if clause.strip()}
    return sorted(names)


def base_for(package):
    """The folder of the minimal system whose apt can install that file; made when it is not there yet."""
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("mmdebstrap is missing: run scripts/install")
    wanted = sorted({*dependencies(package), *ALSO})
    name = hashlib.sha256(" ".join(wanted).encode()).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = CACHE / f"root-{name}"
        if not found.is_dir():
            _make(found, wanted)
        return found


def _make(folder, wanted):
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    command = ["mmdebstrap", "--variant=minbase", "--skip=cleanup/apt", "--aptopt=APT::Install-Recommends \"true\""]
    fetch = f'chroot "$1" apt-get install -y -q --download-only {" ".join(wanted)}'
    command += [f"--customize-hook={fetch}", "bookworm", str(draft), MIRROR]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MAKE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{MIRROR} gave no Debian 12 within {MAKE_SECONDS} s") from None
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if line.startswith("E:")]
        raise Unavailable(f"mmdebstrap could make no Debian 12: {said[0] if said else done.stdout[-300:]}")
    draft.rename(folder)


class Root:
    """`with Root(base) as root:` is a system in which whatever is written is memory. Requires: alone()."""

    def __init__(self, base, name="debian"):
        self.base = base
        self.name = name
        self.path = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"nlb-root-{self.name}-"))
        run("mount", "-t", "tmpfs", "-o", "mode=755", "nlb-root", self.folder)
        self.path = self.folder / "root"
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        layers = f"lowerdir={self.base},upperdir={self.folder}/upper,workdir={self.folder}/work"
        run("mount", "-t", "overlay", "-o", layers, "overlay", self.path)
        run("mount", "-t", "proc", "proc", self.path / "proc")
        run("mount", "--rbind", "/sys", self.path / "sys")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "devices", self.path / "dev")
        (self.path / "dev/net").mkdir()
        for name, (major, minor) in NODES.items():
            os.mknod(self.path / "dev" / name, 0o020666, os.makedev(major, minor))
            os.chmod(self.path / "dev" / name, 0o666)
        (self.path / "dev/fd").symlink_to("/proc/self/fd")
        # As Debian's own chroots: no package starts what it brings.
        policy = self.path / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        policy.chmod(0o755)
        (self.path / "etc/hostname").write_text(f"{self.name}\n", encoding="ascii")
        return self

    def __exit__(self, *_):
        run("umount", "--lazy", "--recursive", self.folder)
        self.folder.rmdir()

    def shell(self, script, namespace=None, check=True, seconds=300):
        """Runs a script in the root, in a network namespace and under the root's own host name; returns status and output."""
        inside = f"hostname {self.name}; exec chroot {self.path} bash -euc \"$0\""
        command = ["unshare", "--uts", "sh", "-c", inside, script]
        if namespace:
            command = ["ip", "netns", "exec", namespace, *command]
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        environment["DEBIAN_FRONTEND"] = "noninteractive"
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(command, env=environment, timeout=seconds, check=False, **streams)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: `{script}` ended with {done.returncode}: {done.stdout[-1500:]}")
        return done.returncode, done.stdout

    def take(self, file, place="/root"):
        """Copies a file of this machine into the root."""
        shutil.copy(file, self.path / place.lstrip("/"))
