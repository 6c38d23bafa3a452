"""A virtual machine of a lab: QEMU without KVM, whose adapters DPDK drives by its real drivers through vfio-pci and an emulated IOMMU.

Its root is this machine's `/`; commands reach it over a serial port, and what they print over a shared folder. It knows nothing of nlb.
Requires: root (9p as it is, taps), and the namespace of the switch, in which the taps are ports of the bridge.
"""

import dataclasses
import json
import pathlib
import shlex
import socket
import time

from . import guest_kernel, guest_qemu, system

AGENT = pathlib.Path(__file__).with_name("guest_agent.sh")
LIFE_SECONDS = 1200  # QEMU ends then, whatever became of those who started it
READY_SECONDS = 180
NICE = -5  # before others on a busy machine: how long a guest is silent is judged
COMMAND_SECONDS = 60
FIRST_SLOT = 0x08  # of the bus: adapters have the addresses 0000:00:08.0, 09.0, ...; virtual functions need numbers above them
MACHINE = ["-machine", "q35,kernel-irqchip=split"]
# Without an IOMMU Debian's kernel gives no device to a program.
IOMMU, IOMMU_WORD = ["-device", "intel-iommu,intremap=on,caching-mode=on,aw-bits=48"], "intel_iommu=on"
# The guest's time is not to be judged by its own clock's drift; a panic ends it, and QEMU with it.
# A busy machine ticks late: the kernel must not take its timer for broken then.
WORDS = "console=ttyS0 quiet loglevel=4 mitigations=off panic=-1 tsc=reliable no_timer_check"


@dataclasses.dataclass(frozen=True)
class Adapter:
    """An adapter as QEMU makes it: its model with properties, and the bridge port (a tap) that is its cable."""

    port: str
    model: str
    mac: str
    queues: int = 1
    pluggable: bool = False  # in a slot of its own, from which it can be pulled out
    place: str = ""  # where else it is put: QEMU's words, `bus=NAME,addr=NUMBER`
    address: str = ""  # then: what the guest sees it at
    bridge: str = "bridge"  # which of the lab's bridges its cable leads to

    def arguments(self, slot):
        tap = f"tap,id={self.port},ifname={self.port},script=no,downscript=no"
        if self.queues > 1:
            tap += f",queues={self.queues}"
        place = self.place or (f"bus=slot-{self.port}" if self.pluggable else f"bus=pcie.0,addr={slot:#x}")
        device = f"{self.model},netdev={self.port},id=nic-{self.port},mac={self.mac},{place},romfile="
        root_port = f"pcie-root-port,id=slot-{self.port},chassis={slot},slot={slot},bus=pcie.0,addr={slot:#x}"
        return ["-netdev", tap, *(("-device", root_port) if self.pluggable else ()), "-device", device]

    def properties(self):
        """As the monitor takes them, of a pluggable one."""
        driver, *more = f"{self.model},netdev={self.port},id=nic-{self.port},mac={self.mac},bus=slot-{self.port},romfile=".split(",")
        return {"driver": driver, **dict(word.split("=", 1) for word in more)}


class Guest:
    """`start()`, `wait_ready()`, then `run()` as often as you like; ends by kill() or with the lab."""

    def __init__(
        self, lab, name, adapters, memory_mib=768, cpus=2, hugepages=160, words="", qemu=(guest_qemu.PROGRAM,), iommu=True, devices=()
    ):
        """`qemu` starts it: see guest_qemu. `devices`: QEMU's words for what is there before the adapters."""
        self.name = name
        self.qemu = qemu
        self.adapters = adapters
        self.namespace = lab.network.switch
        self.share = lab.estate.directory  # at the same place inside and outside
        self.directory = self.share / f"guest-{name}"
        self.kernel = guest_kernel.kernel()
        self.memory_mib, self.cpus = memory_mib, cpus
        self.machine = [*MACHINE, *(IOMMU if iommu else ()), *devices]
        self.words = f"{WORDS} {IOMMU_WORD if iommu else ''} hugepages={hugepages} {words}"
        self.agent_socket, self.monitor_socket, self.console_log = (self.directory / what for what in ("agent", "monitor", "console"))
        self.process = lab.process(f"guest-{name}", self.namespace, self._command())
        self.serial = self.monitor = None
        self.count = 0
        self.heard = b""

    def _command(self):
        words = f"{self.words} lab.name={self.name} lab.share={self.share} lab.commands={self.directory}"
        words += f" lab.modules={self.kernel.modules} lab.agent={AGENT}"
        command = ["nice", "-n", NICE, "timeout", "--signal=KILL", LIFE_SECONDS]
        command += [*self.qemu, "-name", self.name, "-nodefaults", "-display", "none"]
        command += ["-no-reboot", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", self.cpus, "-m", self.memory_mib, *self.machine]
        command += ["-kernel", self.kernel.image, "-initrd", self.kernel.initrd, "-append", words]
        command += ["-serial", f"file:{self.console_log}"]
        command += ["-chardev", f"socket,id=agent,path={self.agent_socket},server=on,wait=off", "-serial", "chardev:agent"]
        command += ["-qmp", f"unix:{self.monitor_socket},server=on,wait=off"]
        for tag, path, options in (("machine", "/", "readonly=on,multidevs=remap"), ("lab", self.share, "multidevs=remap")):
            command += ["-fsdev", f"local,id={tag},path={path},security_model=none,{options}"]
            command += ["-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag},bus=pcie.0"]
        for place, adapter in enumerate(self.adapters):
            command += adapter.arguments(FIRST_SLOT + place)
        return command

    def address(self, port):
        """The PCI address of the adapter on that cable, as the guest sees it."""
        place = [adapter.port for adapter in self.adapters].index(port)
        if self.adapters[place].address:
            return self.adapters[place].address
        if self.adapters[place].pluggable:  # each slot is a bus, and buses are counted from 1
            return f"0000:{1 + sum(adapter.pluggable for adapter in self.adapters[:place]):02x}:00.0"
        return f"0000:00:{FIRST_SLOT + place:02x}.0"

    def start(self):
        """Returns at once; the machine boots."""
        self.directory.mkdir(mode=0o755, exist_ok=True)
        for file in (self.agent_socket, self.monitor_socket):
            file.unlink(missing_ok=True)
        self.count, self.heard = 0, b""
        self.started = time.monotonic()
        self.process.start()
        try:  # kernels that share by session ask this instead
            pathlib.Path(f"/proc/{self.process.pid}/autogroup").write_text(str(NICE))
        except OSError:
            pass
        self.serial = self._connect(self.agent_socket)
        try:
            self.monitor = Monitor(self._connect(self.monitor_socket))
        except OSError:
            time.sleep(1)  # what has closed its socket has not ended yet
            self.process.require_running()  # says with which words QEMU ended
            raise
        return self

    def _connect(self, path):
        def attempt():
            self.process.require_running()
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(path))
            except OSError:
                connection.close()
                return None
            return connection

        return system.wait_until(attempt, 20, f"{self.name}: QEMU's start")

    def runs(self):
        return self.serial is not None and self.process.runs()

    def wait_ready(self, seconds=READY_SECONDS):
        """Until its agent listens; returns the seconds since the start."""
        self._hear("READY", self.started + seconds)
        return time.monotonic() - self.started

    def run(self, *arguments, seconds=COMMAND_SECONDS, check=True):
        """Runs a program in the guest and returns what it printed, as lab.system.run does."""
        line = " ".join(shlex.quote(str(argument)) for argument in arguments)
        status, printed = self.shell(line, seconds)
        if check and status != 0:
            said = printed.strip().splitlines()
            raise system.LabError(f"{self.name}: `{line}` failed with {status}: {said[-1] if said else 'it said nothing'}")
        return printed

    def shell(self, script, seconds=COMMAND_SECONDS):
        """Runs a shell script in the guest; returns its exit status and what it printed (both streams)."""
        self.count += 1
        (self.directory / f"{self.count}.sh").write_text(script + "\n")
        self.serial.sendall(f"{self.count}\n".encode())
        answer = self._hear(f"{self.count} ", time.monotonic() + seconds)
        return int(answer.split()[1]), (self.directory / f"{self.count}.out").read_text(errors="replace")

    def spawn(self, log, *arguments):
        """Starts a program in the guest, with its output in a file of the lab's directory, and returns its pid there."""
        line = " ".join(shlex.quote(str(argument)) for argument in arguments)
        status, printed = self.shell(f"setsid {line} >>{shlex.quote(str(self.share / log))} 2>&1 </dev/null 3>&- &\necho $!")
        if status != 0:
            raise system.LabError(f"{self.name}: `{line}` could not be started: {printed.strip()}")
        return int(printed)

    def _hear(self, begin, deadline):
        """The next line of the agent that begins so; LabError when the guest ends or the time is over."""
        while True:
            line, found, rest = self.heard.partition(b"\n")
            if found:
                self.heard = rest
                text = line.decode(errors="replace").strip()
                if text.startswith(begin.strip()):
                    return text
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                raise system.LabError(f"{self.name}: the guest did not say {begin.strip()!r} in time: {self.console()}")
            self.serial.settimeout(left)
            try:
                piece = self.serial.recv(4096)
            except TimeoutError:
                continue
            if not piece:
                raise system.LabError(f"{self.name}: QEMU ended: {self.process.last_line()}; {self.console()}")
            self.heard += piece

    def console(self):
        """The last line that the guest's kernel printed."""
        said = self.console_log.read_text(errors="replace") if self.console_log.exists() else ""
        lines = [line for line in said.splitlines() if line.strip()]
        return f"its console ends with {lines[-1].strip()!r}" if lines else "its console is empty"

    def processor_seconds(self):
        """What QEMU has used of this machine's processors since its start."""
        said = system.run("ps", "-o", "cputimes=", "--sid", self.process.pid, check=False)
        return sum(map(int, said.split()))

    def kill(self):
        """kill -9: the machine is gone within a moment, as by a power cut."""
        self._close()
        return self.process.kill()

    def _close(self):
        for end in (self.serial, self.monitor and self.monitor.connection):
            if end is not None:
                end.close()
        self.serial = self.monitor = None


class Monitor:
    """QEMU's own control socket (QMP): cables, the processor, adapters that are pulled out."""

    def __init__(self, connection):
        self.connection = connection
        self.lines = connection.makefile("r")
        self.connection.settimeout(20)
        self.lines.readline()  # the greeting
        self.command("qmp_capabilities")

    def command(self, verb, **arguments):
        self.connection.sendall(json.dumps({"execute": verb, "arguments": arguments}).encode() + b"\n")
        while True:
            line = self.lines.readline()
            if not line:
                raise system.LabError(f"QEMU's monitor closed during {verb}")
            answer = json.loads(line)
            if "error" in answer:
                raise system.LabError(f"QEMU refused {verb}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]  # everything else is an event

    def set_link(self, port, up):
        """Pulls the cable of an adapter at its own end, or puts it back."""
        self.command("set_link", name=f"nic-{port}", up=up)

    def pause(self):
        self.command("stop")

    def resume(self):
        self.command("cont")

    def unplug(self, port):
        """Asks the guest to let the adapter go (hot unplug)."""
        self.command("device_del", id=f"nic-{port}")

    def plug(self, adapter):
        """Puts an adapter that was pulled out back into its slot."""
        self.command("device_add", **adapter.properties())
