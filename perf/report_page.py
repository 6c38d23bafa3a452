"""One HTML page from what perf/compare, rfc2544, scale, endtoend and nlb-perf measured: plots, tables, and the sheet of the machine.

The page is whole in itself: no script, nothing fetched, light or dark as the reader's system is.
"""

import datetime
import html

import report_plots as plots

STYLE = """
:root{--page:#fbfbf9;--card:#fff;--ink:#1d2127;--soft:#5d6673;--rule:#e3e4e0;--one:#2463b4;--two:#d9822b;--three:#2f8f5b;--four:#8b5ab8;
--five:#b5495b;--bad:#b3261e;--good:#1f7a46}
@media (prefers-color-scheme:dark){
:root{--page:#14171b;--card:#1c2026;--ink:#e6e8eb;--soft:#98a2b0;--rule:#2d333c;--one:#6ea8f0;--two:#f0a860;
--three:#67c694;--four:#bd93e8;--five:#ec8a9a;--bad:#ff8a80;--good:#7fd6a4}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:900px;margin:0 auto;padding:2.5rem 1.2rem 4rem}h1{font-size:1.7rem;margin:0 0 .2rem;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:2.4rem 0 .4rem}p{margin:.4rem 0}p.soft,figcaption,.when{color:var(--soft)}
figure,.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;margin:1rem 0;padding:1rem}figcaption{font-size:.88rem;
margin-top:.5rem}
svg{width:100%;height:auto;display:block;font:11px system-ui,sans-serif}svg text{fill:var(--soft)}svg .value{fill:var(--ink)}
svg .axis{font-size:12px}.grid{stroke:var(--rule)}.mark{stroke:var(--bad);stroke-width:2;stroke-dasharray:5 3}.line{fill:none;
stroke-width:2}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem;
font-variant-numeric:tabular-nums}
th,td{padding:.32rem .6rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--soft);font-weight:600}
th:first-child,td:first-child{text-align:left}tr:last-child td{border-bottom:0}.sheet td{text-align:left;
white-space:normal}.sheet td:first-child{color:var(--soft);width:11rem}.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}
"""


def table(head, rows, kind=""):
    cells = "".join(f"<th>{html.escape(str(cell))}</th>" for cell in head)
    body = "".join("<tr>" + "".join(cell if str(cell).startswith("<td") else f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
                   for row in rows)
    top = f"<thead><tr>{cells}</tr></thead>" if head else ""
    return f'<div class="card wide"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'


def figure(plot, words):
    return f"<figure>{plot}<figcaption>{words}</figcaption></figure>" if plot else ""


def microseconds(nanoseconds):
    return f"{nanoseconds / 1000:,.1f}"


def tail_of(latency):
    """(microseconds, share of frames that took longer) of [[up to ns, count], ...]."""
    histogram = latency.get("histogram", ())
    total, seen, points = sum(count for _, count in histogram), 0, []
    for top, count in histogram:
        seen += count
        points.append((max(top, 1) / 1000, max((total - seen) / total, 0.3 / total)))
    return points


def of_compare(told):
    groups = [(name, [ratio], [f"{ratio:.2f}"]) for name, ratio in told["ratio"].items()]
    floors = told.get("floor", {})
    marks = {name: [(floor, f"floor {floor}")] for name, floor in floors.items() if floor}
    rows = []
    for name, ratio in told["ratio"].items():
        below = ratio < floors.get(name, 0)
        rows.append((name, f'<td class="{"bad" if below else "good"}">{ratio:.2f}</td>', told["ratio_min"][name], told["ratio_max"][name],
                     told.get("ratio_of_medians", {}).get(name, "-"), floors.get(name) or "-", told.get("goal", {}).get(name) or "-",
                     told["ns"][name], told["mpps"][name],
                     *(told["testpmd"][name].get(mode, "-") for mode in ("io", "rxonly", "macswap", "5tswap"))))
    return ("<h2>Beside testpmd</h2><p class=soft>The same frames, one worker core, alternating rounds: the ratio to testpmd's 5tswap. "
            "A dashed line is the floor.</p>" + figure(plots.bars("Ratio to testpmd's 5tswap", "ratio", groups, marks=marks),
                                              "Median of the rounds; one is as fast as 5tswap.")
            + table(("case", "ratio", "min", "max", "of medians", "floor", "goal", "nlb ns", "nlb Mpps", "io", "rxonly", "macswap",
                     "5tswap Mpps"), rows))


def of_rfc2544(told):
    sizes = told["sizes"]
    rates = [(size, [result["pps"]], [f"{plots.number(result['pps'])}pps"]) for size, result in sizes.items()]
    words = (f"Trials of {told['trial_seconds']} s, {told['acceptable_loss_percent']} % may be lost, found within "
             f"{told['resolution_percent']} %. Under test: {html.escape(told['under_test'])}.")
    page = f"<h2>Throughput without loss (RFC 2544)</h2><p class=soft>{words}</p>"
    page += figure(plots.bars("Throughput by frame size", "frames per second", rates), "Frame sizes with check sequence.")
    at = sorted({percent for result in sizes.values() for percent in result["latency"]}, key=float)
    for percent in at[-1:]:
        series = [(name, [(place + 1, result["latency"][percent][name] / 1000) for place, result in enumerate(sizes.values())
                          if percent in result["latency"]]) for name in ("p50", "p99", "p999", "max")]
        names = dict(enumerate(sizes, 1))
        page += figure(plots.lines("Latency by frame size", "microseconds", "frame size", series, (False, True), names=names),
                       f"At {percent} % of the rate found.")
    rows = []
    for size, result in sizes.items():
        for percent in at or ("",):
            times = result["latency"].get(percent, {})
            rows.append((size, f"{result['pps']:,}", result["gbps"], result["limit"], len(result["trials"]), f"{percent} %",
                         *(microseconds(times[name]) if times else "" for name in ("p50", "p99", "p999", "max"))))
    page += table(("bytes", "pps", "Gbit/s", "limit", "trials", "at", "p50 us", "p99", "p999", "max"), rows)
    return page + of_bursts(told["bursts"])


def of_bursts(bursts):
    if not bursts:
        return ""
    series = {}
    for row in bursts:
        name = "as many as go" if isinstance(row["rate"], str) else "half the rate"
        series.setdefault(name, []).append((row["burst"], row["cycles_per_packet"]))
    plot = plots.lines("Cycles per packet by burst size", "cycles per packet", "burst size", list(series.items()), (True, True))
    return (figure(plot, "A burst that is not full costs what a full one costs.")
            + table(("burst", "offered pps", "packets per burst", "cycles per packet"),
                    [(row["burst"], row["rate"], row["packets_per_burst"], row["cycles_per_packet"]) for row in bursts]))


def of_scale(told):
    points = [(row["lcores"], row["mpps"]) for row in told["rows"]]
    ideal = [(lcores, points[0][1] / points[0][0] * lcores) for lcores, _ in points]
    plot = plots.lines("Rate by lcores", "Mpps", "lcores", [("measured", points), ("as if nothing were shared", ideal)])
    rows = [(row["lcores"], row["mpps"], row["mpps_per_lcore"], row["efficiency"], row["cycles_per_packet"]) for row in told["rows"]]
    return "<h2>Cores</h2>" + figure(plot, "") + table(("lcores", "Mpps", "Mpps per lcore", "efficiency", "cycles per packet"), rows)


def of_run(told):
    plain = [(name.replace("_", " "), f"{value:,.2f}" if isinstance(value, float) else value) for name, value in told.items()
             if isinstance(value, (int, float, str))]
    page = f"<h2>nlb-perf, mode {html.escape(told['mode'])}</h2>" + table((), plain, "sheet")
    tested = told.get("tested", told)
    series = [("frames", tail_of(latency)) for latency in told.get("latency_ns", ())]
    for polls in tested.get("polls", ()):
        series += [("polls", tail_of(polls["wall_ns"])), ("polls, processor time", tail_of(polls["processor_ns"]))]
    series += [("publishes", tail_of(publish["wall_ns"])) for publish in tested.get("publishes", ())]
    series = [(name, points) for name, points in series if points]
    if series:
        page += figure(plots.lines("Time", "share that took longer", "microseconds", series, (True, True), stepped=True),
                       "How large a share took longer than the time below.")
    if tested.get("reasons"):
        page += table(("reason", "packets"), [(name, f"{count:,}") for name, count in tested["reasons"].items()])
    return page


def of_ports(told):
    ports = [port for one in told for port in one.get("ports", ())]
    known = list({str(port): port for port in ports}.values())
    head = ("name", "driver", "firmware", "numa_node", "link_mbps", "rx_queues_max")
    rows = [[port.get(name, "") for name in head] for port in known]
    return "<h2>Ports</h2>" + table([name.replace("_", " ") for name in head], rows) if rows else ""


def of_hardware(sheet):
    page = "<h2>Machine</h2>" + table((), list(sheet["machine"].items()), "sheet")
    if sheet["adapters"]:
        page += "<h2>Adapters</h2>" + table(list(sheet["adapters"][0]), [list(adapter.values()) for adapter in sheet["adapters"]])
    return page


def of_endtoend(told):
    ways = {name: row for name, row in told["ways"].items() if "failed" not in row}

    def drawn(title, label, words, *parts):
        """`parts`: what a bar is called, the measurement, and its figure. A way that has not got it has a bar of nothing."""
        groups = []
        for way, row in ways.items():
            values = [row[test][figure_of] if row[test] else None for _, test, figure_of in parts]
            groups.append((way, [value or 0 for value in values], ["-" if value is None else plots.number(value) for value in values]))
        return figure(plots.bars(title, label, groups, [name for name, _, _ in parts]), words) if groups else ""

    streams = (("to the server", "to_server"), ("to the client", "to_client"))
    asked = (("kept open", "keep_alive"), ("a connection each", "close"))
    page = ("<h2>From end to end</h2><p class=soft>One client, one server, and between them one way at a time; "
            f"{told['seconds']} s for each measurement. Processor time is everybody's: client, server, and what is between them.</p>")
    page += drawn("Processor time for a gigabyte", "seconds per GB", "One TCP stream. Less is better.",
                  *((name, test, "cpu_seconds_per_gb") for name, test in streams))
    page += drawn("Processor time for 1,000 requests", "seconds per 1,000", "HTTP, and questions to a name server. Less is better.",
                  *((name, test, "cpu_seconds_per_1000") for name, test in (*asked, ("UDP", "udp"))))
    page += drawn("Throughput", "Gbit/s", "One TCP stream.", *((name, test, "gbit_per_second") for name, test in streams))
    page += drawn("Requests", "requests per second", "32 connections at once.",
                  *((name, test, "requests_per_second") for name, test in asked))
    page += drawn("Latency of requests", "milliseconds", "Half and a hundredth of the requests took longer. Less is better.",
                  *((f"{name}, {late}", test, f"{late}_ms") for name, test in asked for late in ("p50", "p99")))
    rows = [(way, *(row[test][figure_of] for _, test in streams for figure_of in ("gbit_per_second", "cpu_seconds_per_gb")),
             *(row[test][figure_of] for _, test in asked
               for figure_of in ("requests_per_second", "cpu_seconds_per_1000", "p50_ms", "p99_ms")),
             *((row["udp"][figure_of] if row["udp"] else "-") for figure_of in ("queries_per_second", "cpu_seconds_per_1000")))
            for way, row in ways.items()]
    page += table(("way", "to server Gbit/s", "s/GB", "to client Gbit/s", "s/GB", "kept open /s", "s/1,000", "p50 ms", "p99 ms", "each /s",
                   "s/1,000", "p50 ms", "p99 ms", "UDP /s", "s/1,000"), rows)
    failed = [(way, row["failed"]) for way, row in told["ways"].items() if "failed" in row]
    return page + ("<p class=soft>Not measured:</p>" + table((), failed, "sheet") if failed else "")


KINDS = {"compare": of_compare, "rfc2544": of_rfc2544, "scale": of_scale, "endtoend": of_endtoend}


def kind_of(told):
    return told.get("kind") or ("compare" if "ratio" in told else "run")


def page(told):
    """`told`: the objects of --json, in any order; the first that has a hardware sheet gives the page's."""
    body = "".join(KINDS.get(kind_of(one), of_run)(one) for one in told)
    sheets = [one["hardware"] for one in told if "hardware" in one]
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<meta name="color-scheme" content="light dark"><title>nlb: measurements</title><style>{STYLE}</style></head><body><main>'
            f'<h1>nlb: measurements</h1><p class="when">{when}</p>{body}{of_ports(told)}{"".join(map(of_hardware, sheets[:1]))}'
            f"</main></body></html>\n")
