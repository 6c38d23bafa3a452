"""Writes the page's files as one C++ source: the table that page_files.hpp promises."""

import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEAD = """#include "controlplane/manager/page_files.hpp"

namespace nlb::controlplane {
namespace {

constexpr PageFile kFiles[] = {
"""
TAIL = """};

}  // namespace

std::span<const PageFile> page_files() {
    return kFiles;
}

}  // namespace nlb::controlplane
"""
LINE = 2000  # bytes of one literal; compilers bound their length


def literal(data):
    """Octal escapes end by themselves after three digits, so that no digit behind one belongs to it."""
    parts = []
    for start in range(0, len(data), LINE):
        chunk = data[start : start + LINE]
        parts.append('"' + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in chunk) + '"')
    return "\n     ".join(parts) or '""'


def main(target, *sources):
    rows = []
    for source in sorted(map(pathlib.Path, sources), key=lambda one: one.name):
        data = source.read_bytes()
        tag = hashlib.sha256(data).hexdigest()[:16]
        head = f'"/{source.name}", "{TYPES[source.suffix]}", "\\"{tag}\\""'
        rows.append(f"    {{{head},\n     {{{literal(data)},\n      {len(data)}}}}},\n")
    pathlib.Path(target).write_text(HEAD + "".join(rows) + TAIL)


if __name__ == "__main__":
    main(*sys.argv[1:])
