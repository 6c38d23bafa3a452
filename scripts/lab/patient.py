"""Clients that connect first and ask later, on a word: what happens in between befalls connections that are open and silent.

Run inside a clients' namespace: python3 -m lab.patient --target ADDRESS --sources A,B,... --rate 400k --go FILE
It prints "connected", waits until the file exists, downloads over all connections at once, and prints one line of JSON for each.
"""

import argparse
import asyncio
import hashlib
import json
import os
import resource
import socket

STALL_SECONDS = 10.0
TURN_SECONDS = 0.02
AT_ONCE = 100


async def connect(source, target):
    connection = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET)
    connection.setblocking(False)
    connection.bind((source, 0))
    await asyncio.wait_for(asyncio.get_running_loop().sock_connect(connection, (target, 80)), STALL_SECONDS)
    return connection


async def download(source, connection, rate):
    loop = asyncio.get_running_loop()
    entry = {"source": source, "host": None, "bytes": 0, "digest": None, "error": None}
    digest, head = hashlib.sha256(), b""
    try:
        await loop.sock_sendall(connection, f"GET /big?rate={rate} HTTP/1.0\r\n\r\n".encode())
        while piece := await asyncio.wait_for(loop.sock_recv(connection, 65536), STALL_SECONDS):
            if entry["host"] is None:
                head, _, piece = (head + piece).partition(b"\r\n\r\n")
                named = [line for line in head.decode("latin-1").split("\r\n") if line.lower().startswith("x-nlb-host:")]
                entry["host"] = named[0].split(":", 1)[1].strip() if named else None
            entry["bytes"] += len(piece)
            digest.update(piece)
        entry["digest"] = digest.hexdigest()
    except asyncio.TimeoutError:
        entry["error"] = "stall"
    except OSError as error:
        entry["error"] = error.strerror or type(error).__name__
    connection.close()
    return entry


async def run(options):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    sources = options.sources.split(",")
    if options.repeat:
        sources = (sources * (options.repeat // len(sources) + 1))[: options.repeat]
    connections = []
    for first in range(0, len(sources), AT_ONCE):
        connections += await asyncio.gather(*(connect(source, options.target) for source in sources[first : first + AT_ONCE]))
    print("connected", flush=True)
    while not os.path.exists(options.go):
        await asyncio.sleep(TURN_SECONDS)
    tasks = [download(source, connection, options.rate) for source, connection in zip(sources, connections)]
    for entry in await asyncio.gather(*tasks):
        print(json.dumps(entry), flush=True)


def main():
    parser = argparse.ArgumentParser(description="clients that connect first and ask later")
    parser.add_argument("--target", required=True)
    parser.add_argument("--sources", required=True)
    parser.add_argument("--repeat", type=int, default=0, help="so many connections; the sources take turns")
    parser.add_argument("--rate", default="400k")
    parser.add_argument("--go", required=True)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
