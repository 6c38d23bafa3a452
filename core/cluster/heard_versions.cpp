#include "core/cluster/heard_versions.hpp"

#include <algorithm>

namespace nlb {

bool HeardVersions::note(const FrameVersions& spoken) {
    const Duration* const before = heard_.find(spoken);
    const bool is_news = before == nullptr || listening_->since(*before) > timing_->bury_after;
    heard_[spoken] = listening_->time();
    return is_news;
}

std::vector<std::uint8_t> HeardVersions::besides(std::uint8_t written,
                                                 const FrameVersions& own) const {
    std::vector<std::uint8_t> versions;
    for (const auto& [spoken, heard_at] : heard_.entries()) {
        const auto both = common(own, spoken);
        if (spoken.include(written) || !both || listening_->since(heard_at) > timing_->bury_after)
            continue;
        if (std::find(versions.begin(), versions.end(), both->newest) == versions.end())
            versions.push_back(both->newest);
    }
    return versions;
}

}  // namespace nlb
