// Whether two hosts hold the same configuration, as far as they must (R13 of docs/protocol.md), and
// where they first differ. config/keys.hpp says which keys count: those that can change who
// answers, or whether. What is one host's own is left out; weights and priorities travel in
// heartbeats; the generation is compared on its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/keys.hpp"
#include "config/schema.hpp"

namespace nlb::config {

// (path, value) in a fixed order: equal on two hosts exactly when they agree. Neither holds "=" nor
// a line break before its end.
using CanonicalLines = KeyLines;
[[nodiscard]] CanonicalLines canonical_lines(const Cluster& cluster);
// The same and a fingerprint of the key, which decides buckets too. It tells nothing about the key.
[[nodiscard]] CanonicalLines agreed_lines(const Cluster& cluster, const HashKey& hash_key);
[[nodiscard]] CanonicalLines agreed_lines(const Cluster& cluster, const std::string& fingerprint);
// Eight hexadecimal digits.
[[nodiscard]] std::string fingerprint_of(const HashKey& hash_key);

// What the programs of a host read when they start and no reload changes.
[[nodiscard]] CanonicalLines started_lines(const Cluster& cluster, const Host& host);
// What the two programs of one host must hold alike to work together on a cluster: started_lines
// and who this host is there. Values may hold "=" here.
[[nodiscard]] CanonicalLines paired_lines(const Cluster& cluster, const Host& host);

// "PATH=VALUE\n" for each, and back; lines without "=" are left out.
[[nodiscard]] std::string text_of(const CanonicalLines& lines);
[[nodiscard]] CanonicalLines lines_of(std::string_view text);

// SipHash-2-4 over the text, under a public key. Never 0.
[[nodiscard]] std::uint64_t digest_of(const CanonicalLines& lines);

struct Difference {
    std::string path;
    std::string mine;  // where there is no line: the key's default, or "nothing"
    std::string theirs;
    bool operator==(const Difference&) const = default;
};
// In the order of `mine`, then what only `theirs` has.
[[nodiscard]] std::vector<Difference> differences(const CanonicalLines& mine,
                                                  const CanonicalLines& theirs);

}  // namespace nlb::config
