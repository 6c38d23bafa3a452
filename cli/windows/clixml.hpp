// What PowerShell's Export-Clixml writes of the objects that Get-NlbCluster, -Node, -NodeDip, -Vip,
// -PortRule and -DriverInfo give, one file for any mixture of them. Objects of other kinds are
// passed over.
#pragma once

#include "cli/windows/reading.hpp"
#include "cli/windows/xml_tree.hpp"

namespace nlb::cli::windows {

// A reading for each node. Requires: `top` is <Objs>.
[[nodiscard]] std::vector<Reading> read_clixml(const XmlElement& top, const std::string& file,
                                               Mistakes& mistakes);

}  // namespace nlb::cli::windows
