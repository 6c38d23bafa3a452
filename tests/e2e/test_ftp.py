"""FTP as config/examples/ftp.yaml balances it: vsftpd on each host, lftp and curl, passive data connections.

Who served which connection is the capture's to say: both connections of a client have to be answered by one host.
"""

import collections
import hashlib
import sys

import lab_case
from lab import ftpserver, plan, system, view
from lab.capture import Capture, openings
from lab.misfortune import Misfortune

RULES = [{"name": "http", "vip": "all", "ports": 80, "protocol": "tcp"}, *ftpserver.example_rules()]
CLIENTS = 24
CONTROL = 21


# One session of two transfers, the second on a word; the file says who serves it.
SESSION = """
import ftplib, os, sys, time
address, source, go = sys.argv[1:]
session = ftplib.FTP(timeout=8, source_address=(source, 0))
session.connect(address)
session.login()
session.retrlines("RETR host", lambda line: print(line, flush=True))
while not os.path.exists(go):
    time.sleep(0.05)
session.retrlines("RETR host", lambda line: print(line, flush=True))
"""


class PassiveFtp(lab_case.LabCase):
    OPTIONS = {"cluster_keys": {"port_rules": RULES}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for host in cls.lab.hosts:
            ftpserver.process(cls.lab, host).start()
            system.wait_until(lambda host=host: ":21 " in host.run("ss", "-ltn"), 5, f"{host.name}: vsftpd")

    def setUp(self):
        # Clients of rules with a time-out have a history: each test has clients of its own.
        turn = sorted(name for name in dir(self) if name.startswith("test_")).index(self._testMethodName)
        self.sources = self.lab.plan.client_addresses()[turn * CLIENTS : (turn + 1) * CLIENTS]

    def mirror(self, source):
        """lftp lists directories and fetches files over several data connections; returns the process and where the files go."""
        folder = self.lab.estate.directory / f"mirror-{self.id().rsplit('.', 1)[1]}-{source}"
        return self.lftp(folder.name, source, f"mirror -P 2 tree {folder}"), folder

    def lftp(self, name, source, command):
        script = f"set net:socket-bind-ipv4 {source}; set ftp:passive-mode yes; set net:max-retries 1; open {plan.VIP}; {command}"
        return self.lab.process(name, self.lab.client, ["lftp", "-c", script]).start()

    def mirror_all(self, meanwhile=lambda: None):
        running = {source: self.mirror(source) for source in self.sources}
        meanwhile()
        for source, (process, folder) in running.items():
            self.assertEqual(0, process.wait(60), f"{source}: {process.last_line()}")
            self.assertEqual(ftpserver.digests(), ftpserver.files_under(folder), source)

    def hosts_by_client(self, capture):
        """Who answered the connections of each client, control and data apart; each data connection is one of the passive range."""
        first, last = ftpserver.passive_ports()
        control, data = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
        for opening in openings(capture.frames()):
            if not opening.is_answer:
                continue
            if opening.server_port == CONTROL:
                control[opening.client][opening.port] += 1
            elif first <= opening.server_port <= last:
                data[opening.client][opening.port] += 1
        return control, data

    def test_directories_and_files_of_many_clients_arrive_whole_each_from_the_host_of_its_control_connection(self):
        with Capture(self.lab, "ftp") as capture:
            self.mirror_all()
        control, data = self.hosts_by_client(capture)
        self.assertEqual(set(self.sources), set(data))
        for source in self.sources:
            self.assertEqual(1, len(data[source]), f"{source}: {dict(data[source])}")
            self.assertEqual(set(control[source]), set(data[source]), source)
            self.assertGreaterEqual(sum(data[source].values()), ftpserver.FILES)
        hosts = collections.Counter(next(iter(data[source])) for source in self.sources)
        count = sum(map(lambda counts: sum(counts.values()), data.values()))
        print(f"# {len(self.sources)} clients, {count} data connections, each at the host of its control connection: {dict(hosts)}")
        self.assertEqual({"edge1", "edge2", "edge3"}, set(hosts))

    def test_so_it_is_with_curl(self):
        for source in self.sources[:6]:
            said = system.run("curl", "-s", "-S", "-m", "5", "--interface", source, f"ftp://{plan.VIP}/host", namespace=self.lab.client)
            with Capture(self.lab, f"curl-{source}") as capture:
                again = system.run(
                    "curl", "-s", "-S", "-m", "5", "--ftp-pasv", "--disable-epsv", "--interface", source, f"ftp://{plan.VIP}/host",
                    namespace=self.lab.client,
                )
            control, data = self.hosts_by_client(capture)
            self.assertEqual(said, again)
            self.assertEqual([said.strip()], list(control[source]))
            self.assertEqual([said.strip()], list(data[source]), "the data connection went to the host of the control connection")

    def test_active_transfers_come_from_the_host_of_the_control_connection(self):
        """The server connects from port 20 of the virtual address; the client's answers fall under the rule of the control connection."""
        hosts = set()
        for source in self.sources[:8]:
            said = system.run("curl", "-s", "-S", "-m", "5", "--interface", source, f"ftp://{plan.VIP}/host", namespace=self.lab.client)
            script = f"set net:socket-bind-ipv4 {source}; set ftp:passive-mode no; set net:max-retries 1; open {plan.VIP}; cat host"
            with Capture(self.lab, f"active-{source}") as capture:
                self.assertEqual(said, system.run("lftp", "-c", script, namespace=self.lab.client), source)
            begun = [opening.port for opening in openings(capture.frames()) if not opening.is_answer and opening.client_port == 20]
            self.assertEqual([said.strip()], begun, "the server's own connection")
            hosts.add(said.strip())
        self.assertGreater(len(hosts), 1)

    def test_both_rules_have_one_owner_for_each_bucket_whatever_moves(self):
        """Weights of a whole host, a leaver and its return: the condition under which control and data stay together."""
        misfortune = Misfortune(self.lab)
        leaver = self.lab.host("edge2")
        self.assert_rules_agree("at first")
        for weights in ({"http": 30, "ftp": 30, "ftp-data": 30}, None):
            misfortune.weigh(self.lab.host("edge1"), weights)
            self.lab.settle()
            self.assert_rules_agree(f"with edge1's weights {weights}")
        self.assertEqual(0, leaver.nlb("stop")[0])
        others = [host for host in self.lab.hosts if host is not leaver]
        view.wait_for_agreement(others, others)
        self.assert_rules_agree("without edge2")
        with Capture(self.lab, "ftp-two") as capture:
            self.mirror_all()
        control, data = self.hosts_by_client(capture)
        self.assertEqual({source: set(control[source]) for source in self.sources}, {source: set(data[source]) for source in self.sources})
        self.assertEqual({"edge1", "edge3"}, {host for hosts in data.values() for host in hosts})
        leaver.nlb("start")
        self.lab.settle()
        self.assert_rules_agree("with edge2 again")

    def assert_rules_agree(self, when):
        owners = [view.view_of(self.lab.host("edge1"), rule["name"]).owners for rule in ftpserver.example_rules()]
        self.assertEqual(60, len(owners[0]))
        self.assertEqual(*owners, when)

    def test_the_next_transfer_of_a_session_finds_its_host_although_its_bucket_moved(self):
        go = self.lab.estate.directory / "go"
        sessions = {}
        for source in self.sources:
            command = [sys.executable, "-c", SESSION, plan.VIP, source, go]
            sessions[source] = self.lab.process(f"session-{source}", self.lab.client, command).start()
        system.wait_until(lambda: all("edge" in session.log.read_text() for session in sessions.values()), 15, "each session's transfer")
        misfortune, former = Misfortune(self.lab), self.owners()
        misfortune.weigh(self.lab.host("edge1"), {"http": 2, "ftp": 2, "ftp-data": 2})
        self.lab.settle()
        self.assertGreater(sum(one != other for one, other in zip(former, self.owners())), 10)
        go.touch()
        codes = {source: session.wait(20) for source, session in sessions.items()}
        misfortune.weigh(self.lab.host("edge1"), None)
        self.lab.settle()
        said = {source: session.log.read_text().split() for source, session in sessions.items()}
        self.assertEqual(dict.fromkeys(self.sources, 0), codes, said)
        self.assertTrue(all(len(hosts) == 2 and hosts[0] == hosts[1] for hosts in said.values()), said)
        hosts = collections.Counter(hosts[0] for hosts in said.values())
        print(f"# the second transfer of each session came from the host of its first: {dict(hosts)}")
        self.assertIn("edge1", hosts, "somebody's bucket moved")

    def owners(self):
        return view.view_of(self.lab.host("edge3"), "ftp").owners

    def test_a_file_that_is_on_its_way_arrives_although_its_bucket_moves(self):
        """Both connections are open flows; a new data connection would go to the new owner, and that is what the README says."""
        source = self.sources[0]
        file = self.lab.estate.directory / "moving"
        client = self.lftp("lftp-moving", source, f"get large -o {file}")
        system.wait_until(lambda: file.exists() and file.stat().st_size > 20_000, 10, "the transfer's start")
        holder = next(host for host in self.lab.hosts if self.data_connections(host))
        others = [host for host in self.lab.hosts if host is not holder]
        self.assertEqual(0, holder.nlb("drainstop")[0])
        system.wait_until(lambda: self.story.owns_nothing(holder, others), 10, f"{holder.name}'s handing over")
        self.assertTrue(client.runs(), "the transfer was to last longer than the move")
        self.assertEqual(0, client.wait(30))
        self.assertEqual(ftpserver.large_digest(), hashlib.sha256(file.read_bytes()).hexdigest())
        holder.nlb("start")
        self.lab.settle()

    @staticmethod
    def data_connections(host):
        first, last = ftpserver.passive_ports()
        return host.run("ss", "-Htn", "state", "established", f"sport >= :{first} and sport <= :{last}").splitlines()


if __name__ == "__main__":
    lab_case.main()
