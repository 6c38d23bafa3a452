// testpmd's prompt, with the commands that a measurement needs. Unknown words get one sentence; the
// end of input quits.
#pragma once

#include <atomic>

#include "perf/session.hpp"

namespace nlb::perf {

// Returns the exit code.
int run_prompt(Session& session, const std::atomic<bool>& interrupted);

}  // namespace nlb::perf
