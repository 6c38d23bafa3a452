"""How the tree reads: formatted, no trailing blanks, a README in each folder, links that lead somewhere, words in full."""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

FORMATTER = "clang-format-14"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
# Words that this tree writes out, where it declares something of that name.
BANNED = ("cfg", "conf", "addr", "pkt", "pkts", "hdr", "msg", "cnt", "idx", "ctx", "tmp", "mgr", "cmd", "hb", "cp", "dp")
DECLARED = re.compile(rf"\b(?:auto|int|bool|char|[A-Za-z_:]+(?:<[^<>]*>)?)[&*]*\s+({'|'.join(BANNED)})\b\s*[;={{(,)]")


def anchors_of(text):
    """The names of a page's headings, as the usual renderers make them."""
    inside, found = False, set()
    for line in text.splitlines():
        inside ^= line.lstrip().startswith("```")
        heading = re.match(r"#+ +(.*?) *$", line)
        if heading and not inside:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


class Writing(unittest.TestCase):
    longMessage = False

    def fail_for(self, wrong):
        self.assertFalse(wrong, "\n".join(wrong))

    def test_no_line_ends_with_blanks_and_every_file_with_one_newline(self):
        wrong = []
        for file in tree.texts():
            text = tree.read(file)
            for number, line in enumerate(text.splitlines(), 1):
                if line != line.rstrip():
                    wrong.append(f"{file}:{number}: blanks at the end of the line")
            if text and (not text.endswith("\n") or text.endswith("\n\n")):
                wrong.append(f"{file}: expected exactly one newline at the end")
        self.fail_for(wrong)

    def test_clang_format_would_change_nothing(self):
        if shutil.which(FORMATTER) is None:
            self.skipTest(f"{FORMATTER} is not installed; run scripts/install")
        names = [str(tree.ROOT / file) for file in tree.sources()]
        done = subprocess.run([FORMATTER, "--dry-run", "--Werror", "--ferror-limit=1", *names], capture_output=True, text=True)
        places = [line for line in done.stderr.splitlines() if "error:" in line]
        self.fail_for([place.replace(f"{tree.ROOT}/", "") for place in places])

    def test_every_folder_has_a_readme(self):
        folders = {file.parts[0] for file in tree.files() if len(file.parts) > 1 and not file.parts[0].startswith(".")}
        folders |= {f"tests/{file.parts[1]}" for file in tree.files() if file.parts[0] == "tests" and len(file.parts) > 2}
        self.fail_for([f"{folder}: no README.md" for folder in sorted(folders) if not (tree.ROOT / folder / "README.md").is_file()])

    def test_links_lead_somewhere(self):
        wrong = []
        for file in tree.texts():
            if file.suffix != ".md":
                continue
            for target in LINK.findall(tree.read(file)):
                path, _, anchor = target.partition("#")
                if "://" in path:
                    continue
                there = (tree.ROOT / file.parent / path).resolve() if path else tree.ROOT / file
                if not there.exists():
                    wrong.append(f"{file}: the link to {target} leads nowhere")
                elif anchor and there.suffix == ".md" and anchor not in anchors_of(there.read_text()):
                    wrong.append(f"{file}: {target}: there is no such heading")
        self.fail_for(wrong)

    def test_every_source_opens_with_what_it_is(self):
        # A .cpp beside its header is introduced there.
        alone = [file for file in tree.sources() if file.suffix == ".hpp" or not (tree.ROOT / file.with_suffix(".hpp")).exists()]
        wrong = [f"{file}: expected the file to open with a comment" for file in alone if not tree.read(file).startswith("//")]
        for file in tree.pythons():
            text = tree.read(file)
            if text.strip() and not re.match(r"(#!.*\n)?(#.*\n)*(\"\"\"|#)", text):
                wrong.append(f"{file}: expected the file to open with a docstring")
        self.fail_for(wrong)

    def test_words_are_written_out(self):
        wrong = []
        for file in tree.sources():
            for number, line in enumerate(tree.code_of(tree.read(file)).splitlines(), 1):
                if match := DECLARED.search(line):
                    wrong.append(f"{file}:{number}: {match.group(1)} is short for something; write it out")
        self.fail_for(wrong)


if __name__ == "__main__":
    tap.main()
