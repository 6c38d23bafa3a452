"""The cases of perf/compare: what traffic, what state, what must become of it, and how fast it must at least be.

A case is a capture and the arguments of nlb-perf; its floor is the ratio to testpmd's 5tswap on the same capture.
"""

from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True)
class Case:
    name: str
    traffic: tuple  # options that nlb-frames and nlb-perf share
    reasons: tuple  # what becomes of nearly all packets
    floor: float = 0.0
    goal: float = 0.0
    clients: int = 1024
    frames: int = 0  # in the capture; 0: one for each client
    perf: tuple = ()  # further options of nlb-perf
    mebibytes: int = 0  # what the connections take
    quick: bool = True
    rules: int = 2  # in the tables
    ring: bool = False  # frames go round on a net_ring instead of coming from a capture

    def frame_count(self):
        return self.frames or self.clients


def descriptors(count):
    return ("--descriptors", str(count), "--connections", str(max(65536, count + count // 8)))


CASES = (
    Case("reject", ("--owned=0",), ("not_owner",), 0.85, 1.1),
    Case("reject_1m", ("--owned=0",), ("not_owner",), 0.85, 1.1, clients=MILLION, quick=False),
    Case("reject_33_rules", ("--owned=0",), ("not_owner",), 0.80, 1.1, rules=32),
    Case("accept_udp", ("--owned=100", "--protocol=udp", "--port=53"), ("owner",), 0.80, 1.05),
    Case("established", ("--owned=100",), ("owner", "descriptor"), 0.80, 1.05, perf=descriptors(1024)),
    Case("mixed", ("--owned=25", "--distribution=uniform"), ("not_owner", "owner"), 0.80, 1.05, frames=4096),
    Case("dirty_1m", (), ("descriptor",), 0.40, 0.52, clients=MILLION, perf=(*descriptors(MILLION), "--lose-buckets"), mebibytes=250,
         quick=False),
    Case("dirty_10m", ("--distribution=uniform",), ("descriptor",), 0.30, 0.42, clients=10 * MILLION, frames=MILLION,
         perf=(*descriptors(10 * MILLION), "--lose-buckets"), mebibytes=1600, quick=False),
    Case("new_flow", ("--owned=100", "--mix=1:1:1", "--resets"), ("new_flow", "owner"), 0.10, 0.2, clients=4096,
         frames=12288),
    Case("reject_v6", ("--owned=0", "--ip=6"), ("not_owner",), 0.70, 0.95),
    Case("fragments", ("--owned=100", "--fragments=100", "--size=128"), (), 0.0, 0.0, frames=2048),
    # Without a driver that copies: the program itself. testpmd's frames are its own, of the same size and number; none is freed there.
    Case("ring_reject", ("--owned=0",), ("not_owner",), ring=True),
    Case("ring_accept_udp", ("--owned=100", "--protocol=udp", "--port=53"), ("owner",), ring=True),
    Case("ring_established", ("--owned=100",), ("owner", "descriptor"), ring=True, quick=False, perf=descriptors(1024)),
)
# In the order of the table of floors; the others are shown, and judged, but not summed up.
SUMMED = ("reject", "accept_udp", "established", "mixed", "dirty_1m", "dirty_10m", "new_flow")
