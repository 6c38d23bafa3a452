"""Many slow downloads at once, each from an address of its own; when one ends the next begins.

A download that stays without a byte for STALL_SECONDS is given up: its server died without a word, or somebody cut it off.
Run inside the clients' namespace: python3 -m lab.downloads --target ADDRESS --sources FILE --output FILE --rate 60k
"""

import argparse
import asyncio
import hashlib
import json
import signal
import socket
import time

STALL_SECONDS = 4.0
REST_SECONDS = 0.2


async def download(entry, target, rate):
    """Fills in the entry as it goes; raises what ended the connection early."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.bind((entry["source"], 0))
        entry["port"] = connection.getsockname()[1]
        await asyncio.wait_for(loop.sock_connect(connection, target), STALL_SECONDS)
        entry["connected"] = time.time()
        await loop.sock_sendall(connection, f"GET /big?rate={rate} HTTP/1.0\r\n\r\n".encode())
        digest, head = hashlib.sha256(), b""
        while piece := await asyncio.wait_for(loop.sock_recv(connection, 65536), STALL_SECONDS):
            entry["heard"] = time.time()
            if entry["host"] is None:
                head, _, piece = (head + piece).partition(b"\r\n\r\n")
                entry["host"] = _host_of(head)
            entry["bytes"] += len(piece)
            digest.update(piece)
        entry["digest"] = digest.hexdigest()


def _host_of(head):
    for line in head.decode("latin-1").lower().split("\r\n"):
        if line.startswith("x-nlb-host:"):
            return line.split(":", 1)[1].strip()
    return None


async def one_after_the_other(source, rate, options, output, stopping):
    while not stopping.is_set():
        entry = dict.fromkeys(("port", "connected", "heard", "host", "digest", "error"))
        entry.update(source=source, start=time.time(), bytes=0)
        try:
            await download(entry, (options.target, 80), rate)
        except asyncio.CancelledError:
            entry["error"] = "stopped"
        except asyncio.TimeoutError:
            entry["error"] = "stall"
        except OSError as error:
            entry["error"] = error.strerror or type(error).__name__
        entry["end"] = time.time()
        output.write(json.dumps(entry) + "\n")
        if entry["error"] == "stopped":
            return
        await asyncio.sleep(REST_SECONDS)


async def run(options):
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    with open(options.sources) as lines, open(options.output, "w", buffering=1) as output:
        # Every sixth is fast: of those some end while the others show that connections live long.
        rates = [options.rate] * 5 + ["1000k"]
        tasks = [
            asyncio.create_task(one_after_the_other(line.strip(), rates[place % len(rates)], options, output, stopping))
            for place, line in enumerate(lines)
        ]
        await stopping.wait()
        # wait_for() forgets a cancellation that comes at the same moment as its result (python/cpython#86296).
        waiting = set(tasks)
        while waiting:
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=1)


def main():
    parser = argparse.ArgumentParser(description="many slow downloads")
    parser.add_argument("--target", required=True)
    parser.add_argument("--sources", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--rate", default="60k")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
