"""The far end of a memif or vhost-user socket: a second DPDK program carries frames between the socket and a tap of the servers' kernel.

A hypervisor does that for a virtual machine, and VPP or a container's switch for a memif; here DPDK's own testpmd does.
"""

from . import system
from .process import Process

TESTPMD = "dpdk-testpmd"
MEMORY_MIB = 128
BUFFERS = 4096
RETRY_SECONDS = 15


def inside_of(kind, socket):
    """The string of `inside` for a socket at that path, and the device that answers it."""
    memif = f"socket={socket},socket-abstract=no"
    kinds = {
        "memif": (f"net_memif0,role=server,{memif}", f"net_memif0,role=client,{memif}"),
        "vhost": (f"net_vhost0,iface={socket}", f"net_virtio_user0,path={socket},queue_size=256"),
    }
    return kinds[kind]


class SocketServer(Process):
    """Runs in the servers' namespace, whose kernel gets the tap `eth0`."""

    def __init__(self, estate, namespace, device):
        arguments = [TESTPMD, "-l", "0,1", "--no-pci", "--no-huge", "-m", MEMORY_MIB, "--no-telemetry", f"--file-prefix={namespace}"]
        arguments += [f"--vdev={device}", "--vdev=net_tap0,iface=eth0", "--"]
        arguments += ["--forward-mode=io", "--auto-start", f"--total-num-mbufs={BUFFERS}", "--no-mlockall", "--stats-period=3600"]
        super().__init__(estate, f"{namespace}-testpmd", namespace, [str(word) for word in arguments])

    def start(self):
        super().start()
        system.wait_until(self._has_device, RETRY_SECONDS, "the servers' device eth0")
        return self

    def _has_device(self):
        self.require_running()
        return "eth0" in system.run("ip", "-n", self.namespace, "-br", "link")
