// A map from host ids to values in the order of ids, without allocation: what is made for every
// frame must cost little. At most one entry per host; it checks no id's range.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/types.hpp"

namespace nlb {

template <class Value>
class HostMap {
public:
    using Entry = std::pair<HostId, Value>;

    // The host's value, a new one if it has none.
    Value& operator[](HostId id) {
        if (count_ != 0 && entries_[count_ - 1].first < id) return append(id);
        Entry* const place = std::find_if(entries_.begin(), entries_.begin() + count_,
                                          [id](const Entry& entry) { return entry.first >= id; });
        if (place != entries_.begin() + count_ && place->first == id) return place->second;
        NLB_ASSERT(count_ < entries_.size());
        std::move_backward(place, entries_.begin() + count_, entries_.begin() + count_ + 1);
        ++count_;
        *place = Entry{id, Value{}};
        return place->second;
    }
    // end(): it has none.
    [[nodiscard]] const Entry* find(HostId id) const {
        return std::find_if(begin(), end(), [id](const Entry& entry) { return entry.first == id; });
    }
    [[nodiscard]] bool contains(HostId id) const { return find(id) != end(); }
    void clear() { count_ = 0; }
    [[nodiscard]] const Entry* begin() const { return entries_.data(); }
    [[nodiscard]] const Entry* end() const { return entries_.data() + count_; }
    [[nodiscard]] std::size_t size() const { return count_; }
    bool operator==(const HostMap& other) const {
        return std::equal(begin(), end(), other.begin(), other.end());
    }

private:
    Value& append(HostId id) {
        NLB_ASSERT(count_ < entries_.size());
        Entry& last = entries_[count_++];
        last = Entry{id, Value{}};
        return last.second;
    }

    std::array<Entry, kHostsMax> entries_{};
    std::size_t count_ = 0;
};

}  // namespace nlb
