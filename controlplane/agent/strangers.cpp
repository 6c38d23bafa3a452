#include "controlplane/agent/strangers.hpp"

#include "config/format.hpp"
#include "controlplane/agent/cause_words.hpp"

namespace nlb::controlplane {

std::optional<Sign> sign_of_refused(const Envelope& envelope, FrameFault fault,
                                    std::uint32_t cluster) {
    const bool unverifiable = fault == FrameFault::version || fault == FrameFault::other_version ||
                              fault == FrameFault::key || fault == FrameFault::tag;
    const auto header = read_unverified_header(envelope.body);
    if (!unverifiable || !header || header->cluster != cluster || !header->member)
        return std::nullopt;
    return Sign{.kind = Sign::Kind::unverifiable,
                .host = header->host,
                .mac = envelope.source,
                .key_id = header->key_id,
                .version = header->version,
                .vlan = envelope.vlan};
}

std::optional<Sign> sign_of_tagged(const Envelope& envelope, const FrameHeader& header) {
    if (header.state != MemberState::member) return std::nullopt;
    return Sign{.kind = Sign::Kind::other_vlan,
                .host = header.id,
                .mac = envelope.source,
                .key_id = header.key_id,
                .version = header.version,
                .vlan = envelope.vlan};
}

Sign sign_of_claim(const VirtualClaim& claim) {
    return Sign{.kind = claim.is_clusters ? Sign::Kind::serves_unheard : Sign::Kind::holds_address,
                .host = claim.host,
                .mac = claim.mac};
}

Fields fields_of(const Sign& sign, const FrameVersions& versions) {
    Fields fields{{"because", words_of(sign, versions)}};
    if (sign.mac != MacAddress{}) fields.emplace_back("mac", config::to_string(sign.mac));
    return fields;
}

bool Strangers::should_tell(const Sign& sign, Instant now) {
    const auto key = std::tuple{sign.kind, sign.host, sign.key_id, sign.mac};
    const auto told = told_.find(key);
    if (told != told_.end() && now - told->second < kTellEvery) return false;
    // Whoever makes keys and ids up shall fill no memory: what does not fit is counted only.
    if (told == told_.end() && told_.size() == kKeptMax) return false;
    told_[key] = now;
    return true;
}

}  // namespace nlb::controlplane
