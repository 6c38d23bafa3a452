// An agent's state between two calls, as bytes and back. With its settings, its boot and what it is
// told from then on it does bit for bit what it did. No key is in it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "controlplane/agent/cluster_agent.hpp"
#include "controlplane/flight/state_archive.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

[[nodiscard]] std::vector<Byte> snapshot_of(const ClusterAgent& agent);
// What an agent of those settings has to be restored to. Requires: `agent` is new, and made of the
// settings that the snapshot's agent had. An error: the bytes are none of this build's; the agent
// may not be used.
[[nodiscard]] Status restore(ClusterAgent& agent, std::span<const Byte> snapshot,
                             const StateReader::MakeKeys& make_keys);

[[nodiscard]] std::vector<Byte> encode_settings(const ClusterSettings& settings);
// Also checks what an agent takes for granted of them. Nothing: they are none.
[[nodiscard]] std::optional<ClusterSettings> decode_settings(std::span<const Byte> bytes);

// Another one when members came or went: such a build cannot read a recording.
[[nodiscard]] std::uint64_t snapshot_layout();

}  // namespace nlb::controlplane
