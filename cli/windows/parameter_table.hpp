// Every name by which Windows keeps or tells a setting of NLB, and what becomes of it here. It is
// the one list: interpretation, the table of what changes and docs/from-windows-nlb.md go by it
// (tests/tidy/test_from_windows.py holds the document equal).
#pragma once

#include <span>
#include <string_view>

namespace nlb::cli::windows {

enum class Fate {
    taken,     // its value goes into our key
    answered,  // something else here does it; the value goes nowhere
    refused,   // it has no counterpart, and why
    silent,    // it configures nothing
};

struct Parameter {
    std::string_view name;  // the registry's, or the first under which it was public
    Fate fate;
    std::string_view becomes;  // our key, or the sentence
};

[[nodiscard]] std::span<const Parameter> parameters();
[[nodiscard]] std::span<const Parameter> rule_parameters();

// Also under its other names (WMI, PowerShell, unattend.xml); nullptr: NLB has no such parameter.
[[nodiscard]] const Parameter* find_parameter(std::string_view name);
[[nodiscard]] const Parameter* find_rule_parameter(std::string_view name);

struct Alias {
    std::string_view other;
    std::string_view name;
};
[[nodiscard]] std::span<const Alias> aliases();

}  // namespace nlb::cli::windows
