// May this machine run that program as root? Only where nobody but root can have put it there. It
// runs nothing.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace nlb::controlplane {

// The file behind `path`, without symbolic links: a regular file that may be executed, it and every
// directory on the way (also those behind links) owned by root and writable by nobody else. Else a
// sentence that names what stands in the way and the command that mends it. Requires: `path` begins
// with "/".
[[nodiscard]] Result<std::string> trusted_file(const std::string& path);

}  // namespace nlb::controlplane
