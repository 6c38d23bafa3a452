#include "config/daemon/private_memory.hpp"

#include <sys/prctl.h>

namespace nlb::daemon {

void keep_memory_private() {
    prctl(PR_SET_DUMPABLE, 0UL);
}

}  // namespace nlb::daemon
