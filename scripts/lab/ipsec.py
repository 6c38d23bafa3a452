"""A real strongSwan (charon) per host as the gateway of a small network, and one for all clients. It knows nothing of clusters.

Kernels without ESP are served too: the plugin kernel-libipsec does it in user space, over a TUN device, and always in UDP (port 4500).
Where ESP is to be a protocol of its own on the wire, bare_esp.py takes the UDP header off on one side and puts it on on the other.
"""

from . import plan, system

# Programs are started by the loader: profiles of AppArmor go by a program's path, and would confine these to their usual places.
LOADER = "/lib64/ld-linux-x86-64.so.2"
CHARON, SWANCTL = "/usr/lib/ipsec/charon", "/usr/sbin/swanctl"
NETWORK = "10.99.0.1"  # behind each gateway: its web server
PLUGINS = "random nonce aes sha1 sha2 hmac kdf gmp curve25519 drbg kernel-libipsec kernel-netlink socket-default vici"
SECRET = 'secrets {\n  ike-lab {\n    secret = "only of this lab"\n  }\n}\n'

DAEMON = """charon {{
  load = {plugins}
  install_virtual_ip_on = lo
  retransmit_timeout = 1.0
  filelog {{
    log {{
      path = /run/charon.log
      default = 1
      flush_line = yes
    }}
  }}
}}
swanctl {{
  load = random
}}
"""

GATEWAY = """connections {{
  lab {{
    version = 2
    local_addrs = {vip}
    proposals = aes128-sha256-x25519
    pools = clients
    dpd_delay = 2s
    mobike = no
    local {{
      auth = psk
      id = gateway
    }}
    remote {{
      auth = psk
    }}
    children {{
      net {{
        local_ts = {network}/32
        esp_proposals = aes128-sha256
      }}
    }}
  }}
}}
pools {{
  clients {{
    addrs = 10.99.{number}.0/24
  }}
}}
"""

CLIENT = """  client{number} {{
    version = 2
    local_addrs = {source}
    remote_addrs = {vip}
    proposals = aes128-sha256-x25519
    vips = 0.0.0.0
    dpd_delay = 2s
    mobike = no
    local {{
      auth = psk
      id = client{number}
    }}
    remote {{
      auth = psk
      id = gateway
    }}
    children {{
      net{number} {{
        remote_ts = {network}/32
        esp_proposals = aes128-sha256
      }}
    }}
  }}
"""


class Charon:
    """One daemon in a namespace. What it keeps under /run is a folder of its own, so that several live on one machine."""

    def __init__(self, lab, name, namespace, connections):
        self.name = name
        self.namespace = namespace
        self.directory = lab.estate.directory / f"charon-{name}"
        self.directory.mkdir()
        (self.directory / "strongswan.conf").write_text(DAEMON.format(plugins=PLUGINS))
        (self.directory / "connections.conf").write_text(connections + SECRET)
        start = f'mount --bind "$1" /run && export STRONGSWAN_CONF=/run/strongswan.conf && exec {LOADER} {CHARON}'
        self.process = lab.process(f"charon-{name}", namespace, ["sh", "-c", start, "charon", self.directory])

    def start(self):
        self.process.start()
        system.wait_until(lambda: (self.directory / "charon.vici").exists(), 10, f"{self.name}: charon")
        self.swanctl("--load-all", "--file", self.directory / "connections.conf")
        return self

    def swanctl(self, *arguments, check=True):
        """The command runs outside the folder that is the daemon's /run, and reaches it by its socket there."""
        socket = f"unix://{self.directory / 'charon.vici'}"
        return system.run(LOADER, SWANCTL, *arguments, "--uri", socket, namespace=self.namespace, timeout=60, check=check)


def gateway(lab, host):
    host.run("ip", "address", "add", f"{NETWORK}/32", "dev", "lo")
    return Charon(lab, host.name, host.namespace, GATEWAY.format(vip=plan.VIP, network=NETWORK, number=host.id))


def clients(lab, namespace, sources):
    """One daemon with a connection from each source; child netN belongs to the Nth."""
    connections = (CLIENT.format(number=number, source=source, vip=plan.VIP, network=NETWORK) for number, source in enumerate(sources))
    return Charon(lab, "clients", namespace, "connections {\n" + "".join(connections) + "}\n")
