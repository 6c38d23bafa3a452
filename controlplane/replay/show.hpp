// A replay for people and for programs: the time line, and what came of it.
#pragma once

#include <iosfwd>
#include <string>

#include "controlplane/replay/findings.hpp"

namespace nlb::controlplane {

struct Shown {
    bool json = false;
    bool colour = false;
};

// True: everything is equal to the recordings, and the hosts never disagreed.
[[nodiscard]] bool is_clean(const History& history, const Findings& findings);
void show(std::ostream& out, const History& history, const Clocks& clocks, const Findings& findings,
          const Shown& how);

}  // namespace nlb::controlplane
