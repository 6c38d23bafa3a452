"""HTTP clients with many source addresses: each request is a connection of its own, logged from start to end.

Requests start when they are due, not when an earlier one ends (open loop), so that an outage is not hidden by waiting for it.
Run inside the clients' namespace: python3 -m lab.load --sources FILE --output FILE --rate N (--requests N | until SIGTERM)
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import time

TIMEOUT = 10.0
AT_ONCE_MAX = 400
REQUEST = b"GET / HTTP/1.1\r\nHost: nlb.lab\r\nConnection: close\r\n\r\n"


class Load:
    def __init__(self, options, sources, output):
        self.target = (options.target, options.port)
        self.family = socket.AF_INET6 if ":" in options.target else socket.AF_INET
        self.sources = sources
        self.output = output
        self.rate = options.rate
        self.requests = options.requests
        self.stopping = asyncio.Event()
        self.running = set()

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        order = random.Random(1)
        due = loop.time()
        sent = 0
        while not self.stopping.is_set() and (self.requests == 0 or sent < self.requests):
            if sent % len(self.sources) == 0:
                order.shuffle(self.sources)
            if len(self.running) < AT_ONCE_MAX:
                task = asyncio.create_task(self.request(self.sources[sent % len(self.sources)]))
                self.running.add(task)
                task.add_done_callback(self.running.discard)
                sent += 1
            due = max(due + 1 / self.rate, loop.time() - 0.05)
            await asyncio.sleep(max(0, due - loop.time()))
        if self.running:
            await asyncio.wait(self.running, timeout=TIMEOUT + 1)

    async def request(self, source):
        entry = {"source": source, "start": time.time(), "connected": None, "end": None, "host": None, "error": None}
        try:
            await asyncio.wait_for(self.exchange(source, entry), TIMEOUT)
        except asyncio.TimeoutError:
            entry["error"] = "timeout"
        except (OSError, ValueError) as error:
            entry["error"] = str(error) or type(error).__name__
        entry["end"] = time.time()
        self.output.write(json.dumps(entry) + "\n")

    async def exchange(self, source, entry):
        loop = asyncio.get_running_loop()
        with socket.socket(self.family, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            connection.bind((source, 0))
            await loop.sock_connect(connection, self.target)
            entry["connected"] = time.time()
            await loop.sock_sendall(connection, REQUEST)
            answer = b""
            while piece := await loop.sock_recv(connection, 4096):
                answer += piece
        entry["host"] = host_of(answer)


def host_of(answer):
    """The host that header and body both name."""
    head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
    lines = head.split("\r\n")
    if not lines[0].startswith("HTTP/1.1 200 "):
        raise ValueError(f"unexpected answer {lines[0]!r}")
    named = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("x-nlb-host:")]
    if named != [body.strip()]:
        raise ValueError(f"header says {named}, body says {body.strip()!r}")
    return named[0]


def main():
    parser = argparse.ArgumentParser(description="HTTP load")
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--sources", required=True, help="a file with one address a line")
    parser.add_argument("--output", required=True)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--requests", type=int, default=0, help="0: until SIGTERM")
    options = parser.parse_args()
    os.nice(5)  # The cluster shares these cores and goes first.
    with open(options.sources) as file:
        sources = file.read().split()
    with open(options.output, "w", buffering=1) as output:
        asyncio.run(Load(options, sources, output).run())


if __name__ == "__main__":
    main()
