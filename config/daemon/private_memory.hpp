// What is in this process's memory stays there: keys are copied into more places than one could
// name.
#pragma once

namespace nlb::daemon {

// No core dump of this process is written, and no other user's program may look into it (Linux:
// PR_SET_DUMPABLE; root still may). Thread: main.
void keep_memory_private();

}  // namespace nlb::daemon
