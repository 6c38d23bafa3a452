// A memory of bounded size: what is put into a full one takes the place of what was put in first.
// For keys that strangers may choose, so that no number of them makes a host forget the newest.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace nlb {

// Look-ups are linear: it is for memories of a few hundred entries that are asked a few times a
// frame.
template <class Key, class Value, std::size_t kMax>
class RecentMap {
public:
    using Entry = std::pair<Key, Value>;

    [[nodiscard]] const Value* find(const Key& key) const {
        for (const Entry& entry : entries_)
            if (entry.first == key) return &entry.second;
        return nullptr;
    }
    [[nodiscard]] bool contains(const Key& key) const { return find(key) != nullptr; }
    // The value of `key`; a new one, as old as this call, when there was none.
    Value& operator[](const Key& key) {
        for (Entry& entry : entries_)
            if (entry.first == key) return entry.second;
        if (entries_.size() == kMax) entries_.erase(entries_.begin());
        return entries_.emplace_back(key, Value{}).second;
    }
    // False: it was there.
    bool insert(const Key& key) {
        if (contains(key)) return false;
        (*this)[key];
        return true;
    }
    void clear() { entries_.clear(); }
    // The oldest first.
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.entries_);
    }

private:
    std::vector<Entry> entries_;
};

struct Nothing {};
template <class Key, std::size_t kMax>
using RecentSet = RecentMap<Key, Nothing, kMax>;

}  // namespace nlb
