// What Windows prints and exports, with addresses of documentation; and what an operator does with
// the answer: fill it in.
#pragma once

#include <string>
#include <vector>

#include "cli/windows/import.hpp"

namespace nlb::cli::windows {

// `nlb params` of host WEB1, id 1, cluster 192.0.2.80: four rules, every parameter of the command.
[[nodiscard]] std::string params_text();
// `name` of params_text() with another value.
[[nodiscard]] std::string params_with(const std::string& name, const std::string& value);
// The same for a second host: WEB2, id 2, 192.0.2.12.
[[nodiscard]] std::string second_params_text();

// As regedit writes it: UTF-16, little end first, byte order mark, carriage returns.
[[nodiscard]] std::string in_utf16(const std::string& ascii);

// Requires: the import succeeds; otherwise a failure is told and what is returned is empty.
[[nodiscard]] Imported import_of(const std::vector<NamedBytes>& files);
// The sentences. Requires: the import fails.
[[nodiscard]] std::string mistakes_of(const std::vector<NamedBytes>& files);

// Every "TODO" replaced by a value of its key; the configuration that comes of it, which must be
// one.
[[nodiscard]] config::Config filled_in(std::string yaml);

[[nodiscard]] bool mentions(const std::vector<std::string>& sentences, const std::string& words);
[[nodiscard]] std::string replaced(std::string text, const std::string& what,
                                   const std::string& with);

}  // namespace nlb::cli::windows
