"""A snapshot of an agent leaves no member out: what a class says in `fields` is everything that it has.

Whoever adds a member and forgets it there would make replays differ, long after. References, siblings and callbacks are wiring: they are
made anew with the object.
"""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

# Members that are no state of their own, and why.
NOT_STATE = {
    ("ClusterAgent", "settings_"): "the segment's head has them",
    ("ClusterAgent", "authenticator_"): "the segment's head has the key's id",
    ("ClusterAgent", "observer_"): "who records",
    ("ClusterAgent", "verdict_"): "of the call that is under way",
    ("ClusterAgent", "traffic_"): "for people; nothing follows from it",
    ("DataplaneCommands", "authenticator_"): "points to the agent's",
    ("DataplaneCommands", "on_use_"): "a callback",
    ("DataplaneCommands", "on_ask_"): "a callback",
    ("Membership", "quorum_"): "has no state",
    ("Sender", "view_"): "wiring",
}
WIRING = re.compile(r"Sibling<|&\s*\w+_$")
MEMBER = re.compile(r"(\w+_)\s*(?:=.*|\{.*\})?$", re.S)


def private_part(body):
    return body.rpartition("\nprivate:\n")[2]


def classes_with_fields(text):
    """(name, members that are named in fields, members that are declared) of each class that says its fields."""
    for match in re.finditer(r"^class (\w+)[^;{]*\{\n(.*?)^\};", text, re.M | re.S):
        name, body = match.groups()
        said = re.search(r"static void fields\(Self& self, Each&& each\) \{(.*?)\n    \}", body, re.S)
        if not said:
            continue
        part = re.sub(r"//[^\n]*", "", private_part(body))
        part = re.sub(r"^    (?:struct|class) \w+ \{.*?^    \};", "", part, flags=re.M | re.S)
        part = re.sub(r"\)( const)? \{[^{}]*\}", ");", part)  # bodies of functions
        declared = []
        for statement in part.split(";"):
            found = MEMBER.search(statement.strip())
            head = statement.strip()[: found.start(1)] if found else ""
            whole = head + (found.group(1) if found else "")
            if found and "(" not in head and "=" not in head and "static" not in head and not WIRING.search(whole):
                declared.append(found.group(1))
        yield name, set(re.findall(r"self\.(\w+_)", said.group(1))), set(declared)


class Snapshots(unittest.TestCase):
    longMessage = False

    def sources(self):
        for folder in ("core/base", "core/cluster", "controlplane/agent", "controlplane/health"):
            for path in sorted((tree.ROOT / folder).glob("*.hpp")):
                yield path.relative_to(tree.ROOT), path.read_text()

    def test_no_member_is_left_out(self):
        wrong, seen = [], 0
        for path, text in self.sources():
            for name, said, declared in classes_with_fields(text):
                seen += 1
                missing = {member for member in declared - said if (name, member) not in NOT_STATE}
                wrong += [f"{path}: {name}::fields leaves out {member}" for member in sorted(missing)]
                wrong += [f"{path}: {name}::fields names {member}, which is none" for member in sorted(said - declared)]
        self.assertGreater(seen, 25, "the pattern finds the classes")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_forgotten_member_is_noticed(self):
        text = """class Lease {
public:
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.begun_);
    }

private:
    Sibling<const Self> self_;
    Instant begun_ = kLongAgo;
    std::map<int, Seen> seen_;  // more
};
"""
        self.assertEqual([("Lease", {"begun_"}, {"begun_", "seen_"})], list(classes_with_fields(text)))


if __name__ == "__main__":
    tap.main()
