"""Clients that are slow or broken, and good ones beside them, for the servers of one host. Sockets are made in its namespace.

A socket stays in the namespace in which it was made, so this process enters it for the moment of making and leaves it again.
"""

import contextlib
import ctypes
import json
import os
import socket
import struct
import time

MANY = 1000
CONVERGED = (1007, 1008)  # what `query` answers then
HERE = "/proc/self/ns/net"
CLONE_NEWNET = 0x40000000
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(namespace):
    with open(HERE, "rb") as here, open(f"/run/netns/{namespace}", "rb") as there:
        _enter(there)
        try:
            yield
        finally:
            _enter(here)


def _enter(file):
    if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Server:
    """One server of a host: how to reach it, what a whole request is, and what the beginning of a good answer is."""

    def __init__(self, name, request, answer):
        self.name, self.request, self.answer = name, request, answer

    def connect(self, _good=False):
        """A connected socket that does not block, or None when there is no room for it."""
        made = self.make()
        made.setblocking(False)
        try:
            made.connect(self.address)
        except BlockingIOError:
            pass
        except OSError:
            made.close()
            return None
        return made

    def ask(self, seconds=5):
        """A good client: the whole answer and how long it took; what went wrong is in the text."""
        begun = time.monotonic()
        said = b""
        with self.make(good=True) as good:
            good.settimeout(seconds)
            try:
                good.connect(self.address)
                good.sendall(self.request)
                while part := good.recv(1 << 20):
                    said += part
            except OSError as error:
                said += f" ({error})".encode()
        return said, time.monotonic() - begun

    def fault(self, seconds=1.0):
        """Empty when a good client is answered well within so many seconds."""
        said, took = self.ask()
        if not said.startswith(self.answer):
            return f"{self.name}: answered {said[:120]!r} after {took:.2f} s"
        return "" if took < seconds else f"{self.name}: the answer took {took:.2f} s"


class Http(Server):
    """Good clients have another address than the others: what one address may hold is bounded."""

    def __init__(self, name, namespace, address, path):
        super().__init__(name, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode(), b"HTTP/1.1 200")
        self.namespace, self.address = namespace, address

    def make(self, good=False):
        with inside(self.namespace):
            made = socket.socket()
        if good:
            made.bind(("127.0.0.2", 0))
        return made


class Control(Server):
    def __init__(self, path):
        super().__init__("control.sock", b'{"command":"query"}\n', b'{"ok":true')
        self.address = str(path)

    def make(self, good=False):
        return socket.socket(socket.AF_UNIX)

    def fault(self, seconds=1.0):
        said, took = self.ask()
        try:
            value = json.loads(said)["return_value"]
        except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
            value = 0
        good = value in CONVERGED and took < seconds
        return "" if good else f"{self.name}: answered {value} after {took:.2f} s: {said[:120]!r}"


class Datagrams(Server):
    """A socket of the dataplane: it has one peer, and whoever asks for nothing gives way to the next."""

    def __init__(self, name, path, asked):
        super().__init__(name, bytes(64), b"")
        self.address, self.asked = str(path), asked

    def make(self, good=False):
        return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def fault(self, seconds=1.0):
        begun = time.monotonic()
        wrong = self.asked()
        took = time.monotonic() - begun
        return f"{self.name}: {wrong} after {took:.2f} s" if wrong or took >= seconds else ""


class Peers:
    """Connections to servers, as many as were taken; all are closed at the end."""

    def __init__(self):
        self.open = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for peer in self.open:
            peer.close()
        self.open.clear()

    def connect(self, server, count):
        made = [peer for peer in (server.connect() for _ in range(count)) if peer is not None]
        self.open += made
        return made

    def say(self, peers, text):
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.send(text)

    def silent(self, server, count=16):
        self.connect(server, count)

    def half(self, server, count=16):
        peers = self.connect(server, count)
        time.sleep(0.05)
        self.say(peers, server.request[: len(server.request) // 2])

    def leave(self, server, count=100):
        """Clients that ask and are gone before the answer: some say goodbye, some reset."""
        for number in range(count):
            if (peer := server.connect()) is None:
                continue
            time.sleep(0.002)
            with contextlib.suppress(OSError):
                peer.send(server.request)
                if number % 2:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                else:
                    peer.shutdown(socket.SHUT_RD)
            peer.close()

    def deaf(self, server, count=8):
        """Clients that ask and read nothing; their windows are as small as they can be."""
        for _ in range(count):
            peer = server.make()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            peer.setblocking(False)
            self.open.append(peer)
            with contextlib.suppress(OSError):
                peer.connect(server.address)
            time.sleep(0.02)
            with contextlib.suppress(OSError):
                peer.send(server.request)

    def drip(self, servers, seconds, count=8, every=1.0):
        """A byte a second to each server, for so long."""
        peers = [(peer, server.request) for server in servers for peer in self.connect(server, count)]
        for place in range(max(1, int(seconds / every))):
            for peer, request in peers:
                with contextlib.suppress(OSError):
                    peer.send(request[place:place + 1])
            time.sleep(every)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
