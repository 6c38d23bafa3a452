"""What breaks a rule today and is known: each entry with its reason. The list can only shrink.

A test that uses it fails for what is not listed, and fails as well for an entry that nothing breaks any more.
"""

# An include against the arrows of the rooms (test_rooms): (file, header) -> why it is still there.
INCLUDES = {
    ("controlplane/agent/cluster_agent.hpp", "controlplane/api/event_log.hpp"): "the agent writes events itself",
    ("controlplane/agent/cluster_agent.hpp", "controlplane/loop/state_file.hpp"): "the agent writes its file itself",
    ("controlplane/agent/cluster_agent_events.cpp", "controlplane/loop/clock.hpp"): "the agent reads a clock",
    ("controlplane/agent/convergence_statistics.cpp", "controlplane/loop/clock.hpp"): "the agent reads a clock",
    ("controlplane/api/metrics_snapshot.cpp", "controlplane/loop/clock.hpp"): "the clock is to move below api",
    ("controlplane/api/views.cpp", "controlplane/loop/clock.hpp"): "the clock is to move below api",
    ("core/cluster/igmp_member.cpp", "core/packet/checksum.hpp"): "IGMP frames are written by hand in cluster",
    ("core/cluster/igmp_member.cpp", "core/packet/headers.hpp"): "IGMP frames are written by hand in cluster",
    ("core/cluster/igmp_member.cpp", "core/packet/parse_network.hpp"): "IGMP frames are written by hand in cluster",
    ("core/packet/classify.cpp", "core/flow/sessions.hpp"): "packet asks flow for session protocols",
    ("core/packet/locate.cpp", "core/flow/track_decision.hpp"): "locate decides what is tracked",
    ("core/packet/parse_network.cpp", "core/flow/datagram_extent.hpp"): "the parser asks for a datagram's end",
    ("core/packet/parse_transport.cpp", "core/flow/sessions.hpp"): "packet asks flow for session protocols",
    ("core/packet/stages.hpp", "core/flow/flow.hpp"): "the stages of flow are declared beside those of packet",
    ("core/packet/stages.hpp", "core/flow/flow_index.hpp"): "the stages of flow are declared beside those of packet",
    ("core/tables/rule_lookup.hpp", "core/packet/headers.hpp"): "the look-up needs the numbers of protocols",
}

# A document that is named and not in the tree (test_documents): (file, name) -> why it is still named.
DOCUMENTS = {
    ("config/digest.hpp", "cluster.md"): "comment of before the rooms",
    ("core/cluster/bucket_assignment.hpp", "cluster.md"): "comment of before the rooms",
    ("core/cluster/timing.hpp", "cluster.md"): "comment of before the rooms",
    ("core/flow/flow.hpp", "product.md"): "comment of before the rooms",
    ("core/flow/sessions.cpp", "product.md"): "comment of before the rooms",
    ("core/flow/track.cpp", "product.md"): "comment of before the rooms",
    ("core/flow/track.hpp", "product.md"): "comment of before the rooms",
    ("core/flow/track_decision.hpp", "product.md"): "comment of before the rooms",
    ("core/ipc/messages.hpp", "cluster.md"): "comment of before the rooms",
    ("tests/unit/core/flow/track_test.cpp", "product.md"): "comment of before the rooms",
}

# Markdown files with lines that are too wide (test_documents): file -> why.
WIDE = {
    "README.md": "written before the bounds; becomes four doors",
    "cli/README.md": "written before the bounds",
    "config/README.md": "written before the bounds",
    "controlplane/README.md": "written before the bounds",
    "core/README.md": "written before the bounds",
    "dataplane/README.md": "written before the bounds",
    "docs/control-socket.md": "written before the bounds",
    "docs/protocol.md": "written before the bounds",
    "perf/README.md": "written before the bounds",
    "tests/sim/README.md": "written before the bounds",
}

# Rooms without a folder of unit tests (test_mirror): room -> why.
UNTESTED_ROOMS = {}


def compare(found, listed, what):
    """Sentences about what is found and not listed, and what is listed and not found."""
    wrong = [f"{place}: {what}" for place in sorted(map(str, set(found) - set(listed)))]
    gone = sorted(map(str, set(listed) - set(found)))
    return wrong + [f"{place}: mended; strike it from tests/tidy/to_be_mended.py" for place in gone]
