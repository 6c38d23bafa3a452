// A host that is read from is asked as soon as it has answered the hello; only who means one host
// and did not say which waits until all had time to answer.
#include "core/remote/remote_client.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace nlb::remote {

RemoteClient::RemoteClient(Instant now, Errand errand, const Sealer& sealer)
    : errand_(std::move(errand)), sealer_(sealer), began_(now), hello_at_(now) {
    NLB_ASSERT(errand_.text.size() <= kRequestTextMax && errand_.host.size() <= kNameBytesMax);
    sealer_.draw(client_);
}

void RemoteClient::on_datagram(Instant now, std::size_t from, std::span<const Byte> bytes) {
    const Decoded decoded = decode(Way::to_client, bytes, sealer_);
    if (decoded.fault != Fault::none) return;
    if (const auto* const challenge = std::get_if<Challenge>(&decoded.frame))
        on_challenge(now, from, *challenge);
    if (const auto* const answer = std::get_if<Answer>(&decoded.frame)) on_answer(now, *answer);
}

// Hellos are repeated, so a host may answer more than one.
void RemoteClient::on_challenge(Instant now, std::size_t from, const Challenge& challenge) {
    if (challenge.client != client_ || hosts_.size() >= kHostsMax) return;
    const bool known = std::any_of(hosts_.begin(), hosts_.end(), [&](const Host& host) {
        return host.challenge.boot == challenge.boot;
    });
    if (known || (errand_.wanted == Wanted::any && !hosts_.empty())) return;
    Host host;
    host.challenge = challenge;
    host.to = from < errand_.destinations ? from : 0;
    host.again_at = now;
    hosts_.push_back(std::move(host));
}

void RemoteClient::on_answer(Instant now, const Answer& answer) {
    const auto found = std::find_if(hosts_.begin(), hosts_.end(), [&](const Host& host) {
        return host.challenge.boot == answer.boot;
    });
    if (answer.client != client_ || found == hosts_.end() || found->whole) return;
    Host& host = *found;
    if (answer.state == AnswerState::unknown) {
        // The request was lost on its way; its cookie is still good.
        host.send_request = true;
        return;
    }
    if (answer.state == AnswerState::pending) return;
    if (host.parts.empty()) {
        host.parts.resize(answer.count);
        host.has.resize(answer.count);
        host.missing = answer.count;
    }
    if (answer.count != host.parts.size() || host.has[answer.number]) return;
    host.has[answer.number] = true;
    host.parts[answer.number] = answer.part;
    host.whole = --host.missing == 0;
    host.again_after = kAskAgain;
    host.again_at = now + (host.has.back() ? kOvertaken : host.again_after);
}

std::size_t RemoteClient::expected() const {
    if (errand_.wanted == Wanted::named || errand_.wanted == Wanted::any) return 1;
    if (errand_.destinations > 1) return errand_.destinations;
    std::size_t hosts = 1;
    for (const Host& host : hosts_) hosts = std::max<std::size_t>(hosts, host.challenge.hosts);
    return hosts;
}

bool RemoteClient::has_answered(std::size_t destination) const {
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [destination](const Host& host) { return host.to == destination; });
}

bool RemoteClient::only_doubtful_are_silent() const {
    if (errand_.destinations <= 1) return false;
    for (std::size_t to = 0; to < errand_.destinations; ++to)
        if (!has_answered(to) && std::find(errand_.doubtful.begin(), errand_.doubtful.end(), to) ==
                                     errand_.doubtful.end())
            return false;
    return true;
}

bool RemoteClient::gathered(Instant now) const {
    if (now - began_ >= kGatherDoubtful && only_doubtful_are_silent()) return true;
    if (hosts_.empty()) return false;
    return hosts_.size() >= expected() || now - began_ >= kGather;
}

void RemoteClient::say_hello(Instant now, std::vector<Send>& sends) {
    hello_at_ = now + hello_after_;
    hello_after_ = std::min(2 * hello_after_, kHelloEveryMost);
    const std::string& meant = errand_.wanted == Wanted::named ? errand_.host : std::string{};
    for (std::size_t to = 0; to < errand_.destinations; ++to)
        if (errand_.destinations == 1 || !has_answered(to))
            sends.push_back({to, encode(Hello{client_, meant}, sealer_)});
}

// The request first, then what is missing of its answer.
void RemoteClient::ask(Instant now, Host& host, std::vector<Send>& sends) {
    host.again_at = now + host.again_after;
    if (!host.asked || host.send_request) {
        host.send_request = false;
        host.asked = true;
        sends.push_back({host.to, encode(Request{client_, host.challenge.boot,
                                                 host.challenge.cookie, errand_.text},
                                         sealer_)});
        return;
    }
    host.again_after = std::min(2 * host.again_after, kAskAgainMost);
    More more{client_, host.challenge.boot, ++host.round, {}};
    for (std::size_t i = 0; i < host.has.size(); ++i)
        if (!host.has[i]) more.missing.push_back(static_cast<std::uint16_t>(i));
    sends.push_back({host.to, encode(more, sealer_)});
}

std::vector<RemoteClient::Send> RemoteClient::on_tick(Instant now) {
    std::vector<Send> sends;
    const bool all_here = gathered(now);
    if (!all_here && now >= hello_at_) say_hello(now, sends);
    if (errand_.wanted == Wanted::one) {
        ambiguous_ |= hosts_.size() > 1;
        if (!all_here || ambiguous_) return sends;
    }
    for (Host& host : hosts_)
        if (!host.whole && (now >= host.again_at || host.send_request)) ask(now, host, sends);
    return sends;
}

Instant RemoteClient::next_wake(Instant now) const {
    Instant wake = errand_.deadline;
    const bool gathers = !gathered(now);
    if (gathers) wake = std::min(wake, hello_at_);
    if (gathers && !errand_.doubtful.empty() && now < began_ + kGatherDoubtful)
        wake = std::min(wake, began_ + kGatherDoubtful);
    if (gathers && !hosts_.empty()) wake = std::min(wake, began_ + kGather);
    if (gathers && errand_.wanted == Wanted::one) return wake;
    for (const Host& host : hosts_)
        if (!host.whole) wake = std::min(wake, host.send_request ? now : host.again_at);
    return wake;
}

bool RemoteClient::done(Instant now) const {
    if (now >= errand_.deadline || ambiguous_) return true;
    return gathered(now) &&
           std::all_of(hosts_.begin(), hosts_.end(), [](const Host& host) { return host.whole; });
}

std::vector<RemoteClient::Reply> RemoteClient::replies() const {
    std::vector<Reply> replies;
    for (const Host& host : hosts_) {
        Reply reply{host.challenge.host, host.challenge.cluster, host.whole, {}};
        if (host.whole)
            for (const auto& part : host.parts) reply.text.append(part.begin(), part.end());
        replies.push_back(std::move(reply));
    }
    return replies;
}

}  // namespace nlb::remote
