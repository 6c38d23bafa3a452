"""What a table of the tree lists is alive: it has who writes it, who reads it, and a test that names it.

Tables are read as text. A name that is found counts as used, so a common word may hide a dead entry; a rare one cannot. Keys are
compared with their documents in test_keys, reasons and worker counters in test_reasons, events with theirs in a unit test.
"""

import functools
import pathlib
import re
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "tidy"):
    sys.path.insert(0, str(TESTS / folder))
import tap
import to_be_mended
import tree

PRODUCT = ("core", "config", "dataplane", "controlplane", "cli")
# What reads a file into the schema, judges, compares and tells it: no reader of what it means.
LABELS = ("cluster", "host", "rule", "port", "device", "queue", "worker")
# Fields whose key has another name.
WRITTEN_AS = {"Host.inside_kernel": "kind: kernel"}
# Where what metrics show is only declared.
DECLARED_IN = ("metrics_table.cpp", "metrics_snapshot.hpp", "counters.hpp", "messages.hpp", "traffic.hpp")
OF_THE_FILE = re.compile(r"config/(schema|parse|validate|keys|digest|difference|diagnostics)\w*\.[ch]pp")


def text_of(name):
    return tree.read(pathlib.Path(name))


@functools.cache
def code(*folders, without=()):
    """All code of the folders, comments and literals blanked."""
    return "\n".join(tree.code_of(tree.read(file)) for file in tree.sources(*folders) if str(file) not in without)


@functools.cache
def tests_text(*folders):
    """All text of the tests in these folders of tests/, C++ and Python, as it stands."""
    files = [file for file in tree.texts() if file.parts[0] == "tests" and file.parts[1] in folders]
    return "\n".join(tree.read(file) for file in files)


def lacking(names, text, pattern=r"\bNAME\b"):
    return [name for name in names if not re.search(pattern.replace("NAME", re.escape(name)), text)]


def entries(header, macro):
    """First arguments of an X-macro's list."""
    text = text_of(header)
    body = text[text.index(f"#define {macro}"):]
    body = body[: re.search(r"[^\\]\n", body).end()]
    return re.findall(r"X\((\w+)", body[body.index("\n"):])


def members(header, struct):
    """Names of a struct's data members."""
    body = re.search(rf"\nstruct {struct} \{{\n(.*?)\n\}};", tree.code_of(text_of(header)), re.DOTALL).group(1)
    return re.findall(r"^    [\w:<>, ]+[ >](\w+)(?: =[^;]*|\{[^;]*\})?;", body, re.MULTILINE)


class Tables(unittest.TestCase):
    longMessage = False

    def assert_none(self, found, listed, what):
        wrong = to_be_mended.compare(found, listed, what)
        self.assertFalse(wrong, "\n".join(wrong))


class Keys(Tables):
    """config/schema.hpp: what the operator may write."""

    def setUp(self):
        header = text_of("config/schema.hpp")
        self.fields = [f"{struct}.{name}" for struct in re.findall(r"\nstruct (\w+) \{", header)
                       for name in members("config/schema.hpp", struct)]
        self.assertGreater(len(self.fields), 80)

    def test_each_is_used_for_more_than_being_read(self):
        files = [file for file in tree.sources(*PRODUCT) if not OF_THE_FILE.fullmatch(str(file))]
        used = "\n".join(tree.code_of(tree.read(file)) for file in files)
        dead = [field for field in self.fields if not re.search(rf"(?:\.|->){field.split('.')[1]}\b", used)]
        self.assert_none(dead, to_be_mended.UNREAD_FIELDS, "nothing but the parser and its checks reads this field")

    def test_each_is_in_a_unit_test(self):
        words = {field: WRITTEN_AS.get(field, field.split(".")[1]) for field in self.fields}
        dead = [field for field, word in words.items() if not re.search(rf"\b{word}\b", tests_text("unit", "e2e"))]
        self.assertFalse(dead, f"no test names: {', '.join(dead)}")

    def test_each_key_is_in_the_manual(self):
        listed = re.findall(r'^    \{"([\w.]+)", k(?:Agreed|Told|Own), k\w+,', text_of("config/keys.cpp"), re.MULTILINE)
        self.assertGreater(len(listed), 25)
        manual = text_of("docs/man/nlb.yaml.5")
        missing = [key for key in listed if not re.search(rf"^\.It Cm (?:[\w.]+\.)?{re.escape(key)}\b", manual, re.MULTILINE)]
        self.assertFalse(missing, f"docs/man/nlb.yaml.5 does not tell of: {', '.join(missing)}")


COMMAND_FILES = ("cli/command_line.cpp", "cli/command_table.cpp", "cli/arguments.cpp", "cli/windows/arguments.cpp")


class Commands(Tables):
    """The verbs and options of `nlb`, and the control socket's."""

    def setUp(self):
        table = "".join(text_of(f"cli/{name}.cpp") for name in ("command_line", "arguments", "command_table"))
        self.commands = re.findall(r'^    \{"(\w+)", "', table[table.index("kCommands[]"):], re.MULTILINE)
        self.options = {name: letter for letter, name in re.findall(r'"(?:-(\w),)?--([\w-]+)"', table)}
        self.assertGreater(len(self.commands), 20)
        self.assertGreater(len(self.options), 25)

    def test_each_command_is_in_the_manual(self):
        missing = lacking(self.commands, text_of("docs/man/nlb.1"), r"\.(?:It )?Cm [^\n]*\bNAME\b")
        self.assertFalse(missing, f"docs/man/nlb.1 does not tell of: {', '.join(missing)}")

    def test_each_command_is_tested(self):
        missing = lacking(self.commands, tests_text("unit", "e2e", "golden", "wireshark"), r'"NAME"')
        self.assertFalse(missing, f"no test runs: {', '.join(missing)}")

    def test_each_option_is_in_the_manual_and_tested(self):
        manual = lacking(self.options, text_of("docs/man/nlb.1"), r"Fl -NAME\b")
        self.assertFalse(manual, f"docs/man/nlb.1 does not tell of: {', '.join(manual)}")
        tests = tests_text("unit", "e2e", "golden", "oracle", "reports", "perf")
        untested = [name for name in lacking(self.options, tests, r"--NAME\b") if f'"-{self.options[name]}"' not in tests]
        self.assertFalse(untested, f"no test gives: {', '.join(untested)}")

    def test_each_field_of_the_options_is_written_and_read(self):
        fields = members("cli/options.hpp", "Options")
        self.assertGreater(len(fields), 30)
        written = "\n".join(tree.code_of(text_of(name)) for name in COMMAND_FILES)
        read = "\n".join(tree.code_of(tree.read(file)) for file in tree.sources("cli") if file.name not in ("options.hpp",))
        unread = [field for field in fields if len(re.findall(rf"options\.{field}\b|options_\.{field}\b", read)) < 2]
        unwritten = lacking(fields, written, r"options\.NAME\b")
        self.assertFalse(unread + unwritten, f"not read: {unread}; not written: {unwritten}")

    def test_each_verb_of_the_control_socket_is_documented_and_tested(self):
        table = re.search(r"kVerbs = \{(.*?)\}", text_of("controlplane/api/request.cpp"), re.DOTALL).group(1)
        verbs = re.findall(r'"(\w+)"', table)
        self.assertGreater(len(verbs), 10)
        page = text_of("docs/control-socket.md")
        undocumented = lacking(verbs, page[: page.index("## Answer")], r"`NAME`")
        untested = lacking(verbs, tests_text("unit", "e2e"), r'"NAME"|command\\":\\"NAME')
        self.assertFalse(undocumented + untested, f"not in docs/control-socket.md: {undocumented}; not tested: {untested}")


class Metrics(Tables):
    """controlplane/api/metrics_table.cpp: what Prometheus scrapes."""

    def setUp(self):
        table = text_of("controlplane/api/metrics_table.cpp")
        self.rows = re.findall(r'Metric\{"(\w+)",(.*?)\}(?:,|\};)\n', table, re.DOTALL)
        self.assertGreater(len(self.rows), 50)
        self.golden = text_of("tests/unit/controlplane/api/metrics.golden")

    def documented(self):
        """The rows that docs/metrics.md must have: labels are those of the text that a test holds."""
        for name, row in self.rows:
            kind = re.search(r"k(Counter|Gauge|Histogram)", row).group(1).lower()
            words = "".join(re.findall(r'"([^"]*)"', re.match(r'[^"]*((?:"[^"]*"\s*)+)', row).group(1)))
            samples = re.findall(rf"^{name}(?:_bucket|_sum|_count)?\{{(.*)\}} ", self.golden, re.MULTILINE)
            labels = {label for sample in samples for label in re.findall(r'(\w+)="', sample)} - {"le"}
            ordered = sorted(labels, key=lambda label: (LABELS.index(label) if label in LABELS else len(LABELS), label))
            yield f"| `{name}` | {kind} | {', '.join(ordered)} | {words} |"

    def test_each_has_somebody_who_writes_what_it_shows(self):
        dead = []
        for name, row in self.rows:
            for _, member in re.findall(r"&([\w:]+)::(\w+)", row):
                files = [file for file in tree.sources(*PRODUCT) if file.name not in DECLARED_IN]
                if not any(re.search(rf"\b{member}\b", tree.code_of(tree.read(file))) for file in files):
                    dead.append(f"{name} ({member})")
        self.assertFalse(dead, f"nobody writes: {', '.join(dead)}")

    def test_each_is_in_the_text_that_a_test_holds(self):
        missing = lacking([name for name, _ in self.rows], self.golden, r"(?m)^# TYPE NAME ")
        self.assertFalse(missing, f"metrics.golden lacks: {', '.join(missing)}")

    def test_the_page_is_the_table(self):
        rows = [line for line in text_of("docs/metrics.md").splitlines() if re.match(r"\| `(?:nlb|process)_", line)]
        wanted = list(self.documented())
        wrong = [f"docs/metrics.md lacks: {row}" for row in wanted if row not in rows]
        wrong += [f"docs/metrics.md has too much: {row}" for row in rows if row not in wanted]
        self.assertFalse(wrong, "\n".join(wrong))


class Events(Tables):
    """config/event_table.hpp: what the daemons log."""

    def setUp(self):
        table = text_of("config/event_table.hpp")
        self.macros = re.findall(r"#define (NLB_\w+_EVENTS)\(X\)", table)
        self.events = [name for macro in self.macros for name in entries("config/event_table.hpp", macro)]
        self.assertGreater(len(self.events), 80)

    def test_each_is_told_by_somebody(self):
        told = code(*PRODUCT, without=("config/event_table.hpp",))
        silent = lacking(self.events, told, r"\bEventId::NAME\b")
        words = "\n".join(tree.read(file) for file in tree.sources(*PRODUCT) if file.name != "event_table.hpp")
        silent = lacking(silent, words, r'"NAME"')  # by its name, where the table is out of reach
        self.assert_none(silent, to_be_mended.SILENT_EVENTS, "nobody tells this event")

    def test_each_is_named_by_a_test(self):
        tests = tests_text("unit", "e2e", "packages", "metal", "perf", "golden") + "".join(
            tree.read(file) for file in tree.texts() if file.parts[:2] == ("scripts", "lab"))
        names = dict(re.findall(r'X\((\w+),\s+"(\w+)"', text_of("config/event_table.hpp")))
        untested = [event for event in lacking(self.events, tests) if lacking([names[event]], tests)]
        self.assert_none(untested, to_be_mended.UNTESTED_EVENTS, "no test names this event")


class Mutations(Tables):
    """core/base/mutation.hpp: guards that the simulator must miss when they are taken out."""

    def setUp(self):
        text = text_of("core/base/mutation.hpp")
        self.names = dict(re.findall(r'X\((\w+),\s+"([\w-]+)"', text))
        self.names.pop("none")
        self.assertGreater(len(self.names), 30)

    def test_each_takes_out_a_guard(self):
        idle = lacking(self.names, code("core", "config", "dataplane", "controlplane", "tests"), r"\bMutation::NAME\b")
        self.assertFalse(idle, f"takes nothing out: {', '.join(idle)}")

    def test_each_is_caught_or_its_reason_is_told(self):
        build = text_of("tests/sim/meson.build")
        caught = set(re.findall(r"'([\w-]+)': \[", build[build.index("caught_mutations"):]))
        page = text_of("docs/protocol.md")
        section = page[page.index("## Guards that nothing notices"):]
        excused = set(re.findall(r"^\| `([\w-]+)` \|", section[: section.index("\n## ", 5)], re.MULTILINE))
        self.assertFalse(caught & excused, f"caught, and told not to be: {caught & excused}")
        unknown = (caught | excused) - set(self.names.values())
        self.assertFalse(unknown, f"no such guard: {unknown}")
        missing = sorted(set(self.names.values()) - caught - excused)
        self.assert_none(missing, to_be_mended.UNCAUGHT_GUARDS, "no test of tests/sim catches it, docs/protocol.md does not excuse it")


class Messages(Tables):
    """What crosses between processes, and what the simulator can do."""

    def test_each_message_has_a_sender_and_a_reader(self):
        text = text_of("core/ipc/messages.hpp")
        body = text[text.index("enum class MessageType"):]
        names = re.findall(r"^    (\w+) = \d+,", body[: body.index("};")], re.MULTILINE)
        self.assertGreater(len(names), 15)
        product = code(*PRODUCT)
        used = r"(?:ipc::)?MessageType::NAME\b"
        unread = lacking(names, product, rf"(?:case |[!=]= ){used}")
        unsent = lacking(names, re.sub(r"(?:case |[!=]= )(?:ipc::)?MessageType::\w+", "", product), used)
        self.assertFalse(unsent + unread, f"nobody sends: {unsent}; nobody reads: {unread}")

    def test_each_fault_and_verb_of_the_simulator_is_played(self):
        played = code("tests")
        faults = lacking(entries("tests/sim/settings.hpp", "NLB_SIM_FAULTS"), played, r"\bFault::NAME\b")
        verbs = lacking(entries("tests/sim/fault_event.hpp", "NLB_SIM_VERBS"), played, r"\bVerb::NAME\b")
        self.assertFalse(faults + verbs, f"nobody plays the faults {faults}, the verbs {verbs}")


if __name__ == "__main__":
    tap.main()
