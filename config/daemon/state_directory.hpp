// Where this host's files lie that must survive a reboot. The run directory does not: it is memory.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace nlb::daemon {

inline constexpr std::string_view kDefaultRunDirectory = "/run/nlb";
inline constexpr std::string_view kDefaultStateDirectory = "/var/lib/nlb";

// `configured` is `state_dir` of the configuration, `run_directory` that of the command line;
// either may be empty for none. A configured directory has a place for each host below it, because
// hosts of a lab share one file; who names a run directory and no state directory keeps all in that
// one.
[[nodiscard]] std::string state_directory_of(std::string_view configured,
                                             std::string_view run_directory, std::string_view host);

// Makes the directory and its parents (mode 0750) when it is missing. An error when it cannot be
// used: others could put names into it, or the file system refuses.
[[nodiscard]] Status make_state_directory(const std::string& path);

}  // namespace nlb::daemon
