"""The kernel and the initrd of guests: Debian's own kernel package, fetched once and kept under the build directory.

A guest has no disk image: its root is this machine's own `/`, read-only over 9p. So the initrd holds busybox and the few modules
that reach it; every other module is found in the directory that this file unpacks. It installs nothing on the machine.
"""

import fcntl
import gzip
import pathlib
import shutil
import subprocess
import tempfile

from . import system

CACHE = (system.BUILD / "metal").resolve()  # the guest sees no link that leads out of its root
META_PACKAGE = "linux-image-amd64"
EARLY_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
INIT = pathlib.Path(__file__).with_name("guest_init.sh")
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "depmod": "kmod",
    "apt-get": "apt",
    "dpkg": "dpkg",
}
# What no guest of ours has, and what would fill 300 MiB of the build directory.
LEFT_OUT = ("sound", "drivers/gpu", "drivers/media", "drivers/staging", "drivers/usb", "drivers/infiniband", "drivers/scsi", "drivers/iio")
LEFT_OUT += ("drivers/net/wireless", "drivers/hid", "drivers/input", "drivers/platform", "drivers/hwmon", "drivers/mtd", "drivers/isdn")
DOWNLOAD_SECONDS = 240


class Unavailable(system.LabError):
    """This machine cannot run guests; the text says why, and is the reason of a skipped test."""


class Kernel:
    """A kernel on disk: what QEMU boots, and the folder that is /lib/modules in the guest."""

    def __init__(self, directory):
        self.directory = directory
        self.image = next(directory.glob("boot/vmlinuz-*"), None)
        self.modules = directory / "lib" / "modules"
        self.initrd = directory / "initrd.gz"

    @property
    def version(self):
        return self.image.name.removeprefix("vmlinuz-")


def require_programs():
    missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if missing:
        raise Unavailable(f"guests need {', '.join(missing)}: run scripts/install")


def kernel():
    """The kernel that guests boot; fetched and unpacked when it is not there yet. Unavailable when it cannot be had."""
    require_programs()
    CACHE.mkdir(parents=True, exist_ok=True)
    # Two tests may begin at the same time; the second waits for what the first makes.
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = [Kernel(path) for path in sorted(CACHE.glob("kernel-*")) if path.is_dir()]
        made = found[-1] if found else _fetch()
        _make_initrd(made)
        return made


def _fetch():
    package = _package_name()
    with tempfile.TemporaryDirectory(dir=CACHE) as draft:
        _download(package, draft)
        tree = pathlib.Path(draft) / "tree"
        tree.mkdir()
        file = next(pathlib.Path(draft).glob("*.deb"))
        _unpack(file, tree)
        version = Kernel(tree).version
        system.run("depmod", "-b", tree, version, timeout=120)
        return Kernel(tree.rename(CACHE / f"kernel-{version}"))


def _package_name():
    """The versioned package that Debian's kernel package stands for at present."""
    for _ in range(2):
        said = system.run("apt-cache", "depends", "--important", META_PACKAGE, check=False)
        names = [line.split()[-1] for line in said.splitlines() if "Depends: linux-image-" in line]
        if names:
            return names[0]
        system.run("apt-get", "-q", "update", check=False, timeout=DOWNLOAD_SECONDS)
    raise Unavailable(f"apt knows no package {META_PACKAGE}: guests have no kernel to boot")


def _download(package, directory):
    for attempt in range(2):
        command = ["apt-get", "-q", "download", package]
        try:
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{package} could not be fetched within {DOWNLOAD_SECONDS} s: guests have no kernel to boot") from None
        if done.returncode == 0:
            return
        if attempt == 0:  # an old list names versions that the mirror has no more
            system.run("apt-get", "-q", "update", check=False, timeout=DOWNLOAD_SECONDS)
    said = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    raise Unavailable(f"{package} could not be fetched ({said[0] if said else 'no reason given'}): guests have no kernel to boot")


def _unpack(file, tree):
    excludes = [f"--exclude=./lib/modules/*/kernel/{folder}" for folder in LEFT_OUT]
    with subprocess.Popen(["dpkg", "--fsys-tarfile", file], stdout=subprocess.PIPE) as source:
        subprocess.run(["tar", "-x", "-C", tree, *excludes, "./boot", "./lib/modules"], stdin=source.stdout, check=True)


def _make_initrd(made):
    if made.initrd.exists() and made.initrd.stat().st_mtime > INIT.stat().st_mtime:
        return
    with tempfile.TemporaryDirectory(dir=CACHE) as draft:
        root = pathlib.Path(draft)
        for folder in ("bin", "modules", "dev", "proc", "sys", "lower", "upper", "root"):
            (root / folder).mkdir()
        shutil.copy2(shutil.which("busybox"), root / "bin" / "busybox")
        shutil.copy2(INIT, root / "init")
        (root / "init").chmod(0o755)
        names = []
        for file in _with_dependencies(made):
            shutil.copy2(file, root / "modules" / file.name)
            names.append(file.name)
        (root / "modules" / "order").write_text("\n".join(names) + "\n")
        archive = subprocess.run("find . | cpio -o -H newc --quiet", shell=True, cwd=root, capture_output=True, check=True).stdout
    made.initrd.write_bytes(gzip.compress(archive, 1))


def _with_dependencies(made):
    """The files of the early modules, each after those that it needs."""
    files = []
    for module in EARLY_MODULES:
        said = system.run("modprobe", "-d", made.directory, "-S", made.version, "--show-depends", module)
        for line in said.splitlines():
            words = line.split()
            if words[:1] == ["insmod"] and pathlib.Path(words[1]) not in files:
                files.append(pathlib.Path(words[1]))
    return files
