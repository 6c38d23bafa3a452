"""What the pages show: each command that they name is one that the programs know, and each block that is marked is run and compared."""

import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "golden"):
    sys.path.insert(0, str(TESTS / folder))
import pages
import tap
import tree

BUILD = pathlib.Path(os.environ["NLB_BUILD"])
PLACES = {"nlb": "cli/nlb", "nlb-dataplane": "dataplane/nlb-dataplane", "nlb-controlplane": "controlplane/nlb-controlplane",
          "nlb-replay": "controlplane/nlb-replay", "nlb-perf": "perf/nlb-perf"}
# Where a block's mark says that it is run.
RUN_BY = {"offline": "tests/golden/test_pages.py", "lab": "tests/e2e/test_pages.py", "package": "tests/packages"}
# With what Windows NLB prints of a cluster of two.
PARAMS = """Parameters:
HostName                = {host}
ParametersVersion       = 4
CurrentVersion          = 00000204
EffectiveVersion        = 00000201
InstallDate             = 3E1F7B2A
HostPriority            = {id}
ClusterIPAddress        = 192.0.2.80
ClusterNetworkMask      = 255.255.255.0
DedicatedIPAddress      = 192.0.2.1{id}
DedicatedNetworkMask    = 255.255.255.0
McastIPAddress          = 0.0.0.0
ClusterName             = web.example.com
ClusterNetworkAddress   = 02-bf-c0-00-02-50
IPToMACEnable           = ENABLED
MulticastSupportEnable  = DISABLED
IGMPSupport             = DISABLED
MulticastARPEnable      = ENABLED
MaskSourceMAC           = ENABLED
AliveMsgPeriod          = 1000
AliveMsgTolerance       = 5

PortRules (1):

      VIP       Start  End  Prot   Mode   Pri Load Affinity
--------------- ----- ----- ---- -------- --- ---- --------
All                80    80 TCP  Multiple      Eql Single
"""
REGISTRY = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\WLBS\Parameters\Interface\{1E7EB1A2-6CB2-4C2B-9A4E-7F4A1B2C3D4E}]
"HostPriority"=dword:00000003
"ClusterIPAddress"="192.0.2.80"
"ClusterNetworkMask"="255.255.255.0"
"DedicatedIPAddress"="192.0.2.13"
"DedicatedNetworkMask"="255.255.255.0"
"ClusterName"="web.example.com"
"AliveMsgPeriod"=dword:000003e8
"AliveMsgTolerance"=dword:00000005
"""
VIP_MAC, CLIENT_MAC = bytes.fromhex("02bf0a500050"), bytes.fromhex("0200000000fe")


def syn(port):
    """A client's SYN to the example's cluster, as a capture has it."""
    source, target = bytes((198, 51, 100, 7)), bytes((10, 80, 0, 80))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, source, target)
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
    return VIP_MAC + CLIENT_MAC + b"\x08\x00" + ip + struct.pack("!HHIIBBHHH", port, 80, 1, 0, 0x50, 2, 65535, 0, 0)


def capture(frames):
    packets = [struct.pack("<IIII", 0, n, len(frame), len(frame)) + frame for n, frame in enumerate(frames)]
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(packets)


class Commands(unittest.TestCase):
    longMessage = False
    helps = {}

    def help(self, *words):
        if words not in self.helps:
            done = subprocess.run([BUILD / PLACES[words[0]], *words[1:], "--help"], capture_output=True, text=True, timeout=30)
            self.helps[words] = done.stdout if done.returncode == 0 else ""
        return self.helps[words]

    def test_each_command_of_the_pages_is_known_with_its_options(self):
        wrong, seen = [], 0
        for page in pages.pages():
            for number, command in pages.commands(page):
                seen += 1
                program, *words = command.split(" ")
                if not (BUILD / PLACES[program]).exists():
                    continue
                known = self.help(program)
                verbs = [word for word in words if re.fullmatch(r"[a-z][a-z0-9]+", word)]
                if program == "nlb":
                    # A command may stand behind options, and beside others: `nlb hosts|rules add`.
                    named = next((word for word in words if re.fullmatch(r"[a-z][a-z0-9|]+", word)), "")
                    for verb in named.split("|") if named else ():
                        if re.search(rf"^\s+{verb}\s", known, re.M):
                            known += self.help("nlb", verb)
                        elif verbs and verb == verbs[0] and not words[0].startswith("-"):
                            wrong.append(f"{page}:{number}: `{command}`: there is no command {verb}")
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", command):
                    if not re.search(rf"(?<![\w-]){option}(?![\w-])", known):
                        wrong.append(f"{page}:{number}: `{command}`: there is no option {option}")
        print(f"# {seen} commands")
        self.assertGreater(seen, 100)
        self.assertFalse(wrong, "\n".join(wrong))

    def test_each_mark_names_a_test(self):
        for page in pages.pages():
            for block in pages.blocks(page):
                if block.where:
                    self.assertIn(block.where, RUN_BY, f"{block.page}:{block.line}")
                    self.assertTrue((tree.ROOT / RUN_BY[block.where]).exists(), RUN_BY[block.where])


class Offline(unittest.TestCase):
    longMessage = False

    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.directory = pathlib.Path(kept.name)
        for name in ("lab", "web", "minimal"):
            self.directory.joinpath(f"{name}.yaml").write_text(tree.read(pathlib.Path("config/examples") / f"{name}.yaml"))
        key = self.directory / "lab.key"
        key.touch(0o600)
        key.write_bytes(bytes(range(32)))
        for number in (1, 2):
            (self.directory / f"web{number}.txt").write_text(PARAMS.format(host=f"web{number}", id=number))
        (self.directory / "clients.pcap").write_bytes(capture([syn(4000)]))
        programs = self.directory / "bin"
        programs.mkdir()
        for program, place in PLACES.items():
            (programs / program).symlink_to(BUILD / place)
        (self.directory / "web3.reg").write_bytes(REGISTRY.encode("utf-16"))
        self.environment = {"PATH": f"{programs}:{os.environ['PATH']}", "COLUMNS": "200", "NO_COLOR": "1", "LANG": "C.UTF-8"}

    def test_each_block_that_is_marked_prints_what_it_shows(self):
        wrong, steps = [], 0
        for page in pages.pages():
            for block in pages.blocks(page):
                if block.where != "offline":
                    continue
                for command, shown in block.steps():
                    steps += 1
                    command = pages.without_remark(command)
                    done = subprocess.run(["sh", "-c", command], cwd=self.directory, env=self.environment, capture_output=True, text=True,
                                          timeout=60)
                    told = f"{block.page}:{block.line}: `{command}`"
                    if done.returncode not in (0, 2 if "check" in command else 0):
                        wrong.append(f"{told}: exit {done.returncode}: {done.stderr}")
                    if shown:
                        wrong += [f"{told}:\n  {one}" for one in pages.differences(shown, done.stdout.splitlines())]
        print(f"# {steps} commands")
        self.assertGreater(steps, 5)
        self.assertFalse(wrong, "\n".join(wrong))

    def test_each_configuration_of_the_pages_reads(self):
        seen = 0
        for page in pages.pages():
            for block in pages.blocks(page):
                if block.language != "yaml" or not block.lines[0].startswith("clusters:"):
                    continue
                seen += 1
                text = "\n".join(block.lines) + "\n"
                # The key of a page lies on the reader's machine.
                file = self.directory / "page.yaml"
                file.write_text(re.sub(r"key_file: \S+", "key_file: lab.key", text))
                done = subprocess.run([BUILD / "cli/nlb", "check", file], capture_output=True, text=True, timeout=30)
                self.assertEqual(0, done.returncode, f"{block.page}:{block.line}: {done.stdout}{done.stderr}")
        self.assertGreater(seen, 0)


if __name__ == "__main__":
    tap.main()
