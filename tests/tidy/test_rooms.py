"""Who may include whom inside core, dataplane and controlplane: a file knows only the rooms below its own.

It checks direct includes of this tree's own headers; what folders may include of one another is test_arrows'.
"""

import graphlib
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "tidy"):
    sys.path.insert(0, str(TESTS / folder))
import tap
import to_be_mended
import tree

TOP = ""  # the files that lie in the folder itself: core's door, the main functions
# folder -> room -> the rooms that it may include besides itself
ROOMS = {
    "core": {
        "base": set(),
        "tables": {"base"},
        "clients": {"base", "tables"},
        "packet": {"base", "tables"},
        "flow": {"base", "tables", "clients", "packet"},
        "fastpath": {"base", "tables", "clients", "packet", "flow"},
        TOP: {"base", "tables", "clients", "packet", "flow", "fastpath"},
        # What hosts say to one another and how they agree: it meets the packet path only in base and wire.
        "wire": {"base", "clients"},
        "cluster": {"base", "clients", "wire"},
        "ipc": {"base", "tables", "clients", "packet", "wire"},
        # Remote control's protocol: it knows neither packets nor clusters.
        "remote": {"base"},
    },
    "dataplane": {
        "startup": set(),
        "inside": {"startup"},
        "frames": {"startup"},
        "tap": {"startup", "frames"},
        "ports": {"startup", "frames", "tap"},
        "worker": {"startup", "frames", "ports"},
        "control": {"startup", "frames", "inside", "ports", "tap", "worker"},
        "probe": {"startup", "frames", "inside", "ports", "tap"},
        TOP: {"startup", "inside", "ports", "worker", "control", "probe"},
    },
    "controlplane": {
        "health": set(),
        "agent": {"health"},
        "flight": {"health", "agent"},
        "replay": {"health", "agent", "flight"},
        "api": {"health", "agent"},
        "manager": {"health", "agent", "api"},
        "loop": {"health", "agent", "flight", "api", "manager"},
        TOP: {"health", "agent", "api", "manager", "loop"},
    },
}


def room_of(path):
    parts = pathlib.Path(path).parts
    return parts[1] if len(parts) > 2 else TOP


def violations(files, includes_of=tree.includes):
    """(file, header) of each include of the file's own folder that its room may not have."""
    for file in files:
        rooms = ROOMS[file.parts[0]]
        for _, name, system in includes_of(file):
            if system or name.split("/")[0] != file.parts[0]:
                continue
            own, other = room_of(file), room_of(name)
            if own != other and other not in rooms.get(own, set()):
                yield str(file), name


class Rooms(unittest.TestCase):
    longMessage = False

    def test_a_file_includes_only_rooms_below_its_own(self):
        found = list(violations(tree.sources(*ROOMS)))
        wrong = to_be_mended.compare(found, to_be_mended.INCLUDES, "this include goes against the arrows")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_every_room_has_its_row(self):
        unknown = {str(file.parent) for file in tree.sources(*ROOMS) if room_of(file) not in ROOMS[file.parts[0]]}
        self.assertFalse(unknown, f"state what {', '.join(sorted(unknown))} may include, in {pathlib.Path(__file__).name}")

    def test_every_row_has_its_room(self):
        rooms = [(folder, room) for folder, rows in ROOMS.items() for room in rows]
        gone = [f"{folder}/{room}" for folder, room in rooms if not (tree.ROOT / folder / room).is_dir()]
        self.assertFalse(gone, f"there is no room {', '.join(gone)}")

    def test_the_arrows_have_no_cycle(self):
        for rows in ROOMS.values():
            graphlib.TopologicalSorter(rows).prepare()  # raises CycleError

    def test_packet_and_cluster_meet_only_in_base_and_wire(self):
        packet_side = {"packet", "flow", "fastpath", TOP}
        rows = ROOMS["core"]
        self.assertFalse(rows["cluster"] & (packet_side | {"tables"}))
        self.assertFalse(any("cluster" in rows[room] for room in packet_side))

    def test_an_include_against_the_arrows_is_noticed(self):
        def includes_of(file):
            return [(1, "core/flow/flow.hpp", False), (2, "core/base/types.hpp", False), (3, "vector", True)]

        file = pathlib.Path("core/packet/new.hpp")
        self.assertEqual([("core/packet/new.hpp", "core/flow/flow.hpp")], list(violations([file], includes_of)))


class ToBeMended(unittest.TestCase):
    def test_the_list_can_only_shrink(self):
        listed = {"old.hpp": "reason"}
        self.assertEqual([], to_be_mended.compare(["old.hpp"], listed, "bad"))
        self.assertEqual(["new.hpp: bad"], to_be_mended.compare(["old.hpp", "new.hpp"], listed, "bad"))
        self.assertEqual(1, len(to_be_mended.compare([], listed, "bad")))


if __name__ == "__main__":
    tap.main()
