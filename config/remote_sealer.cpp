#include "config/remote_sealer.hpp"

#include <sodium.h>

#include "core/base/assert.hpp"

namespace nlb::config {
namespace {

static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == sizeof(ClusterKey::bytes));
static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == sizeof(remote::Nonce));
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == remote::kSealBytes);

}  // namespace

Status prepare_sealing() {
    if (sodium_init() < 0) return Error{"libsodium found no source of random numbers"};
    return Done{};
}

RemoteSealer::RemoteSealer(const ClusterKey& key) {
    to_host_.bytes = derive_remote_key(key, RemoteWay::to_host);
    to_client_.bytes = derive_remote_key(key, RemoteWay::to_client);
    draw(cookie_.bytes);
}

void RemoteSealer::draw(std::span<Byte> into) const {
    randombytes_buf(into.data(), into.size());
}

const ClusterKey& RemoteSealer::key_of(remote::Way way) const {
    if (way == remote::Way::cookie) return cookie_;
    return way == remote::Way::to_host ? to_host_ : to_client_;
}

std::vector<Byte> RemoteSealer::seal(remote::Way way, const remote::Nonce& nonce,
                                     std::span<const Byte> with,
                                     std::span<const Byte> plain) const {
    std::vector<Byte> sealed(plain.size() + remote::kSealBytes);
    unsigned long long bytes = 0;
    const int result = crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed.data(), &bytes, plain.data(), plain.size(), with.data(), with.size(), nullptr,
        nonce.data(), key_of(way).bytes.data());
    NLB_ASSERT(result == 0 && bytes == sealed.size());
    return sealed;
}

std::optional<std::vector<Byte>> RemoteSealer::open(remote::Way way, const remote::Nonce& nonce,
                                                    std::span<const Byte> with,
                                                    std::span<const Byte> sealed) const {
    if (sealed.size() < remote::kSealBytes) return std::nullopt;
    std::vector<Byte> plain(sealed.size() - remote::kSealBytes);
    unsigned long long bytes = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), &bytes, nullptr, sealed.data(),
                                                   sealed.size(), with.data(), with.size(),
                                                   nonce.data(), key_of(way).bytes.data()) != 0)
        return std::nullopt;
    plain.resize(bytes);
    return plain;
}

}  // namespace nlb::config
