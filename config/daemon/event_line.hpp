// An event of the table as a line of the log: NLB's number first, then what it is about, then what
// to do where somebody has to.
#pragma once

#include "config/daemon/log.hpp"
#include "config/event_table.hpp"

namespace nlb::daemon {

using config::EventId;

// `event=N` before, `do=...` behind a warning or an error.
[[nodiscard]] Fields fields_of(EventId id, const Fields& about);
// Thread: any; see log().
void log_event(EventId id, const Fields& about = {});

}  // namespace nlb::daemon
