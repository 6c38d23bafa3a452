"""scripts/lab/run strangers --case NAME: what strangers, mistakes and clocks do to a cluster that serves, with the real programs.

Each case states what it expects and reports what it saw. The cases are in beginners.py, wire_cases.py and stalls.py.
"""

from . import beginners, duplicates, replays, silence, stalls, trial, wire_cases

CASES = {case.NAME: case for module in (beginners, duplicates, wire_cases, replays, stalls, silence) for case in module.CASES}


def add_options(parser):
    names = ", ".join(CASES)
    parser.add_argument("--case", required=True, choices=CASES, metavar="NAME", help=f"one of {names}")
    parser.add_argument("--seconds", type=float, default=None, help="how long the event lasts; each case has a time of its own")
    parser.add_argument("--logs", default=None, metavar="FOLDER", help="copy what every program said to a folder before the lab goes")
    parser.add_argument("--period", default="100ms")
    parser.add_argument("--tolerance", type=int, default=5)
    parser.add_argument("--without-words", action="store_true", help="judge the service alone, not what `nlb query` says of it")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, everything else on standard error")


def main(options):
    return trial.conduct(CASES[options.case], options)
