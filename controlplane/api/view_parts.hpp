// Words and numbers that several answers share.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

// Sixteen digits: a digest, or a mask of buckets with bucket 0 in the last bit. JSON's numbers do
// not hold 64 bits.
[[nodiscard]] std::string hexadecimal(std::uint64_t number);
// Empty for nobody, "id 9" for a host that the configuration does not name.
[[nodiscard]] std::string name_of_host(const config::Cluster& cluster, HostId id);
[[nodiscard]] nlohmann::json texts_of(const std::vector<config::Prefix>& all);

}  // namespace nlb::controlplane
