"""A number of downloads that never end by themselves: each byte is compared, each pause between two bytes is timed.

A connection that ends is logged with its reason and replaced. What it logs of its own lateness tells a pause of the cluster from one of
this program. Run inside the clients' namespace:
python3 -m lab.steady --target ADDRESS --sources FILE --count N --content FILE --output FILE
"""

import argparse
import asyncio
import json
import resource
import signal
import socket
import time

PAUSE_SECONDS = 1.0  # longer ones are logged one by one
STALL_SECONDS = 6.0  # a connection that is silent for so long is given up
RAMP_SECONDS = 5.0
AGAIN_SECONDS = 0.2
TURN_SECONDS = 0.05
SAMPLE_SECONDS = 0.5
HEAD_END = b"\r\n\r\n"


class Download(asyncio.Protocol):
    heard = 0  # bytes of all downloads together

    def __init__(self, source, content):
        self.content = content
        self.head = b""
        self.ended = asyncio.get_running_loop().create_future()
        self.entry = dict.fromkeys(("port", "connected", "heard", "host", "error"))
        self.entry.update(source=source, bytes=0, wrong=False, longest=0.0, pauses=[])

    def connection_made(self, transport):
        self.transport = transport
        self.entry["port"] = transport.get_extra_info("sockname")[1]
        self.entry["connected"] = self.entry["heard"] = time.time()

    def data_received(self, piece):
        now = time.time()
        self.note_pause(now)
        self.entry["heard"] = now
        if self.head is not None:
            self.head += piece
            head, found, piece = self.head.partition(HEAD_END)
            if not found:
                return
            named = [line for line in head.decode("latin-1").lower().split("\r\n") if line.startswith("x-nlb-host:")]
            self.entry["host"] = named[0].split(":", 1)[1].strip() if named else None
            self.head = None
        at = self.entry["bytes"]
        self.entry["wrong"] |= self.content[at : at + len(piece)] != piece
        self.entry["bytes"] = at + len(piece)
        Download.heard += len(piece)

    def note_pause(self, now):
        pause = now - self.entry["heard"]
        self.entry["longest"] = max(self.entry["longest"], pause)
        if pause > PAUSE_SECONDS:
            self.entry["pauses"].append((self.entry["heard"], now))

    def connection_lost(self, error):
        if self.entry["error"] is None:
            self.entry["error"] = (error.strerror or type(error).__name__) if error else "ended"
        self.note_pause(time.time())
        if not self.ended.done():
            self.ended.set_result(None)


class Client:
    def __init__(self, options, output):
        self.options = options
        self.output = output
        self.stopping = False
        self.open = set()
        self.lateness = 0.0
        with open(options.content, "rb") as stream:
            self.content = stream.read()

    async def slot(self, source, delay):
        await asyncio.sleep(delay)
        while not self.stopping:
            download = Download(source, self.content)
            try:
                await self.connect(download, source)
            except (OSError, asyncio.TimeoutError) as error:
                download.entry["error"] = f"connect: {getattr(error, 'strerror', None) or type(error).__name__}"
            else:
                self.open.add(download)
                await download.ended
                self.open.discard(download)
            self.log(download)
            await asyncio.sleep(AGAIN_SECONDS)

    async def connect(self, download, source):
        loop = asyncio.get_running_loop()
        connection = loop.create_connection(lambda: download, self.options.target, 80, local_addr=(source, 0), family=socket.AF_INET)
        transport, _ = await asyncio.wait_for(connection, STALL_SECONDS)
        transport.write(f"GET {self.options.path}?rate={self.options.rate} HTTP/1.0\r\n\r\n".encode())

    def log(self, download):
        self.output.write(json.dumps(download.entry) + "\n")

    async def watch(self):
        """Gives up silent connections, says how much came, and times itself: who wakes late sees pauses that nobody made."""
        sampled = time.time()
        while not self.stopping:
            before = time.monotonic()
            await asyncio.sleep(TURN_SECONDS)
            self.lateness = max(self.lateness, time.monotonic() - before - TURN_SECONDS)
            now = time.time()
            if now - sampled >= SAMPLE_SECONDS:
                print(json.dumps({"time": now, "bytes": Download.heard, "open": len(self.open)}), flush=True)
                sampled = now
            for download in list(self.open):
                if now - download.entry["heard"] > STALL_SECONDS:
                    download.entry["error"] = "stall"
                    download.transport.abort()

    async def run(self):
        with open(self.options.sources) as lines:
            sources = [line.strip() for line in lines]
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        count = self.options.count
        tasks = [asyncio.create_task(self.slot(sources[n % len(sources)], RAMP_SECONDS * n / count)) for n in range(count)]
        tasks.append(asyncio.create_task(self.watch()))
        await stop.wait()
        self.stopping = True
        now = time.time()
        for download in self.open:
            download.note_pause(now)
            download.entry["error"] = "stopped"
            self.log(download)
        for task in tasks:
            task.cancel()
        print(json.dumps({"lateness": self.lateness}), flush=True)


def main():
    parser = argparse.ArgumentParser(description="downloads that never end by themselves")
    parser.add_argument("--target", required=True)
    parser.add_argument("--sources", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--content", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--rate", default="4k")
    parser.add_argument("--path", default="/slow")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with open(options.output, "w", buffering=1) as output:
        asyncio.run(Client(options, output).run())


if __name__ == "__main__":
    main()
