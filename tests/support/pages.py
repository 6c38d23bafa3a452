"""The blocks and commands of the documents: which of them a test runs, and whether what came is what the page shows.

A block that a test runs has `<!-- shown: WHERE -->` above it. In it a line `$ COMMAND` is followed by what the command prints; a block
without such lines holds commands alone. Figures are put aside, and so are lines that the page cuts with `...`.
"""

import dataclasses
import re

import tree

MARK = re.compile(r"^<!-- shown: (\w+) -->$")
FENCE = re.compile(r"^\s*```(\w*)$")
PROGRAMS = ("nlb", "nlb-dataplane", "nlb-controlplane", "nlb-replay", "nlb-perf")
SPAN = re.compile(r"`([^`\n]+)`")


@dataclasses.dataclass
class Block:
    page: str
    line: int  # of its fence
    language: str
    where: str  # of its mark; empty: no test runs it
    lines: list

    def steps(self):
        """Each command with the lines that are shown of its output."""
        prompted = any(line.startswith("$ ") for line in self.lines)
        found = []
        for line in self.lines:
            if line.startswith("$ ") or (not prompted and line.strip()):
                found.append((line.removeprefix("$ "), []))
            elif prompted and found:
                found[-1][1].append(line)
        return found


def pages():
    beside = ("README.md", "cli/README.md")
    return [file for file in tree.texts() if file.suffix == ".md" and (file.parts[0] == "docs" or str(file) in beside)]


def blocks(page):
    found, mark, inside = [], "", None
    for number, line in enumerate(tree.read(page).splitlines(), 1):
        fence = FENCE.match(line)
        if inside is not None:
            if fence:
                found.append(inside)
                inside = None
            else:
                inside.lines.append(line)
        elif fence:
            inside, mark = Block(str(page), number, fence[1], mark, []), ""
        else:
            said = MARK.match(line)
            mark = said[1] if said else ""
    return found


def without_remark(command):
    """A command of a page without what is said beside it."""
    return re.split(r"\s{2,}[#(]|\s+#\s", command)[0].strip()


def commands(page):
    """(line, command) of each of our programs that a page calls: in blocks, and in words between backticks."""
    inside = False
    for number, line in enumerate(tree.read(page).splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
            continue
        said = [line.strip().removeprefix("$ ")] if inside else [words.strip() for words in SPAN.findall(line)]
        for words in said:
            command = without_remark(words)
            if command.split(" ")[0] in PROGRAMS and " " in command:
                yield number, command


def shape(line):
    """A line with its figures put aside, and what is aligned by them."""
    line = re.sub(r"(?<![A-Za-z])\d[\d.,]*", "N", line)
    return re.sub(r"\s+", " ", line).strip()


def differences(shown, printed):
    """What a page shows and the program does not print, line by line."""
    wanted = [line for line in shown if line.strip()]
    have = [line for line in printed if line.strip()]
    wrong, at = [], 0
    for line in wanted:
        if line.strip() == "...":
            at = None
            continue
        cut = line.endswith("...")
        form = shape(line.removesuffix("..."))
        left = [(i, shape(one)) for i, one in enumerate(have) if at is None or i >= at]
        matches = [i for i, one in left if (one.startswith(form) if cut else one == form)]
        if not matches or (at is not None and matches[0] != at):
            wrong.append(f"shown:   {line}\n  printed: {have[at] if at is not None and at < len(have) else '(nothing like it)'}")
            at = at + 1 if at is not None else None
        else:
            at = matches[0] + 1
    if at is not None and at < len(have) and wanted and wanted[-1].strip() != "...":
        wrong.append(f"printed and not shown: {have[at]}")
    return wrong
