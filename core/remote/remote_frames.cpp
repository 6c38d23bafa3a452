// One writer and one reader for each frame; the header is authenticated with what is sealed.
#include "core/remote/remote_frames.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/byte_stream.hpp"

namespace nlb::remote {
namespace {

constexpr std::uint32_t kMagic = 0x4e4c4252;  // "NLBR"
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kSealedAt = kHeaderBytes + sizeof(Nonce);

enum class Type : std::uint8_t { hello = 1, challenge, request, answer, more };

Way way_of(Type type) {
    return type == Type::challenge || type == Type::answer ? Way::to_client : Way::to_host;
}

void put_text(ByteWriter& out, const std::string& text) {
    out.run({reinterpret_cast<const Byte*>(text.data()), text.size()});
}
void put_name(ByteWriter& out, const std::string& name) {
    NLB_ASSERT(name.size() <= kNameBytesMax);
    out.u8(static_cast<std::uint8_t>(name.size()));
    put_text(out, name);
}

// A reader whose runs are copied out; a short one fails the whole frame.
class Fields {
public:
    explicit Fields(std::span<const Byte> bytes) : in_(bytes) {}
    template <std::size_t kSize>
    void run(std::array<Byte, kSize>& into) {
        for (Byte& byte : into) byte = in_.u8();
    }
    [[nodiscard]] std::string text(std::size_t bytes) {
        std::string text;
        if (bytes > in_.left()) in_.skip(bytes);
        for (std::size_t i = 0; i < bytes && in_.ok(); ++i) text += static_cast<char>(in_.u8());
        return text;
    }
    [[nodiscard]] std::string name() {
        const std::size_t bytes = in_.u8();
        bounded_ &= bytes <= kNameBytesMax;
        return bounded_ ? text(bytes) : std::string{};
    }
    void demand(bool holds) { bounded_ &= holds; }
    [[nodiscard]] bool bounded() const { return bounded_; }
    [[nodiscard]] ByteReader& in() { return in_; }
    [[nodiscard]] bool ok() const { return bounded_ && in_.ok(); }

private:
    ByteReader in_;
    bool bounded_ = true;
};

Type write(ByteWriter& out, const Hello& hello) {
    out.run(hello.client);
    put_name(out, hello.host);
    out.zeros(kHelloBytes - kSealedAt - kSealBytes - out.size());
    return Type::hello;
}
Type write(ByteWriter& out, const Challenge& challenge) {
    out.run(challenge.client);
    out.run(challenge.boot);
    out.u8(challenge.hosts);
    put_name(out, challenge.host);
    put_name(out, challenge.cluster);
    out.run(challenge.cookie);
    return Type::challenge;
}
Type write(ByteWriter& out, const Request& request) {
    NLB_ASSERT(request.text.size() <= kRequestTextMax);
    out.run(request.client);
    out.run(request.boot);
    out.run(request.cookie);
    out.u16(static_cast<std::uint16_t>(request.text.size()));
    put_text(out, request.text);
    return Type::request;
}
Type write(ByteWriter& out, const Answer& answer) {
    NLB_ASSERT(answer.part.size() <= kPartBytesMax && answer.count <= kPartsMax);
    out.run(answer.client);
    out.run(answer.boot);
    out.u8(static_cast<std::uint8_t>(answer.state));
    out.u16(answer.number);
    out.u16(answer.count);
    out.u16(static_cast<std::uint16_t>(answer.part.size()));
    out.run(answer.part);
    return Type::answer;
}
Type write(ByteWriter& out, const More& more) {
    NLB_ASSERT(more.missing.size() <= kPartsMax);
    out.run(more.client);
    out.run(more.boot);
    out.u32(more.round);
    out.u16(static_cast<std::uint16_t>(more.missing.size()));
    for (const std::uint16_t number : more.missing) out.u16(number);
    return Type::more;
}

Hello read_hello(Fields& fields) {
    Hello hello;
    fields.run(hello.client);
    hello.host = fields.name();
    return hello;
}
Challenge read_challenge(Fields& fields) {
    Challenge challenge;
    fields.run(challenge.client);
    fields.run(challenge.boot);
    challenge.hosts = fields.in().u8();
    fields.demand(challenge.hosts >= 1 && challenge.hosts <= kHostsMax);
    challenge.host = fields.name();
    challenge.cluster = fields.name();
    fields.run(challenge.cookie);
    return challenge;
}
Request read_request(Fields& fields) {
    Request request;
    fields.run(request.client);
    fields.run(request.boot);
    fields.run(request.cookie);
    const std::size_t bytes = fields.in().u16();
    fields.demand(bytes <= kRequestTextMax);
    if (fields.bounded()) request.text = fields.text(bytes);
    return request;
}
Answer read_answer(Fields& fields) {
    Answer answer;
    fields.run(answer.client);
    fields.run(answer.boot);
    const std::uint8_t state = fields.in().u8();
    fields.demand(state <= static_cast<std::uint8_t>(AnswerState::unknown));
    answer.state = static_cast<AnswerState>(state);
    answer.number = fields.in().u16();
    answer.count = fields.in().u16();
    const std::size_t bytes = fields.in().u16();
    fields.demand(bytes <= kPartBytesMax && answer.count <= kPartsMax);
    if (answer.state == AnswerState::part) fields.demand(answer.number < answer.count);
    if (!fields.bounded()) return answer;
    const std::string part = fields.text(bytes);
    answer.part.assign(part.begin(), part.end());
    return answer;
}
More read_more(Fields& fields) {
    More more;
    fields.run(more.client);
    fields.run(more.boot);
    more.round = fields.in().u32();
    const std::size_t count = fields.in().u16();
    fields.demand(count <= kPartsMax);
    for (std::size_t i = 0; fields.ok() && i < count; ++i)
        more.missing.push_back(fields.in().u16());
    return more;
}

std::optional<Frame> read(Type type, Fields& fields) {
    switch (type) {
        case Type::hello:
            return read_hello(fields);
        case Type::challenge:
            return read_challenge(fields);
        case Type::request:
            return read_request(fields);
        case Type::answer:
            return read_answer(fields);
        case Type::more:
            return read_more(fields);
    }
    return std::nullopt;
}

}  // namespace

std::vector<Byte> encode(const Frame& frame, const Sealer& sealer) {
    ByteWriter fields;
    const Type type = std::visit([&fields](const auto& one) { return write(fields, one); }, frame);
    ByteWriter out;
    out.u32(kMagic);
    out.u8(kVersion);
    out.u8(static_cast<std::uint8_t>(type));
    out.u16(0);
    Nonce nonce;
    sealer.draw(nonce);
    const std::vector<Byte> sealed = sealer.seal(way_of(type), nonce, out.bytes(), fields.bytes());
    out.run(nonce);
    out.run(sealed);
    NLB_ASSERT(out.size() <= kDatagramBytesMax);
    return out.take();
}

Decoded decode(Way way, std::span<const Byte> bytes, const Sealer& sealer) {
    ByteReader header(bytes);
    const bool ours = header.u32() == kMagic && header.u8() == kVersion;
    const std::uint8_t number = header.u8();
    const auto type = static_cast<Type>(number);
    const bool known = number >= static_cast<std::uint8_t>(Type::hello) &&
                       number <= static_cast<std::uint8_t>(Type::more);
    if (!ours || !known || way_of(type) != way || bytes.size() < kSealedAt + kSealBytes ||
        bytes.size() > kDatagramBytesMax)
        return {Fault::unsealed, {}};
    Nonce nonce;
    std::copy_n(bytes.begin() + kHeaderBytes, nonce.size(), nonce.begin());
    const auto plain = sealer.open(way, nonce, bytes.first(kHeaderBytes), bytes.subspan(kSealedAt));
    if (!plain) return {Fault::unsealed, {}};
    // A challenge must never be larger than what asked for it.
    if (type == Type::hello && bytes.size() != kHelloBytes) return {Fault::malformed, {}};
    Fields fields(*plain);
    auto frame = read(type, fields);
    if (!frame || !fields.ok()) return {Fault::malformed, {}};
    return {Fault::none, std::move(*frame)};
}

}  // namespace nlb::remote
