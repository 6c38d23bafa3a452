"""What breaks a rule today and is known: each entry with its reason. The list can only shrink.

A test that uses it fails for what is not listed, and fails as well for an entry that nothing breaks any more.
"""

# An include against the arrows of the rooms (test_rooms): (file, header) -> why it is still there.
INCLUDES = {}

# A document that is named and not in the tree (test_documents): (file, name) -> why it is still named.
DOCUMENTS = {}

# Markdown files with lines that are too wide (test_documents): file -> why.
WIDE = {}

# Rooms without a folder of unit tests (test_mirror): room -> why.
UNTESTED_ROOMS = {}

# Fields of config/schema.hpp that nothing reads (test_tables): STRUCT.FIELD -> why it may be written.
UNREAD_FIELDS = {}

# Guards of core/base/mutation.hpp that no test takes out (test_tables): name -> why.
UNCAUGHT_GUARDS = {}

# Events that nobody tells, or that no test names (test_tables): id -> why.
SILENT_EVENTS = {}
_BY_WHAT_IT_DOES = "tests look at what happens, not at the line: "
UNTESTED_EVENTS = {
    **dict.fromkeys(("asks_witnesses", "waits_to_begin", "begins_alone", "duplicate_cluster"),
                    _BY_WHAT_IT_DOES + "e2e/test_strangers, scripts/lab"),
    **dict.fromkeys(("clients_heard",), _BY_WHAT_IT_DOES + "sim/scripts/clients_not_heard.txt"),
    **dict.fromkeys(("inside_incomplete", "inside_complete", "inside_refused"), _BY_WHAT_IT_DOES + "e2e/test_inside"),
    **dict.fromkeys(("device_lost", "device_back", "port_lost", "port_back"),
                    _BY_WHAT_IT_DOES + "unit/dataplane/control/cluster_test, unit/controlplane/agent/port_watch_test, metal"),
    **dict.fromkeys(("worker_stuck", "worker_moves"), _BY_WHAT_IT_DOES + "unit/controlplane/agent"),
    "peer_gone": "a host that was stopped and then ended was not told of within 15 s in a lab; when it is told is to be found out",
    "connections_full": _BY_WHAT_IT_DOES + "e2e/test_synflood",
    "health_unknown": _BY_WHAT_IT_DOES + "unit/controlplane/health",
    "notify_lost": "nothing tests that a slow program costs events",
}


def compare(found, listed, what):
    """Sentences about what is found and not listed, and what is listed and not found."""
    wrong = [f"{place}: {what}" for place in sorted(map(str, set(found) - set(listed)))]
    gone = sorted(map(str, set(listed) - set(found)))
    return wrong + [f"{place}: mended; strike it from tests/tidy/to_be_mended.py" for place in gone]
