"""What scripts/bind-nic decides, on trees that stand for /sys and /proc of other machines: it runs as people run it, and touches nothing.

That it really binds is shown on adapters, in test_adapters.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))

import tap

BIND_NIC = TESTS.parent / "scripts" / "bind-nic"
NIC, SECOND, AUDIO, BRIDGE = "0000:3b:00.0", "0000:3b:00.1", "0000:3b:00.2", "0000:3a:00.0"


class Tree:
    """A root with just what bind-nic reads."""

    def __init__(self, directory):
        self.root = pathlib.Path(directory)
        self.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet")
        self.write("proc/cpuinfo", "vendor_id : GenuineIntel")
        self.write("proc/sys/kernel/osrelease", "6.1.0-56-amd64")
        (self.root / "sys/kernel/iommu_groups").mkdir(parents=True)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    def link(self, path, target):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (self.root / target).mkdir(parents=True, exist_ok=True)
        file.symlink_to(os.path.relpath(self.root / target, file.parent))

    def device(self, address, driver="", kind="0x020000", group="", interface="", node=-1):
        place = f"sys/bus/pci/devices/{address}"
        for name, text in (("class", kind), ("vendor", "0x8086"), ("device", "0x1572"), ("numa_node", str(node))):
            self.write(f"{place}/{name}", text)
        if driver:
            self.link(f"{place}/driver", f"sys/bus/pci/drivers/{driver}")
        if group:
            self.link(f"{place}/iommu_group", f"sys/kernel/iommu_groups/{group}")
            self.link(f"sys/kernel/iommu_groups/{group}/devices/{address}", place)
        if interface:
            (self.root / place / "net" / interface).mkdir(parents=True)
            (self.root / "sys/class/net" / interface).mkdir(parents=True)
        return self

    def pages(self, node, kilobytes=2048):
        place = f"sys/devices/system/node/node{node}" if node >= 0 else "sys/kernel/mm"
        self.write(f"{place}/hugepages/hugepages-{kilobytes}kB/nr_hugepages", "0")
        return self


class BindNic(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = Tree(directory.name)

    def run_it(self, *arguments):
        command = [sys.executable, BIND_NIC, "--root", self.tree.root, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout, done.stderr

    def bound(self, *arguments):
        status, said, complaint = self.run_it(*arguments)
        self.assertEqual((0, ""), (status, complaint))
        return said

    def refused(self, *arguments):
        status, said, complaint = self.run_it(*arguments)
        self.assertEqual(1, status)
        self.assertEqual(1, complaint.count("\n"), "one line")
        self.assertNotIn("would", said, "what is refused changes nothing")
        return complaint

    def test_a_nic_alone_in_its_group_is_taken_from_its_driver_and_given_to_vfio(self):
        said = self.bound(self.tree.device(NIC, "i40e", group="14", interface="nicport0") and NIC)
        steps = ["modprobe vfio-pci", "ip link set nicport0 down", "driver_override", f"{NIC}/driver/unbind", "drivers_probe"]
        places = [said.find(step) for step in steps]
        self.assertEqual(sorted(places), places, said)
        self.assertNotIn(-1, places, said)

    def test_it_is_found_by_interface_and_without_its_domain(self):
        self.tree.device(NIC, "i40e", group="14", interface="nicport0")
        for name in ("nicport0", "3b:00.0"):
            self.assertIn(f"{NIC}/driver/unbind", self.bound(name))

    def test_the_other_members_of_a_group_that_is_in_use_are_named(self):
        self.tree.device(NIC, "i40e", group="14").device(SECOND, "i40e", group="14").device(AUDIO, "snd_hda_intel", "0x040300", "14")
        complaint = self.refused(NIC)
        for word in ("group 14", f"{SECOND} (i40e)", f"{AUDIO} (snd_hda_intel)"):
            self.assertIn(word, complaint)

    def test_a_group_is_taken_as_a_whole(self):
        self.tree.device(NIC, "i40e", group="14").device(SECOND, "i40e", group="14")
        said = self.bound(NIC, SECOND)
        self.assertIn(f"{NIC}/driver/unbind", said)
        self.assertIn(f"{SECOND}/driver/unbind", said)

    def test_bridges_and_devices_without_a_driver_harm_no_group(self):
        self.tree.device(NIC, "i40e", group="14").device(BRIDGE, "pcieport", "0x060400", "14").device(AUDIO, "", "0x040300", "14")
        self.bound(NIC)

    def test_drivers_that_dpdk_shares_with_the_kernel_keep_their_nic(self):
        for number, driver in enumerate(("mlx4_core", "mlx5_core", "mana")):
            address = f"0000:{number + 1:02x}:00.0"
            complaint = self.refused(self.tree.device(address, driver, group=str(number)) and address)
            self.assertIn(driver, complaint)
            self.assertIn("rdma-core", complaint)

    def test_without_an_iommu_it_says_what_to_do_and_that_debian_has_no_other_way(self):
        self.tree.write("boot/config-6.1.0-56-amd64", "# CONFIG_VFIO_NOIOMMU is not set")
        complaint = self.refused(self.tree.device(NIC, "i40e") and NIC)
        for word in ("VT-d", "intel_iommu=on iommu=pt", "update-grub", "no mode without an IOMMU"):
            self.assertIn(word, complaint)
        self.assertIn("no mode without an IOMMU", self.refused(NIC, "--no-iommu"))

    def test_without_an_iommu_a_kernel_that_can_is_used_only_when_asked(self):
        self.tree.write("boot/config-6.1.0-56-amd64", "CONFIG_VFIO_NOIOMMU=y")
        self.tree.device(NIC, "i40e")
        self.assertIn("--no-iommu", self.refused(NIC))
        self.assertIn("enable_unsafe_noiommu_mode", self.bound(NIC, "--no-iommu"))

    def test_words_that_the_kernel_has_already_are_not_shown_again(self):
        self.tree.write("proc/cmdline", "quiet intel_iommu=on")
        complaint = self.refused(self.tree.device(NIC, "i40e") and NIC)
        self.assertIn("add `iommu=pt`", complaint)

    def test_a_port_of_a_bond_is_left_alone(self):
        self.tree.device(NIC, "i40e", group="14", interface="nicport0").link("sys/class/net/nicport0/master", "sys/class/net/bond0")
        self.assertIn("a port of bond0", self.refused(NIC))

    def test_what_is_no_network_controller_is_refused(self):
        self.assertIn("no network controller", self.refused(self.tree.device(AUDIO, kind="0x040300") and AUDIO))
        self.assertIn("there is no network controller 0000:99:00.0", self.refused("0000:99:00.0"))

    def test_huge_pages_go_to_the_node_of_the_nic(self):
        self.tree.device(NIC, "i40e", group="14", node=1)
        for node in (-1, 0, 1):
            self.tree.pages(node)
        self.assertIn("node1/hugepages/hugepages-2048kB", self.bound(NIC, "--hugepages", 512))
        self.assertIn("node0/hugepages/hugepages-2048kB", self.bound(NIC, "--hugepages", 512, "--node", 0))

    def test_pages_of_a_gibibyte_bring_their_kernel_words(self):
        self.tree.device(NIC, "i40e", group="14").pages(-1, 1048576)
        said = self.bound("--hugepages", 4, "--size", "1G")
        self.assertIn("hugepages-1048576kB", said)
        self.assertIn("default_hugepagesz=1G hugepagesz=1G hugepages=4", said)

    def test_a_node_or_size_that_is_missing_is_refused(self):
        self.tree.device(NIC, "i40e", group="14").pages(-1)
        self.assertIn("no huge pages of 1G", self.refused("--hugepages", 4, "--size", "1G"))
        self.assertIn("on node 7", self.refused("--hugepages", 4, "--node", 7))

    def test_what_lasts_is_a_unit_with_the_same_arguments(self):
        self.tree.device(NIC, "i40e", group="14").device(SECOND, "i40e", group="14").pages(-1)
        (self.tree.root / "run/systemd/system").mkdir(parents=True)
        said = self.bound(NIC, SECOND, "--hugepages", 64, "--persist")
        self.assertIn(f"nlb-bind-nic-{NIC}.service", said)
        self.assertIn(f"{NIC}, {SECOND} handed to DPDK", said)
        self.assertIn("systemctl enable nlb-hugepages-2M.service", said)

    def test_without_arguments_it_shows_what_is_there(self):
        self.tree.device(NIC, "vfio-pci", group="14", node=1).device(SECOND, "mlx5_core", group="15").pages(-1).pages(0).pages(1)
        said = self.bound()
        for word in ("ready for DPDK", "leave it to mlx5_core", "node 1: 0", "IOMMU: on"):
            self.assertIn(word, said)


if __name__ == "__main__":
    tap.main()
