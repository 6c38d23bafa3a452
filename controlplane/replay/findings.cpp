#include "controlplane/replay/findings.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "core/base/rule_masks.hpp"

namespace nlb::controlplane {
namespace {

// A span in common time, widened or narrowed by nothing.
struct Held {
    std::int64_t from;
    std::int64_t until;
    const Span* span;
};

std::vector<Held> in_common_time(const History& history, const Clocks& clocks,
                                 const std::string& cluster) {
    std::vector<Held> held;
    for (const Span& span : history.spans)
        if (history.lives[span.life].cluster == cluster)
            held.push_back(
                {clocks.common(span.life, span.from), clocks.common(span.life, span.until), &span});
    std::sort(held.begin(), held.end(),
              [](const Held& a, const Held& b) { return a.from < b.from; });
    return held;
}

bool same_host(const History& history, std::size_t a, std::size_t b) {
    return history.lives[a].recorded_in == history.lives[b].recorded_in;
}

void find_two_owners(const History& history, const Clocks& clocks, const std::string& cluster,
                     Findings& found) {
    std::vector<Held> open;
    for (const Held& held : in_common_time(history, clocks, cluster)) {
        std::erase_if(open, [&](const Held& one) { return one.until <= held.from; });
        for (const Held& one : open) {
            if (same_host(history, one.span->life, held.span->life) ||
                one.span->config_digest != held.span->config_digest)
                continue;
            const std::int64_t error =
                clocks.of(one.span->life).error_ns + clocks.of(held.span->life).error_ns;
            const std::int64_t lasts = std::min(one.until, held.until) - held.from - error;
            const RuleMasks both = common(one.span->own, held.span->own);
            if (lasts <= 0 || !any(both)) continue;
            ++found.two_owners_count;
            if (found.two_owners && found.two_owners->at_ns <= held.from) continue;
            const auto slot = static_cast<std::size_t>(
                std::find_if(both.begin(), both.end(), [](BucketMask mask) { return mask != 0; }) -
                both.begin());
            found.two_owners = TwoOwners{held.from,       lasts, one.span->life,
                                         held.span->life, slot,  std::popcount(both[slot])};
        }
        open.push_back(held);
    }
}

void find_two_maps(const History& history, const Clocks& clocks, Findings& found) {
    using Name = std::tuple<std::string, Epoch, std::uint64_t>;
    std::map<Name, const EpochMap*> first;
    for (const EpochMap& map : history.maps) {
        const auto [known, fresh] = first.try_emplace(
            Name{history.lives[map.life].cluster, map.epoch, map.config_digest}, &map);
        const EpochMap& one = *known->second;
        if (fresh || one.digest == map.digest) continue;
        const std::int64_t at =
            std::max(clocks.common(one.life, one.at), clocks.common(map.life, map.at));
        if (!found.two_maps || at < found.two_maps->at_ns)
            found.two_maps = TwoMaps{at, one.life, map.life, map.epoch};
    }
}

// One sweep over all moments when something changed.
class OrphanSweep {
public:
    OrphanSweep(const History& history, const Clocks& clocks, const std::string& cluster,
                Findings& found)
        : history_(history), clocks_(clocks), cluster_(cluster), found_(found) {}

    void run() {
        std::vector<std::int64_t> moments;
        const std::vector<Held> held = in_common_time(history_, clocks_, cluster_);
        for (const Held& one : held) moments.insert(moments.end(), {one.from, one.until});
        std::vector<std::pair<std::int64_t, const EpochMap*>> maps;
        for (const EpochMap& map : history_.maps)
            if (history_.lives[map.life].cluster == cluster_)
                maps.emplace_back(clocks_.common(map.life, map.at), &map);
        std::sort(maps.begin(), maps.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second->epoch, a.first) < std::tie(b.second->epoch, b.first);
        });
        std::sort(moments.begin(), moments.end());
        moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
        const std::int64_t end = end_of_all();
        std::multiset<std::pair<std::int64_t, const Span*>> open;  // by their ends
        auto next = held.begin();
        for (const std::int64_t moment : moments) {
            if (moment >= end) break;
            while (!open.empty() && open.begin()->first <= moment) open.erase(open.begin());
            for (; next != held.end() && next->from <= moment; ++next)
                open.emplace(next->until, next->span);
            look(moment, open, maps);
        }
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) close(slot, end, true);
    }

private:
    struct Open {
        std::int64_t since = 0;
        int buckets = 0;
        std::size_t life = 0;
    };

    [[nodiscard]] std::int64_t end_of_all() const {
        std::map<std::string, std::int64_t> ends;
        for (std::size_t life = 0; life < history_.lives.size(); ++life)
            if (history_.lives[life].cluster == cluster_) {
                auto& end = ends[history_.lives[life].recorded_in];
                end = std::max(end, clocks_.common(life, history_.lives[life].last));
            }
        std::int64_t last = 0;
        for (const auto& [folder, end] : ends) last = std::max(last, end);
        return last;
    }

    // What a host does behind its recording nobody knows: that is no window, unless somebody else
    // is seen to take over.
    [[nodiscard]] bool is_end_of_some(std::int64_t moment) const {
        for (std::size_t life = 0; life < history_.lives.size(); ++life)
            if (history_.lives[life].cluster == cluster_ &&
                clocks_.common(life, history_.lives[life].last) == moment)
                return true;
        return false;
    }

    template <class Spans, class Maps>
    void look(std::int64_t moment, const Spans& open, const Maps& maps) {
        const EpochMap* map = nullptr;
        for (const auto& [at, one] : maps)
            if (at <= moment) map = one;
        if (map == nullptr) return;
        RuleMasks owned{};
        for (const auto& [until, span] : open)
            if (span->config_digest == map->config_digest) owned = joined(owned, span->own);
        const RuleMasks missing = without(map->meant, owned);
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
            const int count = std::popcount(missing[slot]);
            if (count == 0) {
                close(slot, moment, false);
                continue;
            }
            auto& window = open_[slot];
            if (!window) window = Open{moment, 0, map->life};
            window->buckets = std::max(window->buckets, count);
        }
    }

    void close(std::size_t slot, std::int64_t moment, bool is_open) {
        const auto window = std::exchange(open_[slot], std::nullopt);
        if (!window || moment <= window->since || (is_open && is_end_of_some(window->since)))
            return;
        found_.windows.push_back({cluster_, window->since, moment - window->since, slot,
                                  window->buckets, window->life, is_open});
    }

    const History& history_;
    const Clocks& clocks_;
    const std::string& cluster_;
    Findings& found_;
    std::array<std::optional<Open>, kRuleSlots> open_;
};

}  // namespace

Findings find_in(const History& history, const Clocks& clocks) {
    std::set<std::string> clusters;
    for (const Life& life : history.lives) clusters.insert(life.cluster);
    Findings found;
    find_two_maps(history, clocks, found);
    for (const std::string& cluster : clusters) {
        find_two_owners(history, clocks, cluster, found);
        OrphanSweep(history, clocks, cluster, found).run();
    }
    std::sort(found.windows.begin(), found.windows.end(),
              [](const auto& a, const auto& b) { return a.at_ns < b.at_ns; });
    return found;
}

}  // namespace nlb::controlplane
