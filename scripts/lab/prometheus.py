"""Reads the Prometheus text format, strictly: a line that is no sample, comment or blank is an error."""

import re

SAMPLE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9.eE+-]+|[Nn]a[Nn]|[+-]?Inf)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """{name: [(labels, value)]}"""
    samples = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("# HELP ") or line.startswith("# TYPE "):
            continue
        match = SAMPLE.match(line)
        if match is None:
            raise ValueError(f"line {number} is no sample: {line!r}")
        labels = dict(LABEL.findall(match.group(2) or ""))
        samples.setdefault(match.group(1), []).append((labels, float(match.group(3))))
    return samples


def total(samples, name, **labels):
    return sum(value for found, value in samples.get(name, []) if labels.items() <= found.items())
