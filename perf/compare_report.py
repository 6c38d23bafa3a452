"""What perf/compare measured, for people and for programs. Never an absolute figure without its neighbour's."""

import statistics

PROGRAMS = ("io", "rxonly", "macswap", "5tswap", "nlb")
HEADER = (f"{'case':17}" + "".join(f"{name:>8}" for name in PROGRAMS) + " Mpps |" + "".join(f"{name:>8}" for name in PROGRAMS) + " ns |"
          f"{'ratio':>7}{'min':>6}{'max':>6}{'median':>8}{'floor':>7}{'goal':>6}")


class Row:
    """One case: for each program the cost of a packet in each round (compare_programs.Cost)."""

    def __init__(self, case, results, floor):
        self.case, self.floor = case, floor
        self.ns = {name: statistics.median(cost.least for cost in rounds) for name, rounds in results.items()}
        self.ns_median = {name: statistics.median(cost.median for cost in rounds) for name, rounds in results.items()}
        # Rounds are neighbours in time: each ratio is taken within one.
        pairs = list(zip(results["5tswap"], results["nlb"]))
        self.ratios = [five.least / nlb.least for five, nlb in pairs]
        self.ratio = statistics.median(self.ratios)
        self.ratio_of_medians = statistics.median(five.median / nlb.median for five, nlb in pairs)

    def mpps(self):
        return {name: 1000 / ns for name, ns in self.ns.items()}

    def holds(self):
        return self.ratio >= self.floor

    def text(self):
        def columns(of):
            return "".join(f"{of[name]:8.1f}" if name in of else f"{'-':>8}" for name in PROGRAMS)

        verdict = "" if self.holds() else "  BELOW"
        return (f"{self.case.name:17}{columns(self.mpps())}      |{columns(self.ns)}    |{self.ratio:7.2f}{min(self.ratios):6.2f}"
                f"{max(self.ratios):6.2f}{self.ratio_of_medians:8.2f}{self.floor:7.2f}{self.case.goal:6.2f}{verdict}")


def footer(rounds, seconds):
    return (f"64-byte frames, one worker core, burst 32 in testpmd (its default) and 64 in nlb (its own); median of {rounds} rounds of "
            f"{seconds} s, the best fifth of each;\nper packet of the thread's processor time, so that other load costs cache but no time. "
            "Ratio: to 5tswap, within each round; `median`: the same of\nthe median of the fifths. rxonly takes frames and frees them: the "
            "least that a rejected packet costs.")


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
        "ratio_of_medians": {name: round(row.ratio_of_medians, 3) for name, row in by_name.items()},
        "floor": {name: row.floor for name, row in by_name.items()},
        "goal": {name: row.case.goal for name, row in by_name.items()},
        "mpps": {name: round(row.mpps()["nlb"], 2) for name, row in by_name.items()},
        "ns": {name: round(row.ns["nlb"], 2) for name, row in by_name.items()},
        "ns_median": {name: round(row.ns_median["nlb"], 2) for name, row in by_name.items()},
        "testpmd": {name: {mode: round(mpps, 2) for mode, mpps in row.mpps().items() if mode != "nlb"} for name, row in by_name.items()},
    }
