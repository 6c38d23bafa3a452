#!/usr/bin/env python3
"""Draws docs/pictures/cluster-light.svg and cluster-dark.svg: README's picture of one packet at three hosts.

A test draws them again and compares (tests/tidy/test_pictures.py).
"""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 860, 470
HOSTS = ("edge1", "edge2", "edge3")
HOST_W, HOST_H, HOST_TOP, GAP = 240, 250, 190, 30
CELLS_IN_ROW, CELL, BUCKETS = 20, 10, 60
OWNER = 1  # who owns the packet's bucket, from 0
BUCKET = 27
THEMES = {
    "light": {
        "paper": "#ffffff", "ink": "#1d2733", "soft": "#5b6b7f", "line": "#9aa8b8", "box": "#f3f6f9", "idle": "#dde4ec",
        "owners": ("#c2410c", "#0f766e", "#6d28d9"),
    },
    "dark": {
        "paper": "#0d1117", "ink": "#e6edf3", "soft": "#9aa8b8", "line": "#5b6b7f", "box": "#161d26", "idle": "#2a3440",
        "owners": ("#fb923c", "#2dd4bf", "#a78bfa"),
    },
}


class Drawing:
    def __init__(self, theme):
        self.theme, self.parts = theme, []

    def box(self, x, y, width, height, fill, stroke="none", radius=8):
        place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        self.parts.append(f'<rect {place} rx="{radius}" fill="{fill}" stroke="{stroke}"/>')

    def text(self, x, y, words, colour="ink", size=14, anchor="middle", bold=False):
        ink = self.theme.get(colour, colour)
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}" fill="{ink}" font-size="{size}" text-anchor="{anchor}"{weight}>{words}</text>')

    def arrow(self, points, colour, dashed=False, width=2, head=True):
        path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
        dash = ' stroke-dasharray="5 5"' if dashed else ""
        end = ' marker-end="url(#head)"' if head else ""
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}{end}/>')

    def svg(self):
        head = (
            '<marker id="head" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
            '<path d="M0 0 L8 4 L0 8 z" fill="context-stroke"/></marker>'
        )
        paper = f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{self.theme["paper"]}"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
            'font-family="system-ui,-apple-system,Segoe UI,DejaVu Sans,sans-serif">'
            "<title>A packet reaches every host; the one that owns its bucket keeps it</title>"
            f'<defs>{head}</defs>{paper}{"".join(self.parts)}</svg>\n'
        )


def middle_of(host):
    left = (WIDTH - 3 * HOST_W - 2 * GAP) / 2
    return left + host * (HOST_W + GAP) + HOST_W / 2


def draw_host(drawing, host):
    theme, middle = drawing.theme, middle_of(host)
    left, colour, owns = middle - HOST_W / 2, drawing.theme["owners"][host], host == OWNER
    drawing.box(left, HOST_TOP, HOST_W, HOST_H, theme["box"], colour if owns else theme["line"])
    drawing.text(left + 14, HOST_TOP + 24, HOSTS[host], size=15, anchor="start", bold=True)
    drawing.text(left + HOST_W - 14, HOST_TOP + 24, "dataplane", "soft", 12, "end")
    cells = middle - CELLS_IN_ROW * CELL / 2
    share = BUCKETS // len(HOSTS)
    for bucket in range(BUCKETS):
        x, y = cells + bucket % CELLS_IN_ROW * CELL, HOST_TOP + 40 + bucket // CELLS_IN_ROW * CELL
        drawing.box(x + 0.5, y + 0.5, CELL - 1, CELL - 1, colour if bucket // share == host else theme["idle"], radius=2)
        if bucket == BUCKET:
            drawing.box(x - 1.5, y - 1.5, CELL + 3, CELL + 3, "none", theme["ink"], 3)
    first = host * share
    drawing.text(middle, HOST_TOP + 92, f"owns buckets {first} to {first + share - 1}", "soft", 12)
    verdict = "bucket 27 is mine: accept" if owns else "bucket 27 is not mine: reject"
    drawing.text(middle, HOST_TOP + 120, verdict, colour if owns else "soft", 13.5, bold=owns)
    drawing.box(left + 40, HOST_TOP + 158, HOST_W - 80, 30, theme["paper"], colour if owns else theme["line"])
    if owns:
        drawing.arrow([(left + HOST_W - 40, HOST_TOP + 173), (left + HOST_W, HOST_TOP + 173)], colour, head=False)
    drawing.text(middle, HOST_TOP + 178, "servers", size=13)
    if owns:
        drawing.arrow([(middle, HOST_TOP + 128), (middle, HOST_TOP + 155)], colour)
    drawing.box(left + 40, HOST_TOP + 204, HOST_W - 80, 30, theme["paper"], theme["line"])
    drawing.text(middle, HOST_TOP + 224, "control plane", size=13)


def draw(name):
    drawing = Drawing(THEMES[name])
    theme = drawing.theme
    centre, owner = WIDTH / 2, middle_of(OWNER)
    drawing.box(centre - 70, 16, 140, 34, theme["box"], theme["line"])
    drawing.text(centre, 38, "a client", size=14)
    drawing.text(centre + 84, 30, "SYN to 192.0.2.80, the address of all hosts", "soft", 12.5, "start")
    answer = owner + HOST_W / 2 + GAP / 2
    server = HOST_TOP + 173
    way = [(owner + HOST_W / 2, server), (answer, server), (answer, 60), (centre + 52, 60), (centre + 52, 53)]
    drawing.arrow(way, theme["owners"][OWNER])
    drawing.text(answer + 8, 84, "the answer goes straight back", "soft", 12.5, "start")
    drawing.box(centre - 250, 96, 500, 34, theme["box"], theme["line"])
    drawing.text(centre, 118, "switch: floods frames for the cluster MAC to every host", size=14)
    drawing.arrow([(centre, 50), (centre, 93)], theme["ink"])
    for host in range(len(HOSTS)):
        middle = middle_of(host)
        start = min(max(middle, centre - 240), centre + 240)
        colour = theme["owners"][host] if host == OWNER else theme["line"]
        drawing.arrow([(start, 130), (start, 158), (middle, 158), (middle, HOST_TOP - 3)], colour)
        draw_host(drawing, host)
    for left in range(len(HOSTS) - 1):
        begin, end = middle_of(left) + HOST_W / 2 - 38, middle_of(left + 1) - HOST_W / 2 + 38
        drawing.arrow([(begin, HOST_TOP + 219), (end, HOST_TOP + 219)], theme["ink"], dashed=True, width=1.5)
    drawing.text(centre, HEIGHT - 10, "- - heartbeats, each 100 ms: who is there, who owns what, who may answer until when", "soft", 12.5)
    return drawing.svg()


def main():
    for name in THEMES:
        (FOLDER / f"cluster-{name}.svg").write_text(draw(name), encoding="utf-8")


if __name__ == "__main__":
    main()
