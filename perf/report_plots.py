"""Plots as SVG text: bars, lines, steps. Colours are the page's variables, so that one plot serves light and dark; nothing is fetched."""

import html
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 300, 64, 46, 18, 18
COLOURS = ("var(--one)", "var(--two)", "var(--three)", "var(--four)", "var(--five)")


def number(value):
    """Short, for axes and bars."""
    if value == 0:
        return "0"
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def text(x, y, words, anchor="middle", kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{html.escape(str(words))}</text>'


def steps(most):
    """Round values up to `most`, about five."""
    raw = most / 5
    power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return [step * place for place in range(int(most / step) + 1)]


class Scale:
    """From values to places on an axis."""

    def __init__(self, low, high, begin, end, logarithmic=False):
        self.logarithmic, self.begin, self.end = logarithmic, begin, end
        self.low, self.high = (math.log10(low), math.log10(high)) if logarithmic else (low, high)
        if self.high <= self.low:
            self.high = self.low + 1

    def at(self, value):
        value = math.log10(max(value, 1e-12)) if self.logarithmic else value
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)


def frame(body, label, title):
    middle = TOP + (HEIGHT - TOP - BOTTOM) / 2
    axis = f'<g transform="rotate(-90 14 {middle:.0f})">{text(14, middle, label, kind="axis")}</g>' if label else ""
    return (f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}"><title>{html.escape(title)}</title>'
            f"{axis}{body}</svg>")


def grid(scale, values):
    lines = ""
    for value in values:
        y = scale.at(value)
        lines += f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        lines += text(LEFT - 8, y + 4, number(value), "end")
    return lines


def legend(names):
    body, x = "", LEFT
    for colour, name in zip(COLOURS, names):
        body += f'<rect x="{x}" y="2" width="10" height="10" rx="2" fill="{colour}"/>' + text(x + 15, 11, name, "start")
        x += 28 + 7 * len(name)
    return body


def bars(title, label, groups, names=(), marks=None):
    """`groups`: (name, [value, ...], [words, ...]); `marks`: {group: [(value, words)]} as ticks across the group."""
    marked = [value for ticks in (marks or {}).values() for value, _ in ticks]
    most = max([value for _, values, _ in groups for value in values] + marked + [1e-9])
    scale = Scale(0, most * 1.08, HEIGHT - BOTTOM, TOP + 8)
    body, room = grid(scale, steps(most)), (WIDTH - LEFT - RIGHT) / max(len(groups), 1)
    for place, (name, values, words) in enumerate(groups):
        wide = min(room * 0.7 / len(values), 64)
        left = LEFT + room * place + (room - wide * len(values)) / 2
        for which, value in enumerate(values):
            x, y = left + wide * which, scale.at(value)
            body += (f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" height="{HEIGHT - BOTTOM - y:.1f}" rx="2" '
                     f'fill="{COLOURS[which % len(COLOURS)]}"><title>{html.escape(f"{name}: {words[which]}")}</title></rect>')
            body += text(x + wide / 2, y - 4, words[which], kind="value")
        for value, said in (marks or {}).get(name, ()):
            y = scale.at(value)
            body += (f'<line class="mark" x1="{left - 6:.1f}" x2="{left + wide * len(values) + 6:.1f}" y1="{y:.1f}" y2="{y:.1f}">'
                     f"<title>{html.escape(said)}</title></line>")
        body += text(LEFT + room * (place + 0.5), HEIGHT - BOTTOM + 16, name)
    return frame(body + (legend(names) if len(names) > 1 else ""), label, title)


def lines(title, label, below, series, logarithmic=(False, False), stepped=False, names=None):
    """`series`: (name, [(x, y), ...]). `logarithmic`: of the x and the y axis. `names`: what to write at an x instead of its number."""
    points = [point for _, line in series for point in line]
    if not points:
        return ""
    least_x, most_x = min(x for x, _ in points), max(x for x, _ in points)
    least_y, most_y = min(y for _, y in points), max(y for _, y in points)
    across = Scale(least_x, most_x, LEFT + 8, WIDTH - RIGHT - 8, logarithmic[0])
    bottom = 10 ** math.floor(math.log10(max(least_y, 1e-9))) if logarithmic[1] else 0
    up = Scale(bottom, most_y * 1.08, HEIGHT - BOTTOM, TOP + 8, logarithmic[1])
    ticks = [10.0 ** power for power in range(math.floor(up.low), math.floor(up.high) + 1)] if logarithmic[1] else steps(most_y)
    body = grid(up, ticks)
    for value in axis_values(least_x, most_x, sorted({x for x, _ in points}), logarithmic[0]):
        body += text(across.at(value), HEIGHT - BOTTOM + 16, (names or {}).get(value) or number(value))
    for which, (name, line) in enumerate(series):
        path = ""
        for place, (x, y) in enumerate(line):
            if stepped and place:
                path += f"L{across.at(x):.1f} {up.at(line[place - 1][1]):.1f} "
            path += f"{'L' if place else 'M'}{across.at(x):.1f} {up.at(y):.1f} "
        body += f'<path class="line" stroke="{COLOURS[which % len(COLOURS)]}" d="{path.strip()}"/>'
        for x, y in line if len(line) <= 16 else ():
            body += (f'<circle cx="{across.at(x):.1f}" cy="{up.at(y):.1f}" r="4" fill="{COLOURS[which % len(COLOURS)]}">'
                     f"<title>{html.escape(f'{name}: {number(x)}, {number(y)}')}</title></circle>")
    return frame(body + text((WIDTH + LEFT) / 2, HEIGHT - 6, below, kind="axis") + legend([name for name, _ in series]), label, title)


def axis_values(least, most, known, logarithmic):
    if len(known) <= 10:
        return known
    if logarithmic:
        return [10 ** power for power in range(math.ceil(math.log10(least)), math.floor(math.log10(most)) + 1)]
    return [value for value in steps(most) if value >= least]
