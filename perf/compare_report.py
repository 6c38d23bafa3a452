"""What perf/compare measured, for people and for programs. Never an absolute figure without its neighbour's."""

import statistics

HEADER = (f"{'case':17}{'io':>8}{'macswap':>9}{'5tswap':>8}{'nlb':>8}   Mpps |{'io':>7}{'macswap':>9}{'5tswap':>8}{'nlb':>7}   ns |"
          f"{'ratio':>7}{'min':>7}{'max':>7}{'floor':>7}{'goal':>6}")


class Row:
    """One case: nanoseconds per packet of each program and round."""

    def __init__(self, case, results, floor):
        self.case, self.floor = case, floor
        self.ns = {name: statistics.median(rounds) for name, rounds in results.items()}
        # Rounds are neighbours in time: each ratio is taken within one.
        self.ratios = [five / nlb for five, nlb in zip(results["5tswap"], results["nlb"])]
        self.ratio = statistics.median(self.ratios)

    def mpps(self):
        return {name: 1000 / ns for name, ns in self.ns.items()}

    def holds(self):
        return self.ratio >= self.floor

    def text(self):
        mpps, order = self.mpps(), ("io", "macswap", "5tswap", "nlb")
        rates = "".join(f"{mpps[name]:{width}.1f}" for name, width in zip(order, (8, 9, 8, 8)))
        times = "".join(f"{self.ns[name]:{width}.1f}" for name, width in zip(order, (7, 9, 8, 7)))
        verdict = "" if self.holds() else "  BELOW"
        return (f"{self.case.name:17}{rates}        |{times}      |{self.ratio:7.2f}{min(self.ratios):7.2f}{max(self.ratios):7.2f}"
                f"{self.floor:7.2f}{self.case.goal:6.2f}{verdict}")


def footer(rounds, seconds):
    return (f"64-byte frames, one worker core, burst 32 in testpmd (its default) and 64 in nlb (its own); median of {rounds} rounds of "
            f"{seconds} s, the best fifth of each;\nper packet of the thread's processor time, so that other load costs cache but no time. "
            "Ratio: to 5tswap, within each round.")


def summary(rows, names):
    """The object that other programs rely on."""
    by_name = {row.case.name: row for row in rows}
    chosen = {name: by_name[name] for name in names if name in by_name}
    extra = {name: row for name, row in by_name.items() if name not in chosen}
    return {
        "ok": all(row.holds() for row in rows),
        "ratio": {name: round(row.ratio, 3) for name, row in {**chosen, **extra}.items()},
        "ratio_min": {name: round(min(row.ratios), 3) for name, row in by_name.items()},
        "ratio_max": {name: round(max(row.ratios), 3) for name, row in by_name.items()},
        "floor": {name: row.floor for name, row in by_name.items()},
        "goal": {name: row.case.goal for name, row in by_name.items()},
        "mpps": {name: round(row.mpps()["nlb"], 2) for name, row in by_name.items()},
        "ns": {name: round(row.ns["nlb"], 2) for name, row in by_name.items()},
        "testpmd": {name: {mode: round(row.mpps()[mode], 2) for mode in ("io", "macswap", "5tswap")} for name, row in by_name.items()},
    }
