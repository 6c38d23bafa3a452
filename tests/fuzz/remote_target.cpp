// Frames of remote control, from whoever holds the key: datagrams in any order into a host and into
// a client. Promises: what decodes is encoded to the same fields again; a request runs once at most
// for each cookie; before a cookie has come back the host sends no more than it received; what the
// client puts together is no longer than an answer may be.
//
// An input: records of { to, pause (milliseconds), length (two bytes), datagram }. `to`: 0 the
// host, 1 the client; with bit 1 the host's newest cookie and boot are put where a request or a
// question for more has them, with bit 2 the host's requests are answered.
#include <set>
#include <utility>

#include "core/remote/remote_client.hpp"
#include "core/remote/remote_host.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace nlb::fuzz {
namespace {

using namespace nlb::remote;

constexpr std::size_t kRecordsMax = 24;
constexpr std::uint8_t kToClient = 1;
constexpr std::uint8_t kCredible = 2;
constexpr std::uint8_t kAnswers = 4;
constexpr std::size_t kFieldsAt = 32;  // behind header and nonce
constexpr std::size_t kBootAt = kFieldsAt + sizeof(Token);
constexpr std::size_t kCookieAt = kBootAt + sizeof(Token);

// Nothing is hidden and every seal is right, so the mutator reaches the fields. Only a cookie is
// no sealer's work but the host's own: no more of them open than the host has sealed.
class OpenSealer final : public Sealer {
public:
    void draw(std::span<Byte> into) const override {
        for (Byte& byte : into) byte = static_cast<Byte>(++drawn_);
    }
    std::vector<Byte> seal(Way way, const Nonce& nonce, std::span<const Byte>,
                           std::span<const Byte> plain) const override {
        std::vector<Byte> sealed(plain.begin(), plain.end());
        sealed.resize(plain.size() + kSealBytes);
        if (way == Way::cookie) cookies_.emplace(nonce, sealed);
        return sealed;
    }
    std::optional<std::vector<Byte>> open(Way way, const Nonce& nonce, std::span<const Byte>,
                                          std::span<const Byte> sealed) const override {
        if (sealed.size() < kSealBytes) return std::nullopt;
        if (way == Way::cookie && !cookies_.contains({nonce, {sealed.begin(), sealed.end()}}))
            return std::nullopt;
        return std::vector<Byte>(sealed.begin(), sealed.end() - kSealBytes);
    }

private:
    mutable std::uint32_t drawn_ = 0;
    mutable std::set<std::pair<Nonce, std::vector<Byte>>> cookies_;
};

void require_round_trip(Way way, std::span<const Byte> bytes, const Sealer& sealer) {
    const Decoded decoded = decode(way, bytes, sealer);
    if (decoded.fault != Fault::none) return;
    const auto again = encode(decoded.frame, sealer);
    const Decoded second = decode(way, again, sealer);
    require(second.fault == Fault::none, "what was written is read");
    const auto third = encode(second.frame, sealer);
    require(
        std::equal(again.begin() + kFieldsAt, again.end(), third.begin() + kFieldsAt, third.end()),
        "the fields are the same");
}

struct Scene {
    OpenSealer sealer;
    OutcomeCounts counts{};
    RemoteHost host{sealer, counts};
    RemoteClient client{
        Instant{}, {Wanted::all, "", "text", 1, Instant{std::chrono::minutes{1}}}, sealer};
    Instant now{};
    std::uint64_t runs = 0;
    std::uint64_t challenges = 0;
    std::optional<Challenge> newest;

    void to_host(std::vector<Byte> bytes, std::uint8_t how) {
        if ((how & kCredible) != 0 && newest && bytes.size() >= kCookieAt + sizeof(Cookie)) {
            std::copy(newest->client.begin(), newest->client.end(), bytes.begin() + kFieldsAt);
            std::copy(newest->boot.begin(), newest->boot.end(), bytes.begin() + kBootAt);
            if (bytes[5] == 3)
                std::copy(newest->cookie.begin(), newest->cookie.end(), bytes.begin() + kCookieAt);
        }
        require_round_trip(Way::to_host, bytes, sealer);
        const auto wishes = host.on_datagram(now, {"edge1", 1, "web", 3}, {}, bytes);
        if (wishes.send) {
            require(wishes.send->bytes.size() <= 3 * bytes.size() + kSealBytes, "no amplification");
            const Decoded said = decode(Way::to_client, wishes.send->bytes, sealer);
            require(said.fault == Fault::none, "the host says what can be read");
            if (const auto* const challenge = std::get_if<Challenge>(&said.frame)) {
                ++challenges;
                newest = *challenge;
            }
        }
        if (!wishes.run) return;
        require(++runs <= challenges, "a request runs once for each cookie");
        if ((how & kAnswers) != 0)
            host.on_answer(now, wishes.run->client, std::string(bytes.size() * 97, 'a'));
    }

    void to_client(std::span<const Byte> bytes) {
        require_round_trip(Way::to_client, bytes, sealer);
        client.on_datagram(now, 0, bytes);
    }

    void pass() {
        require(host.on_tick(now).size() <= RemoteHost::kPartsAtOnce,
                "parts leave a few at a time");
        for (const auto& one : client.on_tick(now))
            require(one.bytes.size() <= kDatagramBytesMax, "a datagram's bound");
        for (const auto& reply : client.replies())
            require(reply.text.size() <= kPartsMax * kPartBytesMax, "an answer's bound");
    }
};

}  // namespace
}  // namespace nlb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb::fuzz;
    Choices input({data, size});
    Scene scene;
    for (std::size_t i = 0; i < kRecordsMax && !input.empty(); ++i) {
        const std::uint8_t how = input.u8();
        scene.now += std::chrono::milliseconds{input.u8() * 50};
        const auto bytes = input.take(input.u16());
        if ((how & kToClient) != 0)
            scene.to_client(bytes);
        else
            scene.to_host({bytes.begin(), bytes.end()}, how);
        scene.pass();
    }
    return 0;
}
