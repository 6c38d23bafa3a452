// From the newest backwards, so that what is left out is the oldest.
#include "controlplane/api/event_history.hpp"

#include <algorithm>

namespace nlb::controlplane {

nlohmann::json EventHistory::last(std::size_t count, bool& cut) const {
    std::vector<nlohmann::json> newest_first;
    std::size_t bytes = 0;
    cut = false;
    for (auto line = lines_.rbegin(); line != lines_.rend() && newest_first.size() < count;
         ++line) {
        bytes += line->size();
        cut = bytes > kAnswerBytesMax;
        if (cut) break;
        auto event = nlohmann::json::parse(*line, nullptr, false);
        if (event.is_object()) newest_first.push_back(std::move(event));
    }
    std::reverse(newest_first.begin(), newest_first.end());
    return newest_first;
}

}  // namespace nlb::controlplane
