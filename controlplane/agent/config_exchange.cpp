// Lines come in parts, because a configuration may be longer than a frame. What is incomplete is
// never compared: half of a file would differ everywhere.
#include "controlplane/agent/config_exchange.hpp"

#include "core/base/assert.hpp"

namespace nlb::controlplane {

void ConfigExchange::hear(HostId from, const ConfigPart& part) {
    Lines& lines = heard_[from];
    if (lines.digest != part.digest || lines.parts.size() != part.parts)
        lines = {part.digest, {part.parts, std::nullopt}};
    NLB_ASSERT(part.part < lines.parts.size());
    lines.parts[part.part] = part.text;
}

std::optional<config::Difference> ConfigExchange::first_difference(
    HostId host, std::uint64_t digest, const config::CanonicalLines& mine) const {
    const auto known = heard_.find(host);
    if (known == heard_.end() || known->second.digest != digest) return std::nullopt;
    std::string text;
    for (const auto& part : known->second.parts) {
        if (!part) return std::nullopt;
        text += *part;
    }
    const auto all = config::differences(mine, config::lines_of(text));
    if (all.empty()) return std::nullopt;
    return all.front();
}

bool ConfigExchange::due(Instant now) {
    if (said_ != kLongAgo && now - said_ < kSayEvery) return false;
    said_ = now;
    return true;
}

}  // namespace nlb::controlplane
