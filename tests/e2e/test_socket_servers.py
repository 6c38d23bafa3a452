"""Servers behind a memif or a vhost-user socket: another DPDK program is at the far end, as a hypervisor or VPP is, and the servers'
kernel is unmodified. Frames bear the MAC that the dataplane has learnt there."""

import shutil
import unittest

import lab_case
from lab import plan, socket_server, system, traffic


class SocketServers(lab_case.LabCase):
    KIND = None
    OPTIONS = {"hosts": 1}
    START = False

    @classmethod
    def setUpClass(cls):
        if cls.KIND is None or shutil.which(socket_server.TESTPMD) is None:
            raise unittest.SkipTest("dpdk-testpmd is not installed")
        super().setUpClass()
        try:
            cls.host = cls.lab.hosts[0]
            inside, device = socket_server.inside_of(cls.KIND, cls.lab.estate.directory / "inside.sock")
            cls.lab.plan.host_keys[cls.host.name] = {"inside": inside, "gateway": [plan.ROUTER]}
            cls.lab.write_configuration()
            cls.servers = cls.lab.network.add_server_namespace(cls.host.name)
            cls.host.serve_from(cls.servers)
            cls.far_end = socket_server.SocketServer(cls.lab.estate, cls.servers, device)
            cls.host.start()
            cls.far_end.start()
            cls.host.give_addresses(cls.servers, "eth0")
            cls.lab.settle()
        except BaseException:
            cls.tearDownClass()
            raise

    def serve(self, name, **options):
        with traffic.Load(self.lab, name, 100, 100, **options) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))

    def serves_both_families(self):
        mac = system.run("ip", "-n", self.servers, "-br", "link", "show", "dev", "eth0").split()[2]
        self.assertIn(f"name=server_found cluster=web mac={mac}", self.host.dataplane.log.read_text())
        self.serve("socket")
        self.serve("socket6", sources=self.lab.plan.client_addresses6(), target=plan.VIP6)

    def serves_again_after_the_far_end_began_anew(self):
        self.far_end.kill()
        self.far_end.start()
        self.host.give_addresses(self.servers, "eth0")

        def answers():
            printed = system.run("curl", "-s", "-m", "1", f"http://{plan.VIP}/", namespace=self.lab.client, check=False)
            return printed == f"{self.host.name}\n"

        system.wait_until(answers, 15, "an answer of the servers behind the new program")
        self.serve("again")


class Memif(SocketServers):
    KIND = "memif"

    def test_servers_behind_a_memif_serve_both_families(self):
        self.serves_both_families()

    def test_servers_behind_a_memif_serve_again_after_its_far_end_began_anew(self):
        self.serves_again_after_the_far_end_began_anew()


class Vhost(SocketServers):
    KIND = "vhost"

    def test_servers_behind_a_vhost_user_socket_serve_both_families(self):
        self.serves_both_families()

    def test_servers_behind_a_vhost_user_socket_serve_again_after_its_far_end_began_anew(self):
        self.serves_again_after_the_far_end_began_anew()


if __name__ == "__main__":
    lab_case.main()
