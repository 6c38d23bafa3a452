"""The files of this tree as tests see them: sources by folder, without build directories and without git.

Text only; it knows C++ just well enough to blank out comments and strings.
"""

import functools
import hashlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("core", "config", "dataplane", "controlplane", "cli", "perf", "scripts", "tests")
TEXT_SUFFIXES = {".cpp", ".hpp", ".h", ".py", ".md", ".build", ".txt", ".yaml", ".lua", ".sh", ""}


@functools.cache
def files():
    """Every file of the tree, as paths relative to its root."""
    found = []
    pending = [ROOT]
    while pending:
        for entry in pending.pop().iterdir():
            name = entry.name
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if not name.startswith("build") and name not in (".git", "__pycache__", ".cache"):
                    pending.append(entry)
            elif not name.endswith(".pyc"):
                found.append(entry.relative_to(ROOT))
    return sorted(found)


def texts():
    return [file for file in files() if file.suffix in TEXT_SUFFIXES and is_text(file)]


@functools.cache
def is_text(file):
    return b"\0" not in (ROOT / file).read_bytes()[:4096]


def sources(*folders):
    """C++ files of the folders (of all when none is named)."""
    wanted = folders or FOLDERS
    return [file for file in files() if file.suffix in (".cpp", ".hpp") and file.parts[0] in wanted]


def headers():
    return [file for file in sources() if file.suffix == ".hpp"]


def is_python(file):
    return file.suffix == ".py" or (file.suffix == "" and read(file).startswith("#!") and "python" in read(file).split("\n", 1)[0])


def pythons():
    return [file for file in texts() if is_python(file)]


@functools.cache
def read(file):
    return (ROOT / file).read_text(errors="replace")


_NOISE = re.compile(
    r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"'  # raw strings
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"  # characters, but no digit separators
    r"|//[^\n]*|/\*.*?\*/",
    re.DOTALL,
)


def code_of(text):
    """C++ with comments and literals blanked; every line keeps its number."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    return _NOISE.sub(blank, text)


def includes(file):
    """(line number, name, is system) of each include of a C++ file."""
    for number, line in enumerate(read(file).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(2), match.group(1) == "<"


@functools.cache
def reach(file):
    """The file and every file of this tree that it includes, directly or not."""
    found, pending = set(), [file]
    while pending:
        current = pending.pop()
        if current in found:
            continue
        found.add(current)
        for _, name, system in includes(current):
            for candidate in (pathlib.Path(name), current.parent / name):
                if not system and (ROOT / candidate).is_file():
                    pending.append(candidate)
    return found


def fingerprint(file, salt):
    """Changes when the file, or one of this tree that it reaches, or the salt does."""
    digest = hashlib.sha256(salt.encode())
    for part in sorted(reach(file)):
        digest.update(str(part).encode() + b"\0" + read(part).encode() + b"\0")
    return digest.hexdigest()
