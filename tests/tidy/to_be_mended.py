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
UNTESTED_EVENTS = {}


def compare(found, listed, what):
    """Sentences about what is found and not listed, and what is listed and not found."""
    wrong = [f"{place}: {what}" for place in sorted(map(str, set(found) - set(listed)))]
    gone = sorted(map(str, set(listed) - set(found)))
    return wrong + [f"{place}: mended; strike it from tests/tidy/to_be_mended.py" for place in gone]
