// Tables as bytes: what the control plane sends to the dataplane, and the file that `nlb tables`
// writes for `--tables`. Decoding trusts nothing: an index out of range would be read by every
// core. Thread: any; never a worker core.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

// Requires: assert_sound(tables) (core/tables/soundness.hpp); an error of decoding names what is
// not.
[[nodiscard]] std::vector<Byte> encode_tables(const Tables& tables);
[[nodiscard]] Result<Tables> decode_tables(std::span<const Byte> bytes);

// What `nlb-dataplane --tables FILE` runs on, one per cluster: fixed tables and the ports they
// belong to.
struct FixedTables {
    std::string cluster_name;
    std::string outside;  // DPDK device strings
    std::string inside;
    std::vector<std::uint16_t> lcores;
    std::uint32_t connections_max = 0;
    Tables tables{};
};
inline constexpr std::size_t kTablesFileBytesMax = 1U << 20;

// Requires: at most 8 clusters and 256 lcores each, texts of at most 4,096 bytes.
[[nodiscard]] std::vector<Byte> encode_tables_file(const std::vector<FixedTables>& clusters);
// `name` is the file's, for the error's sentence.
[[nodiscard]] Result<std::vector<FixedTables>> decode_tables_file(std::span<const Byte> bytes,
                                                                  const std::string& name);

}  // namespace nlb
