// Which directories a daemon may keep its files in: none in which others could put names. Who could
// would decide which sockets are spoken to and which files are written.
#pragma once

#include <string>

namespace nlb::daemon {

// Empty when `path` is a directory, no link, of this user or of root, to which nobody else may
// write. Otherwise why not, with the remedy where there is one.
[[nodiscard]] std::string distrust(const std::string& path);

}  // namespace nlb::daemon
