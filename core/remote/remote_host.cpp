// Cookies are sealed with a key that lives as long as the program: the host remembers those that
// were used, not those that it gave.
#include "core/remote/remote_host.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/byte_stream.hpp"

namespace nlb::remote {
namespace {

constexpr std::array<std::string_view, kOutcomes> kOutcomeNames = {
    "challenged", "taken", "more",     "other_host", "unsealed",
    "malformed",  "stale", "replayed", "refused",    "busy"};

// What a cookie is bound to.
std::vector<Byte> bound_to(const Peer& peer) {
    ByteWriter out;
    out.run(peer.address.bytes);
    out.u16(peer.port);
    return out.take();
}

bool is_same_client(const Peer& one, const Peer& other) {
    return one.address == other.address && one.port == other.port;
}

bool is_meant(const Identity& self, const std::string& host) {
    return host.empty() || host == "all" || host == self.host || host == std::to_string(self.id);
}

std::uint16_t parts_of(const std::string& answer) {
    return static_cast<std::uint16_t>(
        std::max<std::size_t>(1, (answer.size() + kPartBytesMax - 1) / kPartBytesMax));
}

}  // namespace

std::string_view name_of(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

RemoteHost::RemoteHost(const Sealer& sealer, OutcomeCounts& counts)
    : sealer_(sealer), counts_(counts) {
    sealer_.draw(boot_);
}

RemoteHost::Wishes RemoteHost::on_datagram(Instant now, const Identity& self, const Peer& from,
                                           std::span<const Byte> bytes) {
    const Decoded decoded = decode(Way::to_host, bytes, sealer_);
    if (decoded.fault != Fault::none) {
        count(decoded.fault == Fault::unsealed ? Outcome::unsealed : Outcome::malformed);
        return {};
    }
    if (const auto* const hello = std::get_if<Hello>(&decoded.frame))
        return on_hello(now, self, from, *hello);
    if (const auto* const request = std::get_if<Request>(&decoded.frame))
        return on_request(now, from, *request);
    return on_more(now, from, std::get<More>(decoded.frame));
}

RemoteHost::Wishes RemoteHost::on_hello(Instant now, const Identity& self, const Peer& from,
                                        const Hello& hello) {
    if (!is_meant(self, hello.host)) {
        count(Outcome::other_host);
        return {};
    }
    count(Outcome::challenged);
    const Challenge challenge{hello.client, boot_,        self.hosts,
                              self.host,    self.cluster, bake(now, from, hello.client)};
    return {Send{from, encode(challenge, sealer_)}, std::nullopt};
}

RemoteHost::Wishes RemoteHost::on_request(Instant now, const Peer& from, const Request& request) {
    if (request.boot != boot_) {
        count(Outcome::other_host);
        return {};
    }
    const auto baked = baked_at(request.cookie, from, request.client);
    if (!baked || now - *baked > kCookieLife) {
        count(Outcome::stale);
        return {};
    }
    Nonce used;
    std::copy_n(request.cookie.begin(), used.size(), used.begin());
    if (used_.contains(used) || sessions_.contains(request.client)) {
        count(Outcome::replayed);
        return {};
    }
    if (!make_room(now)) {
        count(Outcome::busy);
        return {};
    }
    used_[used] = *baked + kCookieLife;
    sessions_[request.client].peer = from;
    count(Outcome::taken);
    return {std::nullopt, Run{request.client, from, request.text}};
}

RemoteHost::Wishes RemoteHost::on_more(Instant now, const Peer& from, const More& more) {
    if (more.boot != boot_) {
        count(Outcome::other_host);
        return {};
    }
    const auto found = sessions_.find(more.client);
    Answer short_answer{more.client, boot_, AnswerState::unknown, 0, 0, {}};
    if (found == sessions_.end()) {
        count(Outcome::more);
        return {answer(from, short_answer), std::nullopt};
    }
    Session& session = found->second;
    if (!is_same_client(session.peer, from)) {
        count(Outcome::stale);
        return {};
    }
    if (more.round <= session.round) {
        count(Outcome::replayed);
        return {};
    }
    session.round = more.round;
    session.peer = from;
    count(Outcome::more);
    short_answer.state = AnswerState::pending;
    if (!session.ready) return {answer(from, short_answer), std::nullopt};
    const std::uint16_t parts = parts_of(session.answer);
    std::vector<std::uint16_t> wanted = more.missing;
    if (wanted.empty())
        for (std::uint16_t i = 0; i < parts; ++i) wanted.push_back(i);
    for (const std::uint16_t number : wanted) {
        const bool waits =
            std::find(session.queue.begin(), session.queue.end(), number) != session.queue.end();
        if (number >= parts || waits || session.resends_left == 0) continue;
        --session.resends_left;
        session.queue.push_back(number);
    }
    if (!session.queue.empty()) next_parts_ = std::min(next_parts_, now);
    return {};
}

void RemoteHost::on_answer(Instant now, const Token& client, std::string text) {
    const auto found = sessions_.find(client);
    if (found == sessions_.end() || found->second.ready) return;
    NLB_ASSERT(text.size() <= kAnswerBytesMax);
    Session& session = found->second;
    session.answer = std::move(text);
    session.ready = true;
    session.kept_until = now + kAnswerKept;
    const std::uint16_t parts = parts_of(session.answer);
    session.resends_left = kResendsPerPart * parts;
    for (std::uint16_t i = 0; i < parts; ++i) session.queue.push_back(i);
    next_parts_ = std::min(next_parts_, now);
}

std::vector<RemoteHost::Send> RemoteHost::on_tick(Instant now) {
    std::vector<Send> sends;
    if (now < next_parts_) return sends;
    bool more = false;
    for (auto& [client, session] : sessions_) {
        const std::size_t count =
            std::min(session.queue.size(), kPartsAtOnce - std::min(kPartsAtOnce, sends.size()));
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint16_t number = session.queue[i];
            const std::size_t at = std::size_t{number} * kPartBytesMax;
            const auto part = std::string_view{session.answer}.substr(at, kPartBytesMax);
            sends.push_back(answer(session.peer, {client,
                                                  boot_,
                                                  AnswerState::part,
                                                  number,
                                                  parts_of(session.answer),
                                                  {part.begin(), part.end()}}));
        }
        session.queue.erase(session.queue.begin(),
                            session.queue.begin() + static_cast<std::ptrdiff_t>(count));
        more |= !session.queue.empty();
    }
    next_parts_ = more ? now + kPartsEvery : kForever;
    return sends;
}

Cookie RemoteHost::bake(Instant now, const Peer& from, const Token& client) const {
    Nonce nonce;
    sealer_.draw(nonce);
    ByteWriter fields;
    fields.u64(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    fields.run(client);
    const auto sealed = sealer_.seal(Way::cookie, nonce, bound_to(from), fields.bytes());
    Cookie cookie;
    NLB_ASSERT(nonce.size() + sealed.size() == cookie.size());
    std::copy(nonce.begin(), nonce.end(), cookie.begin());
    std::copy(sealed.begin(), sealed.end(), cookie.begin() + sizeof nonce);
    return cookie;
}

std::optional<Instant> RemoteHost::baked_at(const Cookie& cookie, const Peer& from,
                                            const Token& client) const {
    Nonce nonce;
    std::copy_n(cookie.begin(), nonce.size(), nonce.begin());
    const auto plain = sealer_.open(Way::cookie, nonce, bound_to(from),
                                    std::span<const Byte>{cookie}.subspan(sizeof nonce));
    if (!plain) return std::nullopt;
    ByteReader fields(*plain);
    const auto at = static_cast<std::int64_t>(fields.u64());
    const auto baked_for = fields.rest();
    if (!std::equal(baked_for.begin(), baked_for.end(), client.begin(), client.end()))
        return std::nullopt;
    return Instant{Duration{at}};
}

RemoteHost::Send RemoteHost::answer(const Peer& to, const Answer& answer) const {
    return {to, encode(answer, sealer_)};
}

// A finished session makes place for a new one; one whose answer is awaited does not.
bool RemoteHost::make_room(Instant now) {
    forget_old(now);
    if (used_.size() >= kUsedCookiesMax) return false;
    if (sessions_.size() < kSessionsMax) return true;
    const auto oldest = std::min_element(sessions_.begin(), sessions_.end(),
                                         [](const auto& one, const auto& other) {
                                             return one.second.kept_until < other.second.kept_until;
                                         });
    if (!oldest->second.ready) return false;
    sessions_.erase(oldest);
    return true;
}

void RemoteHost::forget_old(Instant now) {
    std::erase_if(sessions_, [now](const auto& one) { return one.second.kept_until < now; });
    std::erase_if(used_, [now](const auto& one) { return one.second < now; });
}

}  // namespace nlb::remote
