"""The package: lintian, what it asks for, and a life of it in a fresh Debian: install, upgrade, remove, purge."""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "packages"):
    sys.path.insert(0, str(TESTS / folder))
import built
import chroots
import tap

UNITS = ("nlb-dataplane.service", "nlb-controlplane.service", "nlb-announce.service", "nlb.target")
# systemd-analyze security: 0.0 is least exposed. What the units have today; more is a step back.
EXPOSURE_MAX = {"nlb-dataplane.service": 3.1, "nlb-controlplane.service": 2.1, "nlb-announce.service": 1.5}
OLDER = "0.0.9-1"
CONFIGURATION = """clusters:
  - name: web
    address: 192.0.2.80/24
    key_file: web.key
    port_rules: [{name: http, ports: 80, protocol: tcp}]
    hosts: [{name: edge1, id: 1, lcores: 1, outside: "net_af_packet0,iface=eth1", inside: "net_tap0,iface=nlb0"}]
"""
COMPLETE = """
source /usr/share/bash-completion/completions/nlb
COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _nlb; printf '%%s\\n' "${COMPREPLY[@]}"
"""


def mode_of(path):
    about = path.stat()
    return f"{about.st_mode & 0o7777:04o}"


class Package(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.file = built.package()

    def test_lintian_finds_no_error(self):
        if shutil.which("lintian") is None:
            self.skipTest("lintian is missing: run scripts/install")
        # Who signs is said by whoever makes a package (NLB_PACKAGE_MAINTAINER), not by the tree.
        quiet = "bogus-mail-host,bogus-mail-host-in-debian-changelog,root-in-contact"
        done = subprocess.run(["lintian", "--allow-root", "--suppress-tags", quiet, self.file], capture_output=True, text=True, check=False)
        self.assertEqual(0, done.returncode, done.stdout)
        self.assertEqual("", done.stdout, done.stdout)

    def test_it_asks_for_the_drivers_that_are_opened_at_run_time(self):
        needs = chroots.dependencies(self.file)
        for name in ("librte-eal23", "librte-bus-pci23", "librte-mempool-ring23", "librte-net-tap23", "librte-meta-net", "libsodium23"):
            self.assertIn(name, needs)

    def test_the_same_tree_gives_the_same_package(self):
        again = built.package()
        self.assertEqual(self.file.read_bytes(), again.read_bytes(), "two packages of one tree differ")


class Life(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.file, cls.older = built.package(), built.package(OLDER)
        try:
            chroots.alone()
            base = chroots.base_for(cls.file)
        except chroots.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        holder = chroots.Root(base, "edge1")
        cls.root = holder.__enter__()
        cls.addClassCleanup(holder.__exit__, None, None, None)
        cls.root.take(cls.older)
        cls.root.take(cls.file)
        cls.root.shell(f"apt-get install -y /root/{cls.older.name} bash-completion")

    def path(self, name):
        return self.root.path / name

    def test_1_it_is_installed_with_a_user_of_its_own_and_starts(self):
        self.assertEqual("0750", mode_of(self.path("etc/nlb")))
        _, owner = self.root.shell("stat -c %U:%G /etc/nlb; getent passwd nlb | cut -d: -f6,7")
        self.assertEqual(["root:nlb", "/var/lib/nlb:/usr/sbin/nologin"], owner.split())
        for program in ("nlb", "nlb-dataplane", "nlb-controlplane", "nlb-bind-nic"):
            _, said = self.root.shell(f"{program} --help")
            self.assertIn("--", said, program)

    def test_1_every_driver_that_the_package_asks_for_is_found_by_dpdk(self):
        drivers = list(self.path("usr/lib/x86_64-linux-gnu/dpdk").glob("pmds-*/librte_net_*.so*"))
        self.assertGreater(len({file.name.split(".")[0] for file in drivers}), 40, drivers)
        _, missing = self.root.shell("for file in /usr/lib/*/dpdk/pmds-*/*.so.*; do ldd $file; done | grep 'not found' || true")
        self.assertEqual("", missing)

    def test_1_what_watches_and_what_announces_a_cluster_is_there(self):
        for file in ("prometheus/alerts.yaml", "prometheus/rules.yaml", "prometheus/scrape.yaml", "grafana/nlb.json", "bird/nlb.conf"):
            self.assertGreater(self.path(f"usr/share/nlb/{file}").stat().st_size, 100, file)

    def test_1_bind_nic_works_away_from_the_tree_and_names_itself(self):
        _, said = self.root.shell("nlb-bind-nic --root /nowhere")
        self.assertIn("no PCI network controller is visible", said)
        status, said = self.root.shell("nlb-bind-nic --root /nowhere 0000:01:00.0", check=False)
        self.assertEqual((1, "nlb-bind-nic: there is no network controller 0000:01:00.0"), (status, said.split(";")[0].strip()))

    def test_1_the_key_that_root_makes_is_the_daemons_own(self):
        self.root.shell("nlb keygen /etc/nlb/web.key")
        read = "setpriv --reuid nlb --regid nlb --init-groups cat /etc/nlb/web.key | wc -c"
        _, said = self.root.shell(f"stat -c '%U %a' /etc/nlb/web.key; {read}")
        self.assertEqual(["nlb", "600", "32"], said.split())

    def test_1_bash_completes_the_verbs_and_options_that_nlb_has(self):
        _, helped = self.root.shell("nlb --help")
        verbs = re.findall(r"^  ([a-z0-9]+) {2,}", helped.split("Subcommands:")[1], re.MULTILINE)
        self.assertGreater(len(verbs), 15)
        _, offered = self.root.shell(COMPLETE % "nlb ''")
        self.assertEqual(sorted(verbs), sorted(offered.split()))
        _, drains = self.root.shell(COMPLETE % "nlb drain")
        self.assertEqual(["drain", "drainstop"], sorted(drains.split()))
        for verb in verbs:
            _, helped = self.root.shell(f"nlb {verb} --help; nlb --help")
            options = set(re.findall(r"--[a-z][a-z-]+", "".join(re.findall(r"^  -\S+", helped, re.MULTILINE))))
            _, offered = self.root.shell(COMPLETE % f"nlb {verb} --")
            self.assertEqual(options, set(offered.split()), verb)

    def test_1_units_are_sound_and_give_little_away(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is missing: run scripts/install")
        # Units of a minimal system without systemd: those of targets are this machine's.
        units = [str(self.path(f"lib/systemd/system/{name}")) for name in UNITS]
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False)
        wrong = [line for line in done.stderr.splitlines() if "nlb" in line and "is not executable" not in line]
        self.assertEqual([], wrong)
        for name, bound in EXPOSURE_MAX.items():
            command = ["systemd-analyze", "security", "--offline=true", f"--threshold={round(bound * 10)}", units[UNITS.index(name)]]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(0, done.returncode, f"{name}: {done.stdout[-300:]}{done.stderr}")
        for name in UNITS[:2]:
            started = re.search(r"ExecStart=(\S+)", self.path(f"lib/systemd/system/{name}").read_text(encoding="ascii"))[1]
            self.assertTrue(self.path(started.lstrip("/")).exists(), started)

    def test_1_manual_pages_of_every_program_are_there(self):
        for page in ("man1/nlb.1", "man5/nlb.yaml.5", "man8/nlb-dataplane.8", "man8/nlb-controlplane.8", "man8/nlb-bind-nic.8"):
            self.assertTrue(self.path(f"usr/share/man/{page}.gz").exists(), page)

    def test_2_an_upgrade_keeps_configuration_and_state(self):
        self.path("etc/nlb/nlb.yaml").write_text(CONFIGURATION, encoding="ascii")
        self.root.shell("nlb check && mkdir -p /var/lib/nlb/edge1 && echo kept >/var/lib/nlb/edge1/state")
        key = self.path("etc/nlb/web.key").read_bytes()
        self.root.shell(f"apt-get install -y /root/{self.file.name}")
        _, version = self.root.shell("dpkg-query --show --showformat '${Version}' nlb")
        self.assertIn(version, self.file.name)
        self.assertNotEqual(OLDER, version)
        self.assertEqual(CONFIGURATION, self.path("etc/nlb/nlb.yaml").read_text(encoding="ascii"))
        self.assertEqual(key, self.path("etc/nlb/web.key").read_bytes())
        self.assertEqual("kept\n", self.path("var/lib/nlb/edge1/state").read_text(encoding="ascii"))
        self.assertEqual("0750", mode_of(self.path("etc/nlb")))
        self.root.shell("nlb check")

    def test_3_a_removal_keeps_configuration_and_state(self):
        self.root.shell("apt-get remove -y nlb")
        self.assertFalse(self.path("usr/sbin/nlb-dataplane").exists())
        self.assertFalse(self.path("lib/systemd/system/nlb.target").exists())
        self.assertTrue(self.path("etc/nlb/web.key").exists())
        self.assertTrue(self.path("var/lib/nlb/edge1/state").exists())

    def test_4_a_purge_leaves_nothing(self):
        self.root.shell("apt-get purge -y nlb")
        left = [str(path) for place in ("etc", "usr", "var/lib", "lib", "run") for path in self.path(place).glob("**/nlb*")]
        left = [path for path in left if "/nlb_" not in path and "/var/lib/apt" not in path]
        self.assertEqual([], left)
        _, said = self.root.shell("dpkg -l nlb 2>/dev/null | grep ^[ip] || true")
        self.assertEqual("", said)

    def test_5_it_can_be_installed_again_after_a_purge(self):
        self.root.shell(f"apt-get install -y /root/{self.file.name}")
        self.assertEqual("0750", mode_of(self.path("etc/nlb")))
        self.assertFalse(self.path("etc/systemd/system/nlb.target").is_symlink(), "masked")


if __name__ == "__main__":
    tap.main()
