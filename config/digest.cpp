// The canonical lines and their digest; see digest.hpp. Another line here makes hosts of two
// versions refuse each other.
#include "config/digest.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>

#include "core/base/assert.hpp"

namespace nlb::config {
namespace {

using Lines = CanonicalLines;

const std::string* value_at(const Lines& lines, const std::string& path) {
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&path](const auto& one) { return one.first == path; });
    return line == lines.end() ? nullptr : &line->second;
}

std::uint64_t digest_of_text(const std::string& text) {
    std::array<unsigned char, 32> hash{};
    const int result = crypto_generichash(hash.data(), hash.size(),
                                          reinterpret_cast<const unsigned char*>(text.data()),
                                          text.size(), nullptr, 0);
    NLB_ASSERT(result == 0);
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < sizeof digest; ++i) digest |= std::uint64_t{hash[i]} << (8 * i);
    return digest;
}

}  // namespace

Lines canonical_lines(const Cluster& cluster) {
    return agreed_keys(cluster);
}

CanonicalLines agreed_lines(const Cluster& cluster, const HashKey& hash_key) {
    CanonicalLines lines = canonical_lines(cluster);
    std::string secret;
    for (const std::uint64_t word : hash_key) secret += std::to_string(word) + "\n";
    const std::uint64_t digest = digest_of_text(secret);
    std::string fingerprint(8, '0');
    for (std::size_t i = 0; i < fingerprint.size(); ++i)
        fingerprint[i] = "0123456789abcdef"[digest >> (4 * i) & 15U];
    lines.emplace_back("key_file (fingerprint of the key)", fingerprint);
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
            all.push_back({path, value, other == nullptr ? "nothing" : *other});
    }
    for (const auto& [path, value] : theirs)
        if (value_at(mine, path) == nullptr) all.push_back({path, "nothing", value});
    return all;
}

}  // namespace nlb::config
