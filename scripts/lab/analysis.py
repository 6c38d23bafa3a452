"""What a capture proves: who answered which SYN, when a dead host's clients were served again, who sent from which MAC.

Pure functions over frames; they believe nothing that a program says of itself.
"""

import collections
import dataclasses
import statistics

from . import capture


def answers(frames):
    """For each SYN that was answered: the hosts that answered it."""
    found = collections.defaultdict(set)
    for opening in capture.openings(frames):
        if opening.is_answer:
            found[opening.key()].add(opening.port)
    return found


def double_answers(frames):
    """SYNs (client address, port, initial sequence number) that two hosts answered, with these hosts."""
    return {key: sorted(hosts) for key, hosts in answers(frames).items() if len(hosts) > 1}


@dataclasses.dataclass
class Takeover:
    """How the clients of a host that died at one instant came to be served by others, in milliseconds after that instant."""

    detection: float | None  # first frame that states a newer epoch
    served: dict  # client address: first SYN-ACK from another host; None: never
    probes: int

    def complete(self):
        return bool(self.served) and all(value is not None for value in self.served.values())

    def milliseconds(self):
        """Until every client address was served again; None when one never was."""
        return max(self.served.values()) if self.complete() else None

    def median(self):
        values = [value for value in self.served.values() if value is not None]
        return statistics.median(values) if values else None


def takeover(frames, instant, dead, clients):
    """Requires: `clients` are addresses that `dead` served until `instant`, and that sent SYNs throughout."""
    served = dict.fromkeys(clients)
    probes = 0
    for opening in capture.openings(frames):
        if opening.client not in served or opening.time < instant:
            continue
        if not opening.is_answer:
            probes += 1
        elif opening.port != dead and served[opening.client] is None:
            served[opening.client] = (opening.time - instant) * 1000
    return Takeover(_detection(frames, instant), served, probes)


def _detection(frames, instant):
    newest = (0, 0)
    for heartbeat in capture.heartbeats(frames):
        if heartbeat.time < instant:
            newest = max(newest, heartbeat.epoch)
        elif newest != (0, 0) and heartbeat.epoch > newest:
            return (heartbeat.time - instant) * 1000
    return None


def last_answer(frames, host, after):
    """When a host last answered a SYN, in milliseconds after an instant; None when it did not."""
    times = [opening.time for opening in capture.openings(frames) if opening.is_answer and opening.port == host]
    return (times[-1] - after) * 1000 if times and times[-1] >= after else None


def hosts_by_client(frames):
    """Who answered each client address last."""
    return {opening.client: opening.port for opening in capture.openings(frames) if opening.is_answer}


def unanswered(frames, since=0.0, until=float("inf")):
    """SYNs sent in a span of time that nobody ever answered, not counting those repeated and answered later."""
    answered = set(answers(frames))
    sent = {opening.key() for opening in capture.openings(frames) if not opening.is_answer and since <= opening.time < until}
    return sent - answered


def frames_from(frames, mac):
    """Frames that bear this source MAC (`02:bf:...`)."""
    wanted = bytes.fromhex(mac.replace(":", ""))
    return [frame for frame in frames if frame.source_mac == wanted]
