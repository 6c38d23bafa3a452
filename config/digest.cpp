// The canonical lines and their digest; see digest.hpp. A line that every host has makes hosts of
// two versions refuse each other.
#include "config/digest.hpp"

#include <algorithm>
#include <utility>

#include "config/format.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/wire/heartbeat_seal.hpp"

namespace nlb::config {
namespace {

using Lines = CanonicalLines;

const std::string* value_at(const Lines& lines, const std::string& path) {
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&path](const auto& one) { return one.first == path; });
    return line == lines.end() ? nullptr : &line->second;
}

// What the other host's file says there.
std::string word_of(const Lines& lines, const std::string& path) {
    const std::string* const value = value_at(lines, path);
    return value != nullptr ? *value : meant_by(lines, path).value_or("nothing");
}

// SipHash-2-4 under a public key: it tells texts apart, and the frames that carry it are
// authenticated.
std::uint64_t digest_of_text(std::string_view text) {
    constexpr SealKey kPublic{
        {0x6e6c622d636f6e66ULL, 0x69672d6c696e6573ULL}};  // "nlb-config-lines"
    return siphash(kPublic, {reinterpret_cast<const Byte*>(text.data()), text.size()});
}

}  // namespace

Lines canonical_lines(const Cluster& cluster) {
    return agreed_keys(cluster);
}

std::string fingerprint_of(const HashKey& hash_key) {
    std::string secret;
    for (const std::uint64_t word : hash_key) secret += std::to_string(word) + "\n";
    const std::uint64_t digest = digest_of_text(secret);
    std::string fingerprint(8, '0');
    for (std::size_t i = 0; i < fingerprint.size(); ++i)
        fingerprint[i] = "0123456789abcdef"[digest >> (4 * i) & 15U];
    return fingerprint;
}

CanonicalLines agreed_lines(const Cluster& cluster, const HashKey& hash_key) {
    return agreed_lines(cluster, fingerprint_of(hash_key));
}

CanonicalLines agreed_lines(const Cluster& cluster, const std::string& fingerprint) {
    CanonicalLines lines = canonical_lines(cluster);
    lines.emplace_back("key_file (fingerprint of the key)", fingerprint);
    lines.emplace_back("affinity hash (version of the program)",
                       std::to_string(kAffinityHashVersion));
    return lines;
}

CanonicalLines started_lines(const Cluster& cluster, const Host& host) {
    return host_keys(cluster, host, Takes::at_start);
}

CanonicalLines paired_lines(const Cluster& cluster, const Host& host) {
    CanonicalLines lines{{"host", host.name},
                         {"hosts[].id of " + host.name, std::to_string(host.id)},
                         {"address", to_string(cluster.address)},
                         {"mode", to_string(cluster.mode)},
                         {"vlan", std::to_string(cluster.vlan)}};
    for (auto& line : started_lines(cluster, host)) lines.push_back(std::move(line));
    return lines;
}

std::string text_of(const CanonicalLines& lines) {
    std::string text;
    for (const auto& line : lines) text += line.first + "=" + line.second + "\n";
    return text;
}

CanonicalLines lines_of(std::string_view text) {
    CanonicalLines lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos)
            lines.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
    return lines;
}

std::uint64_t digest_of(const CanonicalLines& lines) {
    const std::uint64_t digest = digest_of_text(text_of(lines));
    return digest == 0 ? 1 : digest;
}

std::vector<Difference> differences(const CanonicalLines& mine, const CanonicalLines& theirs) {
    std::vector<Difference> all;
    for (const auto& [path, value] : mine) {
        const std::string* other = value_at(theirs, path);
        if (other == nullptr || *other != value)
            all.push_back({path, value, word_of(theirs, path)});
    }
    for (const auto& [path, value] : theirs)
        if (value_at(mine, path) == nullptr) all.push_back({path, word_of(mine, path), value});
    return all;
}

}  // namespace nlb::config
