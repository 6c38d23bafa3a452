"""The sheet that stands beside every figure: processor, caches, clock, memory, kernel, adapters. It reads what this machine shows
without rights and leaves out what it hides; nothing is changed.
"""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
CPU = pathlib.Path("/sys/devices/system/cpu")


def text_of(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def said_by(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def processor():
    words = text_of("/proc/cpuinfo").split("\n\n")[0]
    of = dict(re.split(r"\s*:\s*", line, maxsplit=1) for line in words.splitlines() if ":" in line)
    flags = of.get("flags", "").split()
    wide = [name for name in ("avx2", "avx512f", "gfni", "aes") if name in flags]
    return {"model": of.get("model name", "?"), "CPUs": str(os.cpu_count()), "threads per core": threads_per_core(),
            "vector units": " ".join(wide), "virtual machine": "yes" if "hypervisor" in flags else "no"}


def threads_per_core():
    siblings = text_of(CPU / "cpu0/topology/thread_siblings_list")
    return str(len(re.findall(r"\d+", siblings))) if siblings and "-" not in siblings else siblings or "?"


def caches():
    found = []
    for index in sorted((CPU / "cpu0/cache").glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(text_of(index / "type"), "")
        found.append(f"L{text_of(index / 'level')}{kind} {text_of(index / 'size')}")
    return ", ".join(found)


def clock():
    now = re.search(r"cpu MHz\s*:\s*([\d.]+)", text_of("/proc/cpuinfo"))
    most = text_of(CPU / "cpu0/cpufreq/cpuinfo_max_freq")
    frequency = f"{float(now.group(1)):.0f} MHz now" if now else "?"
    return {"frequency": frequency + (f", {int(most) // 1000} MHz at most" if most else ""),
            "governor": text_of(CPU / "cpu0/cpufreq/scaling_governor") or "none to be seen",
            "isolated CPUs": text_of(CPU / "isolated") or "none", "nohz_full": text_of(CPU / "nohz_full").strip("()") or "none"}


def memory():
    words = dict(line.split(":", 1) for line in text_of("/proc/meminfo").splitlines())
    pages = f"{words['HugePages_Total'].strip()} of {words['Hugepagesize'].strip()}, {words['HugePages_Free'].strip()} free"
    nodes = [node.name for node in pathlib.Path("/sys/devices/system/node").glob("node[0-9]*")]
    return {"memory": f"{int(words['MemTotal'].split()[0]) // 1048576} GiB", "huge pages": pages, "NUMA nodes": str(max(len(nodes), 1))}


def system():
    load = text_of("/proc/loadavg").split()[:3]
    return {"kernel": os.uname().release, "distribution": (re.search(r'PRETTY_NAME="(.*)"', text_of("/etc/os-release")) or [None, "?"])[1],
            "DPDK": said_by("pkg-config", "--modversion", "libdpdk") or "?",
            "nlb": said_by("git", "-C", str(ROOT), "describe", "--always", "--dirty") or "?", "load": " ".join(load)}


def adapter(device):
    """One PCI network adapter."""
    words = dict(re.findall(r"^(\w+)=(.*)$", text_of(device / "uevent"), re.MULTILINE))
    named = said_by("lspci", "-s", device.name).partition(": ")[2]
    interfaces = [entry.name for entry in (device / "net").glob("*")] if (device / "net").is_dir() else []
    firmware = re.search(r"firmware-version: (.+)", said_by("ethtool", "-i", interfaces[0])) if interfaces else None
    return {"PCI": device.name, "model": named or words.get("PCI_ID", "?"), "driver": words.get("DRIVER", "none"),
            "firmware": firmware.group(1) if firmware else "", "NUMA node": text_of(device / "numa_node"),
            "interface": " ".join(interfaces)}


def adapters():
    devices = sorted(pathlib.Path("/sys/bus/pci/devices").glob("*"))
    return [adapter(device) for device in devices if text_of(device / "class").startswith("0x02")]


def sheet():
    return {"machine": {**processor(), "caches": caches(), **clock(), **memory(), **system()}, "adapters": adapters()}
