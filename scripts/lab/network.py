"""The wires of a lab: a bridge in a namespace of its own, a namespace per host, one for all clients.

The bridge floods as a switch does under NLB: it learns, but nobody ever sends from the cluster MAC. Frames are whole on these
wires (no offloads), because af_packet hands them to the dataplane as they are.
"""

from . import plan, system

OFFLOADS = ("tx", "rx", "gro", "gso", "tso")


class Network:
    def __init__(self, lab_plan, estate):
        self.plan = lab_plan
        self.estate = estate
        self.switch = f"{lab_plan.tag}-switch"
        self.client = f"{lab_plan.tag}-client"

    def host_namespace(self, name):
        return f"{self.plan.tag}-{name}"

    def build(self):
        self._make_namespace(self.switch)
        self._make_switch()
        for host in self.plan.host_plans():
            self.add_machine(host.name)
        self._add_clients()

    # How ports are switched; wire.py has a program do it.
    def _make_switch(self):
        snooping = int(self.plan.multicast_snooping)
        self._ip(self.switch, f"link add bridge type bridge mcast_snooping {snooping} stp_state 0 forward_delay 0")
        self._ip(self.switch, "link set bridge up")

    def _join(self, port):
        self._ip(self.switch, f"link set {port} master bridge up")

    def _ip(self, namespace, arguments):
        return system.run("ip", "-n", namespace, *arguments.split())

    def _make_namespace(self, name):
        self.estate.add_namespace(name)
        system.run("ip", "netns", "add", name)
        self._ip(name, "link set lo up")
        self.set_kernel(name, "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0", "net.ipv6.conf.default.accept_dad=0")

    @staticmethod
    def set_kernel(namespace, *settings):
        system.run("sysctl", "-q", "-w", *settings, namespace=namespace)

    def _plug(self, port, namespace, device):
        """A cable from a new switch port to a new device of a namespace."""
        self._ip(self.switch, f"link add {port} type veth peer name {device} netns {namespace}")
        for place, name in ((self.switch, port), (namespace, device)):
            options = [word for offload in OFFLOADS for word in (offload, "off")]
            system.run("ethtool", "-K", name, *options, namespace=place)
        self.set_kernel(self.switch, f"net.ipv6.conf.{port}.disable_ipv6=1")
        self._join(port)

    def add_machine(self, name):
        namespace = self.host_namespace(name)
        self._make_namespace(namespace)
        self._plug(name, namespace, "outside")
        # The device is the dataplane's alone: the kernel above it must neither answer ARP nor take a second copy of a packet.
        # With NOARP it answers none; the ingress hook lies behind af_packet's and drops the rest.
        self.set_kernel(namespace, "net.ipv6.conf.outside.disable_ipv6=1", "net.ipv4.conf.all.arp_ignore=1")
        self._ip(namespace, "link set outside arp off up")
        rules = 'table netdev lab { chain ingress { type filter hook ingress device "outside" priority 0; policy drop; }\n}\n'
        system.run("nft", "-f", "-", namespace=namespace, text=rules)

    def add_server_namespace(self, host):
        """Servers of a host in a namespace of their own, without a device yet; returns its name."""
        server = f"{self.plan.tag}-{host}-server"
        self._make_namespace(server)
        return server

    def add_server(self, host):
        """The same behind the host's device `inside`, by a cable."""
        server, namespace = self.add_server_namespace(host), self.host_namespace(host)
        self._ip(namespace, f"link add inside type veth peer name eth0 netns {server}")
        for place, name in ((namespace, "inside"), (server, "eth0")):
            options = [word for offload in OFFLOADS for word in (offload, "off")]
            system.run("ethtool", "-K", name, *options, namespace=place)
        self.set_kernel(namespace, "net.ipv6.conf.inside.disable_ipv6=1")
        self._ip(namespace, "link set inside arp off up")
        self._ip(server, "link set eth0 up")
        return server

    def _add_clients(self):
        self._make_namespace(self.client)
        self._plug("clients", self.client, "eth0")
        lines = [f"address add {plan.ROUTER}/24 dev eth0", f"address add {plan.ROUTER6}/64 dev eth0 nodad"]
        lines += [f"address add {address}/32 dev lo" for address in self.plan.client_addresses()]
        lines += [f"address add {address}/128 dev lo" for address in self.plan.client_addresses6()]
        lines += ["link set eth0 up"]
        system.run("ip", "-n", self.client, "-batch", "-", text="\n".join(lines) + "\n")
        # Many connections from few addresses: more ports, and no waiting for old ones.
        self.set_kernel(self.client, "net.ipv4.ip_local_port_range=2000 65000", "net.ipv4.tcp_tw_reuse=1")

    def add_far_clients(self, mtu):
        """Clients in a namespace of their own behind the router, over a link that is narrower than the clients believe; returns its name.

        They ask for segments of 1,500 bytes, as whoever has a narrow link some hops away does: what does not fit is the router's to say."""
        far = f"{self.plan.tag}-far"
        self._make_namespace(far)
        self._ip(self.client, f"link add far mtu {mtu} type veth peer name eth0 mtu {mtu} netns {far}")
        for place, name in ((self.client, "far"), (far, "eth0")):
            options = [word for offload in OFFLOADS for word in (offload, "off")]
            system.run("ethtool", "-K", name, *options, namespace=place)
        self.set_kernel(self.client, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0")
        near = [f"address add {plan.FAR_ROUTER}/24 dev far", f"address add {plan.FAR_ROUTER6}/64 dev far nodad", "link set far up"]
        lines = [f"address add {address}/24 dev eth0" for address in plan.far_addresses()]
        lines += [f"address add {address}/64 dev eth0 nodad" for address in plan.far_addresses6()]
        routers = ((plan.FAR_ROUTER, 1460), (plan.FAR_ROUTER6, 1440))
        lines += ["link set eth0 up", *(f"route add default via {router} advmss {segment}" for router, segment in routers)]
        for namespace, batch in ((self.client, near), (far, lines)):
            system.run("ip", "-n", namespace, "-batch", "-", text="\n".join(batch) + "\n")
        return far

    def translate(self, pairs):
        """The router translates what these far clients send by UDP to client addresses, and their ports to other ones."""
        rules = "".join(f"  ip saddr {far} ip protocol udp snat to {near}:10000-20000\n" for far, near in pairs)
        text = f"table ip translation {{\n chain post {{\n  type nat hook postrouting priority srcnat\n{rules} }}\n}}\n"
        system.run("nft", "-f", "-", namespace=self.client, text=text)

    def cut(self, host):
        """Pulls the host's cable; plug() puts it back."""
        self._ip(self.switch, f"link set {host} down")

    def mend(self, host):
        self._ip(self.switch, f"link set {host} up")

    def lose(self, *conditions):
        """The switch loses every frame between two ports that meets one of the conditions (of nftables); heal() ends it.

        Captures see such frames all the same: they are taken where frames enter the switch."""
        rules = "".join(f"  {condition} drop\n" for condition in conditions)
        text = f"table bridge losses {{\n chain forward {{\n  type filter hook forward priority 0\n{rules} }}\n}}\n"
        system.run("nft", "-f", "-", namespace=self.switch, text=text)

    def heal(self):
        system.run("nft", "delete table bridge losses", namespace=self.switch)

    def spread(self, addresses):
        """Connections to the web server from the router's own address come from these client addresses in turn instead.

        For programs that know one source address only. Nothing else of the clients' namespace is tracked."""
        turns = ", ".join(f"{turn} : {address}" for turn, address in enumerate(addresses))
        rules = f"""table ip spread {{
 chain out {{
  type filter hook output priority raw
  ip saddr != {plan.ROUTER} notrack
 }}
 chain in {{
  type filter hook prerouting priority raw
  ip daddr != {{ {", ".join(addresses)} }} notrack
 }}
 chain post {{
  type nat hook postrouting priority srcnat
  ip saddr {plan.ROUTER} ip daddr {plan.VIP} tcp dport 80 snat to numgen inc mod {len(addresses)} map {{ {turns} }}
 }}
}}
"""
        system.run("nft", "-f", "-", namespace=self.client, text=rules)
