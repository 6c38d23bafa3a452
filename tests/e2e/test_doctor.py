"""`nlb doctor`: each seeded fault is found under its name with what mends it, and a right set-up is called right.

Faults are real where this machine can have them (namespaces, files, limits, links); for the others a tree lies over /proc, /sys
and /etc (`NLB_DOCTOR_ROOT`). Each is looked for before, while and after it is there: a finding that is always there would prove nothing.
"""

import contextlib
import json
import os
import pathlib
import sys

import lab_case
from doctor_case import ADAPTER, MISTAKEN, RIGHT, UNIT, WRONG, DoctorCase, Tree
from lab import configuration, plan, system


class BeforeTheStart(DoctorCase):
    """A host that is set up and not started; nothing runs in its namespace."""

    OPTIONS = {"hosts": 2}
    START = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.lab.hosts[0]
        cls.lab.hosts[0].run_directory.mkdir(exist_ok=True)

    def text(self, host_keys=None, top_keys=None, poll="adaptive", hugepages=False, **cluster_keys):
        changed = plan.Plan(
            tag="examined", hosts=2, cluster_keys=cluster_keys, host_keys={"edge1": host_keys or {}}, top_keys=top_keys or {},
            poll=poll, hugepages=hugepages,
        )
        return configuration.text_of(changed, self.lab.key_file)

    def run_in(self, *arguments):
        system.run(*arguments, namespace=self.host.namespace)

    def ip(self, *arguments):
        system.run("ip", "-n", self.host.namespace, *arguments)

    @contextlib.contextmanager
    def commands(self, seed, mend):
        """Lines for ip(8) or sysctl(8) that make the fault, and those that end it."""

        def run(lines):
            for line in lines:
                words = line.split()
                self.run_in("sysctl", "-q", "-w", *words[1:]) if words[0] == "sysctl" else self.ip(*words)

        run(seed)
        try:
            yield
        finally:
            run(mend)

    def assert_real(self, name, seed, mend, command=""):
        """A fault that commands make in the host's namespace, and end."""
        with self.subTest(finding=name):
            self.assertNotIn(name, self.before)
            with self.commands(seed, mend):
                self.assert_found(name, self.doctor(self.host), command)
            type(self).ended.append(name)

    def assert_text(self, name, text, command="", **options):
        with self.subTest(finding=name):
            self.assertNotIn(name, self.before)
            self.assert_found(name, self.doctor(self.host, text=text, **options), command)

    ended = []

    @property
    def before(self):
        if not hasattr(type(self), "_before"):
            type(self)._before = self.doctor(self.host).names
        return self._before

    def test_a_right_set_up_is_called_right(self):
        for host in self.lab.hosts:
            host.run_directory.mkdir(exist_ok=True)
            found = self.doctor(host)
            self.assertEqual(set(), found.errors, found.findings)
            self.assertEqual(RIGHT, found.code)
            self.assertIn("not_running", found.names)
            ports = {one["port"]: one for one in found.answer["ports"]}
            self.assertEqual("net_af_packet", ports["web outside"]["driver"])
            self.assertTrue(ports["web outside"]["opened"])
            self.assertFalse(ports["web inside"]["opened"], "a look makes no interface")
        self.assertNotIn("nlb0", system.run("ip", "-n", self.host.namespace, "-brief", "link"))

    def test_people_read_the_same(self):
        self.ip("link", "set", "outside", "down")
        try:
            code, printed, _ = self.host.nlb("doctor", "--config", self.lab.configuration, "--host", "edge1")
        finally:
            self.ip("link", "set", "outside", "up")
        self.assertEqual(WRONG, code)
        self.assertIn("✘  web outside", printed)
        self.assertIn("mend: ip link set dev outside up", printed)
        self.assertIn("something will not work", printed.splitlines()[-1])

    def test_mistakes_of_the_file_end_with_2(self):
        found = self.doctor(self.host, text=self.text().replace("ports: 80", "ports: http"))
        self.assertEqual(({"configuration_mistake"}, MISTAKEN), (found.names, found.code))
        self.assertIn("clusters[0].port_rules[0].ports", found.findings[0]["says"])
        found = self.doctor(self.host, name="nobody")
        self.assertEqual(({"configuration_mistake"}, MISTAKEN), (found.names, found.code))

    def test_keys_and_files(self):
        folder = self.lab.estate.directory
        key, second = folder / "seeded.key", folder / "second.key"
        for name, content, mode, mend in (
            ("key_missing", None, 0, "nlb keygen"),
            ("key_open", os.urandom(32), 0o644, "chmod 600"),
            ("key_unusable", os.urandom(16), 0o600, "copy"),
        ):
            key.unlink(missing_ok=True)
            if content is not None:
                key.write_bytes(content)
                key.chmod(mode)
            self.assert_text(name, self.text(key_file=str(key)), mend)
        second.write_bytes(self.lab.key_file.read_bytes())
        second.chmod(0o600)
        self.assert_text("key_shared", self.text(former_key_files=[str(second)]))
        self.assert_text("configuration_warning", self.text(heartbeat={"period": "100ms", "tolerance": 4}))
        open_directory = folder / "open"
        open_directory.mkdir(exist_ok=True)
        open_directory.chmod(0o777)
        self.assert_text("run_dir_unusable", self.text(), "chmod go-w", run_directory=open_directory)
        (folder / "file").write_text("")
        self.assert_text("state_dir_unusable", self.text(top_keys={"state_dir": str(folder / "file")}))
        small = folder / "small"
        small.mkdir(exist_ok=True)
        mounted = ("unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size=1m none {small} && exec "$@"', "sh")
        self.assert_text("state_dir_full", self.text(top_keys={"state_dir": str(small)}), "df", wrapper=mounted)

    def test_ports_of_http(self):
        self.assert_text("listen_not_here", self.text().replace("127.0.0.1:9780", "203.0.113.9:9780"))
        holder = self.lab.process("holder", self.host.namespace, [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "9780"])
        holder.start()
        try:
            listens = lambda: ":9780" in system.run("ss", "-ltn", namespace=self.host.namespace)
            system.wait_until(listens, 10, "a listener on port 9780")
            self.assert_found("listen_taken", self.doctor(self.host), "ss -ltnp")
        finally:
            holder.terminate()

    def test_memory_and_processors(self):
        large = self.text(connections={"max": 4000000}).replace("eal: {hugepages: false}", "eal: {hugepages: false, memory: 64}")
        self.assert_text("memory_too_little", large)
        self.assert_text("lcore_missing", self.text({"lcores": "900"}))
        self.assert_text("lcore_not_isolated", self.text(poll="busy"), "isolcpus")
        cpus = sorted(os.sched_getaffinity(0))
        self.assert_text("main_shares_cpu", self.text({"lcores": ",".join(map(str, cpus))}))
        if len(cpus) > 1:
            one = ("taskset", "-c", str(cpus[0]))
            self.assert_text("lcore_forbidden", self.text({"lcores": str(cpus[-1])}), wrapper=one)

    def test_machines_that_this_one_is_not(self):
        pages = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
        cpu = "/sys/devices/system/cpu"
        two = self.text({"lcores": "0-1"})
        trees = {
            "hugepages_none": ({f"{pages}/nr_hugepages": "0", f"{pages}/free_hugepages": "0"}, self.text(hugepages=True)),
            "hugepages_too_few": ({f"{pages}/nr_hugepages": "9", f"{pages}/free_hugepages": "2"}, self.text(hugepages=True)),
            "lcores_share_core": ({f"{cpu}/cpu{n}/topology/thread_siblings_list": "0-1" for n in (0, 1)}, two),
            "governor_saves": ({f"{cpu}/cpu{n}/cpufreq/scaling_governor": "powersave" for n in (0, 1)}, two),
            "tsc_unreliable": ({"/sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet"}, self.text()),
            "time_stolen": ({"/proc/stat": "cpu  600 0 200 100 0 0 50 50 0 0\n"}, self.text()),
            "unit_lacks_rights": (
                {
                    "/etc/systemd/system/nlb-dataplane.service": UNIT,
                    "/etc/systemd/system/nlb-dataplane.service.d/mine.conf": "[Service]\nAmbientCapabilities=\n",
                },
                self.text(),
            ),
            "unit_lacks_device": (
                {
                    "/etc/systemd/system/nlb-dataplane.service": UNIT,
                    "/etc/systemd/system/nlb-dataplane.service.d/mine.conf": "DeviceAllow=\n",
                },
                self.text(),
            ),
        }
        always = {"governor_saves", "time_stolen", "tsc_unreliable", "lcores_share_core"} & self.before
        for name, (files, text) in trees.items():
            if name in always:
                continue  # this machine is so itself
            tree = Tree()
            if "hugepages" in name:
                tree.write("/sys/devices/system/node/online", "0\n")
                tree.write("/sys/devices/system/node/node0/cpulist", "0-1\n")
            for path, content in files.items():
                tree.write(path, content)
            self.assert_text(name, text, root=tree)
            tree.remove()

    def test_permissions_and_device_files(self):
        bounded = ("setpriv", "--bounding-set=-net_admin,-net_raw")
        self.assert_text("not_permitted", self.text(), "sudo", wrapper=bounded)
        hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
        self.assert_text("tun_missing", self.text(), "modprobe tun", wrapper=hidden)
        if not pathlib.Path("/dev/vhost-net").exists():
            vhost = "virtio_user0,path=/dev/vhost-net,iface=nlb0"
            self.assert_text("vhost_missing", self.text({"inside": vhost}), "modprobe vhost-net")

    def test_adapters(self):
        outside = self.text({"outside": ADAPTER})
        self.assert_text("adapter_missing", outside)
        cases = (
            ("adapter_of_kernel", "ixgbe", "7", f"nlb-bind-nic {ADAPTER}"),
            ("adapter_unbound", "", "7", f"nlb-bind-nic {ADAPTER}"),
            ("binding_not_kept", "vfio-pci", "7", "--persist"),
            ("group_not_viable", "vfio-pci", "7", "0000:3b:00.1"),
        )
        for name, driver, group, mend in cases:
            tree = Tree()
            tree.adapter(driver, group=group)
            if name == "group_not_viable":
                tree.adapter("ixgbe", "0000:3b:00.1", group)
            self.assert_text(name, outside, mend, root=tree)
            tree.remove()
        if not any(pathlib.Path("/sys/kernel/iommu_groups").glob("*")):
            tree = Tree()
            tree.adapter("vfio-pci", group=None)
            self.assert_text("iommu_missing", outside, "iommu", root=tree)
            tree.remove()

    def test_devices(self):
        self.assert_text("interface_missing", self.text({"outside": "net_af_packet0,iface=nosuch"}))
        self.assert_text("configuration_mistake", self.text({"outside": "net_nosuch0"}))

    def test_the_outside_interface(self):
        self.assert_real("interface_down", ["link set outside down"], ["link set outside up"], "ip link set dev outside up")
        with self.subTest(finding="no_carrier"):
            self.lab.network.cut("edge1")
            try:
                self.assert_found("no_carrier", self.doctor(self.host))
            finally:
                self.lab.network.mend("edge1")
            carrier = lambda: "LOWER_UP" in system.run("ip", "-n", self.host.namespace, "link", "show", "outside")
            system.wait_until(carrier, 5, "the link")
        self.assert_real("mtu_too_small", ["link set outside mtu 1400"], ["link set outside mtu 1500"], "mtu 1500")
        bridge = ["link add br0 type bridge", "link set outside master br0"]
        self.assert_real("interface_enslaved", bridge, ["link set outside nomaster", "link del br0"], "nomaster")
        address = "address {} 203.0.113.7/24 dev outside"
        self.assert_real("interface_has_address", [address.format("add")], [address.format("del")], "flush")
        arp = ["sysctl net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.outside.arp_ignore=0", "link set outside arp on"]
        self.assert_real("kernel_answers_arp", arp, ["link set outside arp off", "sysctl net.ipv4.conf.all.arp_ignore=1"], "arp off")
        ipv6 = "sysctl net.ipv6.conf.outside.disable_ipv6={}"
        self.assert_real("kernel_speaks_ipv6", [ipv6.format(0)], [ipv6.format(1)], "disable_ipv6=1")
        found = self.doctor(self.host)
        self.assertFalse(found.names & set(self.ended), "what was mended is found no more")

    def test_addresses_and_routes(self):
        other = ["link add other type veth peer name rehto", "link set other up", "link set rehto up"]
        gone = ["link del other"]
        for name, address in (
            ("vip_elsewhere", plan.VIP),
            ("dedicated_elsewhere", "192.0.2.11"),
            ("address_of_another", "192.0.2.12"),
        ):
            self.assert_real(name, [*other, f"address add {address}/32 dev other"], gone, "del")
        lo = f"address {{}} {plan.VIP}/32 dev lo"
        self.assert_real("vip_on_loopback", [lo.format("add")], [lo.format("del")], "dev lo")
        away = ["address add 203.0.113.7/24 dev other", "route add default via 203.0.113.1"]
        self.assert_real("default_route_elsewhere", [*other, *away], gone, "route del default")
        self.assert_text("no_default_route", self.text().replace(json.dumps([plan.ROUTER, plan.ROUTER6]), f'"{plan.ROUTER}"'))


class BesideARunningHost(DoctorCase):
    OPTIONS = {"hosts": 2}

    def setUp(self):
        self.host = self.lab.hosts[0]

    def test_a_cluster_that_serves_is_called_right_and_goes_on(self):
        served = self.host.query()["clusters"][0]["epoch"]
        for host in self.lab.hosts:
            found = self.doctor(host)
            self.assertEqual((RIGHT, set()), (found.code, found.errors), found.findings)
            self.assertIn("cluster_right", found.names)
            self.assertEqual([], found.answer["ports"], "no port is opened beside a running dataplane")
        self.assertEqual(served, self.host.query()["clusters"][0]["epoch"], "nothing moved")

    def test_what_somebody_undid_beneath_it(self):
        before = self.doctor(self.host).names
        changes = (
            ("offload_stays_on", "ethtool -K outside gro on", "ethtool -K outside gro off"),
            ("inside_rp_filter", "sysctl -q -w net.ipv4.conf.nlb0.rp_filter=1", "sysctl -q -w net.ipv4.conf.nlb0.rp_filter=0"),
            ("inside_arp", "sysctl -q -w net.ipv4.conf.nlb0.arp_announce=0", "sysctl -q -w net.ipv4.conf.nlb0.arp_announce=2"),
            ("inside_forwards", "sysctl -q -w net.ipv4.conf.nlb0.forwarding=1", "sysctl -q -w net.ipv4.conf.nlb0.forwarding=0"),
        )
        for name, seed, mend in changes:
            with self.subTest(finding=name):
                self.assertNotIn(name, before)
                self.host.run(*seed.split())
                try:
                    self.assert_found(name, self.doctor(self.host))
                finally:
                    self.host.run(*mend.split())
        self.assertFalse(self.doctor(self.host).names & {name for name, _, _ in changes})

    def test_a_device_that_another_dataplane_has(self):
        elsewhere = self.lab.estate.directory / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        self.assert_found("device_in_use", self.doctor(self.host, run_directory=elsewhere))

    def test_hosts_that_stop(self):
        other = self.lab.host("edge2")
        self.assertEqual(0, other.nlb("stop")[0])
        try:
            self.assert_found("host_stopped", self.doctor(other), "nlb start")
        finally:
            other.nlb("start")
            self.lab.settle()
        other.kill()
        try:
            system.wait_until(lambda: "member_missing" in self.doctor(self.host).names, 20, "member_missing")
        finally:
            other.restart()
            self.lab.settle()

    def test_a_cable_and_a_process_that_are_gone(self):
        other = self.lab.host("edge2")
        self.lab.network.cut("edge2")
        try:
            system.wait_until(lambda: {"link_down", "no_carrier"} <= self.doctor(other).errors, 20, "link_down")
        finally:
            self.lab.network.mend("edge2")
            self.lab.settle()
        other.controlplane.terminate()
        try:
            self.assert_found("controlplane_missing", self.doctor(other), "nlb-controlplane")
        finally:
            other.start_controlplane()
            self.lab.settle()
        other.dataplane.kill()
        try:
            self.assert_found("dataplane_missing", self.doctor(other), "nlb-dataplane")
        finally:
            other.start_dataplane()
            self.lab.settle()

    def test_a_control_plane_of_another_host(self):
        self.assert_found("controlplane_of_another", self.doctor(self.host, name="edge2"))


if __name__ == "__main__":
    lab_case.main()
