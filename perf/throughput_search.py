"""RFC 2544, 26.1: the highest rate at which a device loses (nearly) nothing, by bisection. It sends nothing; trials are told to it.

The first trial is as fast as the sender can; the second at what arrived then. A trial in which the sender offered less than it was
asked for counts for what it offered; the next asks for more, until that gains nothing.
"""

from dataclasses import dataclass

OFFERED_SHARE_LEAST = 0.97  # of the wanted rate; below it a trial is short
SHORT_TRIALS_MOST = 3  # that gain nothing
BOOST_MOST = 4.0
LEAST_RATE = 100  # packets per second


@dataclass(frozen=True)
class Trial:
    wanted: float  # packets per second; 0: as many as go
    offered: float
    received: float
    lost_share: float  # of what was offered


class Search:
    def __init__(self, resolution, acceptable_loss):
        self.resolution, self.acceptable = resolution, acceptable_loss
        self.low, self.high, self.tried, self.short = 0.0, None, 0, 0
        self.limit, self.boost = "loss", 1.0
        self.best = None  # the fastest trial that held

    def next_rate(self):
        """None: found. Otherwise what to try, in packets per second; 0 is as many as go."""
        if self.tried == 0:
            return 0.0
        if self.high - self.low <= self.resolution * self.high or self.high < LEAST_RATE:
            return None
        if self.tried == 1:
            return self.first_guess
        return self.boost * (self.low + self.high) / 2

    def note(self, trial):
        self.tried += 1
        holds, gained = trial.lost_share <= self.acceptable, trial.offered > self.low * (1 + self.resolution)
        if holds and trial.offered > self.low:
            self.low, self.best = trial.offered, trial
        if trial.wanted == 0:
            self._note_first(trial, holds)
            return
        short = trial.offered < OFFERED_SHARE_LEAST * trial.wanted
        self.boost = min(trial.wanted / trial.offered, BOOST_MOST) if short else 1.0
        if not holds:
            self.high, self.limit = min(self.high, max(trial.offered, self.low)), "loss"
        elif short and not gained:
            self.short += 1
            if self.short >= SHORT_TRIALS_MOST:
                self.high, self.limit = self.low, "sender"

    def _note_first(self, trial, holds):
        self.high = trial.offered
        self.first_guess = max(min(trial.received, 0.98 * trial.offered), LEAST_RATE)
        if holds:
            self.limit = "sender"

    def found(self):
        return self.low
