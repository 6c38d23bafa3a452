// A run whose faults are written down: a story that once broke a promise stays the same story
// however seeds draw. A line is "set NAME NUMBER" (what the run is like) or an event
// (fault_event.hpp); '#' begins a comment. A seed then draws only what chance does on the switch,
// in the shells and to clients.
#pragma once

#include <string>

#include "tests/sim/settings.hpp"

namespace nlb::sim {

// Reads choices.script_file into choices.scripted. False: `complaint` names the line and why.
[[nodiscard]] bool read_script(Choices& choices, std::string& complaint);
[[nodiscard]] std::string text_of(const Settings& settings);

}  // namespace nlb::sim
