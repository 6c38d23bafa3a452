// From YAML to the structs of the schema: which keys exist, their types and their limits. What a
// value must be in relation to others is validation's business (config/validate.hpp).
#pragma once

#include "config/cursor.hpp"
#include "config/schema.hpp"

namespace nlb::config {

// Whatever cannot be read keeps its default and is in the cursor's diagnostics.
[[nodiscard]] Config parse_config(const Cursor& top);

[[nodiscard]] Cluster parse_cluster(const Cursor& at);
[[nodiscard]] Host parse_host(const Cursor& at);
[[nodiscard]] PortRule parse_rule(const Cursor& at);
void parse_health(const Cursor& at, std::optional<Health>& into);
// A list of a file and its arguments.
[[nodiscard]] std::vector<std::string> parse_program(const Cursor& at);
// Every member stands at its index, also one that could not be read; validation asks the
// diagnostics which.
[[nodiscard]] std::vector<Prefix> parse_prefixes(const Cursor& at);
void parse_metrics(const Cursor& at, Metrics& into);
// `equal` or 0..100.
void parse_weight(const Cursor& at, std::uint8_t& into);
// A time-out of flows: whole seconds, because descriptors keep no finer time.
void parse_flow_time(const Cursor& at, Duration& into);
// The name of a cluster, host or rule: letters, digits, "-", "_"; hosts also "." as DNS names have
// them.
enum class NameKind : std::uint8_t { cluster, host, rule };
void parse_name(const Cursor& at, NameKind kind, std::string& into);

}  // namespace nlb::config
