// The cluster key: 32 random bytes in a file that only its owner may read, and the keys that are
// derived from it. The key itself authenticates nothing; each use has a key of its own, so that one
// that leaks tells nothing of the others.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::config {

// Wiped when it goes, copies too.
struct ClusterKey {
    std::array<Byte, 32> bytes{};
    ClusterKey() = default;
    ClusterKey(const ClusterKey&) = default;
    ClusterKey& operator=(const ClusterKey&) = default;
    ~ClusterKey();
};

// A regular file (or a link to one) of exactly 32 bytes that grants nothing to group or others;
// else what to do about it.
[[nodiscard]] Result<ClusterKey> read_key(const std::string& path);
// A new random key in a new file of mode 0600. When root writes it and this machine has the
// packages' user `nlb`, it belongs to that user. Never overwrites: a key that is lost stops the
// cluster.
[[nodiscard]] Status write_key(const std::string& path);

// One line of 20 to 200 printable characters without blanks, in a file that grants nothing to group
// or others: what a browser sends to be let in.
[[nodiscard]] Result<std::string> read_token(const std::string& path);

// BLAKE2b keyed with the cluster key, by use (libsodium's crypto_kdf). All hosts compute the same;
// tests pin the values.
[[nodiscard]] std::array<std::uint64_t, 4> derive_hash_key(const ClusterKey& key);
[[nodiscard]] std::array<Byte, 32> derive_heartbeat_key(const ClusterKey& key);
[[nodiscard]] std::array<std::uint64_t, 2> derive_seal_key(const ClusterKey& key);
// Of a key of remote control, for what goes to a host and what comes from it.
enum class RemoteWay : std::uint8_t { to_host, to_client };
[[nodiscard]] std::array<Byte, 32> derive_remote_key(const ClusterKey& key, RemoteWay way);
// Tells two keys apart in a frame; not a secret.
[[nodiscard]] std::uint16_t key_id(const ClusterKey& key);

}  // namespace nlb::config
