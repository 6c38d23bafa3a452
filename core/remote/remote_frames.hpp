// What a client and a host say to one another over remote control, as the payload of one UDP
// datagram each, and back. Everything but eight bytes of header is sealed (authenticated and
// encrypted) by a Sealer; no field is believed before its seal was right.
//
//   0 "NLBR"  4 version  5 type  6 two bytes of zero  8 nonce (24)  32 sealed fields, tag (16)
//
//   client -> host  hello      who asks, and which host is meant; padded, so that what it brings
//                              about is never larger than itself
//   host -> client  challenge  a cookie: good for one request, for a short time, from one address
//   client -> host  request    the cookie, and a line of the control socket
//   host -> client  answer     one numbered part of the line that answers it
//   client -> host  more       which parts are missing
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::remote {

// With the headers of IPv6 and UDP 1,280 bytes: what every path carries whole (RFC 8200 5).
inline constexpr std::size_t kDatagramBytesMax = 1232;
inline constexpr std::size_t kHelloBytes = 288;
inline constexpr std::size_t kNameBytesMax = 63;
inline constexpr std::size_t kRequestTextMax = 1024;
inline constexpr std::size_t kPartBytesMax = 1120;
inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;
inline constexpr std::size_t kPartsMax = (kAnswerBytesMax + kPartBytesMax - 1) / kPartBytesMax;
inline constexpr std::size_t kSealBytes = 16;

using Nonce = std::array<Byte, 24>;
// Drawn at random: names an exchange, or a life of a host's control plane.
using Token = std::array<Byte, 16>;
// Sealed by the host for itself; the client only carries it.
using Cookie = std::array<Byte, 64>;

// Each has a key of its own, so that nothing that one end said can be played to it.
enum class Way : std::uint8_t { to_host, to_client, cookie };

// XChaCha20-Poly1305 in the programs (config/remote_sealer.hpp).
class Sealer {
public:
    virtual ~Sealer() = default;
    virtual void draw(std::span<Byte> into) const = 0;
    // As long as `plain` and kSealBytes more. `with` is authenticated and not sent.
    [[nodiscard]] virtual std::vector<Byte> seal(Way way, const Nonce& nonce,
                                                 std::span<const Byte> with,
                                                 std::span<const Byte> plain) const = 0;
    // Nothing when the seal is wrong.
    [[nodiscard]] virtual std::optional<std::vector<Byte>> open(
        Way way, const Nonce& nonce, std::span<const Byte> with,
        std::span<const Byte> sealed) const = 0;
};

struct Hello {
    Token client{};
    std::string host;  // a name or a number; empty: whoever is reached
};
struct Challenge {
    Token client{};
    Token boot{};
    std::uint8_t hosts = 0;  // that the cluster's configuration names
    std::string host;
    std::string cluster;
    Cookie cookie{};
};
struct Request {
    Token client{};
    Token boot{};
    Cookie cookie{};
    std::string text;  // one line of the control socket
};
// `pending`: the request is carried out, its answer comes later. `unknown`: no such request came.
enum class AnswerState : std::uint8_t { part, pending, unknown };
struct Answer {
    Token client{};
    Token boot{};
    AnswerState state = AnswerState::part;
    std::uint16_t number = 0;  // from 0
    std::uint16_t count = 0;   // at least 1 of a part
    std::vector<Byte> part;
};
struct More {
    Token client{};
    Token boot{};
    std::uint32_t round = 0;             // grows with each of an exchange
    std::vector<std::uint16_t> missing;  // empty: all
};
using Frame = std::variant<Hello, Challenge, Request, Answer, More>;

enum class Fault : std::uint8_t {
    none,
    unsealed,   // no frame of this protocol, or not sealed with this key
    malformed,  // sealed, and its fields are impossible
};
struct Decoded {
    Fault fault = Fault::none;
    Frame frame;  // meaningful when fault is none
};

// At most kDatagramBytesMax. Requires: names, text, part and missing are within their bounds.
[[nodiscard]] std::vector<Byte> encode(const Frame& frame, const Sealer& sealer);
// `way`: to_host or to_client; a frame of the other direction is unsealed.
[[nodiscard]] Decoded decode(Way way, std::span<const Byte> bytes, const Sealer& sealer);

}  // namespace nlb::remote
