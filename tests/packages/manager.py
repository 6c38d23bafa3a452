"""Plays the service manager where there is none: reads the units that a root has, starts their programs as they say, and hears them.

It honours what tests need to see: user, capabilities, umask, limits, directories, the notify protocol, the watchdog and restarts.
What only a kernel's manager can do (ProtectSystem=, system call filters, cgroups) it does not; tests/full boots a real one.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

UNIT_FOLDERS = ("etc/systemd/system", "lib/systemd/system", "usr/lib/systemd/system")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def read_unit(root, name):
    """{section: {key: value}} of a unit of that root; what comes twice is joined by blanks."""
    file = next((root / folder / name for folder in UNIT_FOLDERS if (root / folder / name).is_file()), None)
    if file is None:
        raise LookupError(f"Unit {name} could not be found.")
    unit, section = {}, None
    for line in file.read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("["):
            section = unit.setdefault(line.strip("[]"), {})
        elif line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            section[key] = f"{section[key]} {value}" if key in section else value
    return unit


def seconds(text):
    return float(text.removesuffix("ms")) / 1000 if text.endswith("ms") else float(text.removesuffix("s"))


class Service:
    """One unit of a root, in the root's network namespace (None: this one)."""

    def __init__(self, root, name, namespace=None):
        self.root, self.name, self.namespace = root, name, namespace
        self.unit = read_unit(root.path, name)
        self.keys = self.unit.get("Service", {})
        self.log = root.folder / f"{name}.log"
        self.state, self.status, self.fed, self.process = "inactive", "", 0.0, None
        self.restarts, self.told, self.watcher = 0, [], None

    # What the program may be, before it is started.

    def _directories(self):
        if "ExecStart" not in self.keys or "User" not in self.keys:
            return
        for kind, parent, mode in (("RuntimeDirectory", "run", "0755"), ("StateDirectory", "var/lib", "0755")):
            if kind in self.keys:
                folder = self.root.path / parent / self.keys[kind]
                folder.mkdir(exist_ok=True)
                folder.chmod(int(self.keys.get(f"{kind}Mode", mode), 8))
                self.root.shell(f"chown {self.keys['User']}:{self.keys['Group']} /{parent}/{self.keys[kind]}")

    def _command(self):
        rights = []
        if "User" in self.keys:
            wanted = [name.removeprefix("CAP_").lower() for name in self.keys.get("AmbientCapabilities", "").split()]
            added = ",".join(f"+{name}" for name in wanted)
            rights = ["setpriv", "--reuid", self.keys["User"], "--regid", self.keys["Group"], "--init-groups"]
            rights += ["--bounding-set", f"-all,{added}", "--inh-caps", f"-all,{added}", "--ambient-caps", f"-all,{added}"]
        if self.keys.get("NoNewPrivileges") == "yes":
            rights.append("--no-new-privs")
        limits = ["prlimit", "--core=0"] if self.keys.get("LimitCORE") == "0" else []  # to raise one is not everybody's right
        start = [*limits, *rights, *self.keys["ExecStart"].split()]
        inside = f"hostname {self.root.name}; umask {self.keys.get('UMask', '0022')}; exec chroot {self.root.path} \"$@\""
        command = ["unshare", "--uts", "sh", "-c", inside, "sh", *start]
        return ["ip", "netns", "exec", self.namespace, *command] if self.namespace else command

    def _spawn(self):
        self._directories()
        environment = {"PATH": PATH}
        if self.keys.get("Type") == "notify":
            notify = self.root.path / "run" / f"notify-{self.name}"
            notify.unlink(missing_ok=True)
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(notify))
            notify.chmod(0o666)
            environment["NOTIFY_SOCKET"] = f"/run/{notify.name}"
            if "WatchdogSec" in self.keys:
                environment["WATCHDOG_USEC"] = str(int(seconds(self.keys["WatchdogSec"]) * 1e6))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self._command(), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def start(self):
        """Until it is ready; the reason where it is not."""
        if self.state == "active":
            return ""
        condition = self.unit["Unit"].get("ConditionPathExists")
        if condition and not (self.root.path / condition.lstrip("/")).exists():
            return ""  # a condition that does not hold is no failure
        self.state, self.status = "activating", ""
        if self.keys.get("Type") == "forking":
            status, said = self.root.shell(self.keys["ExecStart"].lstrip("-"), self.namespace, check=False)
            self.state = "active" if status == 0 else "failed"
            return "" if status == 0 else said
        self._spawn()
        self.watcher = threading.Thread(target=self._watch, args=(self.process,), daemon=True)
        self.watcher.start()
        deadline = time.monotonic() + seconds(self.keys.get("TimeoutStartSec", "90"))
        while self.state == "activating" and time.monotonic() < deadline:
            time.sleep(0.01)
        return "" if self.state == "active" else f"{self.name} failed: {self.said()[-500:]}"

    def _watch(self, process):
        """Hears what the program says until it ends; feeds on its watchdog; starts it again where the unit says so."""
        self.socket.settimeout(0.05)
        limit = seconds(self.keys.get("WatchdogSec", "0"))
        while process.poll() is None:
            try:
                self._hear(self.socket.recv(4096).decode())
            except TimeoutError:
                pass
            if self.state == "active" and limit and time.monotonic() - self.fed > limit:
                self.told.append("watchdog")
                os.killpg(process.pid, signal.SIGABRT)
                time.sleep(0.2)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                self.fed = time.monotonic()
        self.socket.close()
        clean = process.returncode == 0
        if self.state in ("deactivating", "inactive") or clean or self.keys.get("Restart") != "on-failure":
            self.state = "inactive" if clean else "failed"
            return
        if self.state == "activating":
            self.state = "failed"
            return
        self.state = "activating"
        self.restarts += 1
        time.sleep(seconds(self.keys.get("RestartSec", "0.1")))
        self._spawn()
        self._watch(self.process)

    def _hear(self, text):
        self.told.append(text)
        for line in text.splitlines():
            key, _, value = line.partition("=")
            if key == "READY":
                self.state, self.fed = "active", time.monotonic()
            elif key == "WATCHDOG":
                self.fed = time.monotonic()
            elif key == "STATUS":
                self.status = value

    def stop(self):
        if self.keys.get("Type") == "forking":
            file = self.root.path / self.keys["PIDFile"].lstrip("/")
            if file.exists():
                os.kill(int(file.read_text(encoding="ascii")), signal.SIGTERM)
            self.state = "inactive"
            return
        self.state = "deactivating"
        if self.process is None or self.process.poll() is not None:
            self.state = "inactive"
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(seconds(self.keys.get("TimeoutStopSec", "90")))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.watcher.join()  # it has a last word on the state
        self.state = "inactive"

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Manager:
    """`systemctl` of one root: start, stop, restart, enable --now, is-active, status."""

    def __init__(self, root, namespace=None):
        self.root, self.namespace = root, namespace
        self.services, self.enabled = {}, set()

    def service(self, name):
        name = name if "." in name else f"{name}.service"
        if name not in self.services:
            self.services[name] = Service(self.root, name, self.namespace)
        return self.services[name]

    def parts(self, name):
        """The services of a unit, in the order in which they start."""
        if not name.endswith(".target"):
            return [self.service(name)]
        return [self.service(wanted) for wanted in read_unit(self.root.path, name)["Unit"]["Wants"].split()]

    def start(self, name):
        return next((why for why in (service.start() for service in self.parts(name)) if why), "")

    def stop(self, name):
        for service in reversed(self.parts(name)):
            service.stop()

    def systemctl(self, words):
        """Exit status and text of `systemctl WORDS`."""
        verb, names = words[0], [word for word in words[1:] if not word.startswith("-")]
        try:
            return self._do(verb, names, "--now" in words)
        except LookupError as error:
            return 5, f"{error}\n"

    def _do(self, verb, names, now):
        if verb == "daemon-reload":
            return 0, ""
        for name in names:
            self.parts(name)
            if verb == "enable":
                self.enabled.add(name)
            if verb in ("stop", "restart") or verb == "disable" and now:
                self.stop(name)
            if verb in ("start", "restart") or verb == "enable" and now:
                if why := self.start(name):
                    return 1, why + "\n"
            if verb == "is-active":
                active = all(service.state == "active" for service in self.parts(name))
                return (0, "active\n") if active else (3, "inactive\n")
            if verb == "status":
                return 0, "".join(f"{service.name}: {service.state}; {service.status}\n" for service in self.parts(name))
        return 0, ""

    def end(self):
        for service in reversed(list(self.services.values())):
            service.stop()


class Commands:
    """Programs in a root that ask this process: a stand-in for `systemctl`, or for `scp`, where a root has none."""

    SHIM = """#!/usr/bin/python3
import json, socket, sys
ask = socket.socket(socket.AF_UNIX)
ask.connect("{place}")
ask.sendall(json.dumps(sys.argv[1:]).encode() + b"\\n")
answer = json.loads(ask.makefile().readline())
sys.stdout.write(answer[1])
sys.exit(answer[0])
"""

    def __init__(self, root, **programs):
        self.listening = []
        for name, function in programs.items():
            place = f"/run/test-{name}.sock"
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(root.path / place.lstrip("/")))
            listening.listen()
            shim = root.path / "usr/local/bin" / name
            shim.write_text(self.SHIM.replace("{place}", place), encoding="ascii")
            shim.chmod(0o755)
            threading.Thread(target=self._serve, args=(listening, function), daemon=True).start()
            self.listening.append(listening)

    @staticmethod
    def _serve(listening, function):
        while True:
            try:
                asked, _ = listening.accept()
            except OSError:
                return
            with asked:
                words = json.loads(asked.makefile().readline())
                try:
                    answer = function(words)
                except Exception as error:  # pylint: disable=broad-except
                    answer = (1, f"{error}\n")
                asked.sendall(json.dumps(answer).encode() + b"\n")

    def close(self):
        for listening in self.listening:
            listening.close()


def capabilities(pid):
    """(effective, bounding) sets of a process, as names are not needed: bit numbers."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    values = dict(line.split(":\t") for line in text.splitlines() if ":\t" in line)
    bits = lambda field: {bit for bit in range(64) if int(values[field], 16) >> bit & 1}
    return bits("CapEff"), bits("CapBnd")
