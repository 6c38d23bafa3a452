// libsodium's encodings; it neither sends nor writes anything.
#include "config/transfer.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>

#include "core/base/assert.hpp"

namespace nlb::config {
namespace {

constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;
constexpr std::size_t kDigestBytes = 16;
constexpr std::size_t kFileNameMax = 80;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), kVariant);
    text.pop_back();  // libsodium ends it with a zero
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    // libsodium compares characters as signed numbers, and takes some that are no ASCII.
    if (std::any_of(text.begin(), text.end(), [](char c) { return c < 0; })) return std::nullopt;
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t count = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &count, nullptr, kVariant) != 0)
        return std::nullopt;
    bytes.resize(count);
    return bytes;
}

std::string digest_of_bytes(std::string_view bytes) {
    std::array<unsigned char, kDigestBytes> digest{};
    const int result =
        crypto_generichash(digest.data(), digest.size(), bytes_of(bytes), bytes.size(), nullptr, 0);
    NLB_ASSERT(result == 0);
    std::array<char, 2 * kDigestBytes + 1> text{};
    sodium_bin2hex(text.data(), text.size(), digest.data(), digest.size());
    return text.data();
}

std::string new_key_bytes() {
    std::string bytes(32, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

bool is_plain_file_name(std::string_view name) {
    return !name.empty() && name.size() <= kFileNameMax && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
           });
}

}  // namespace nlb::config
