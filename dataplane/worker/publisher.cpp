// Pointer swaps with release order; a lane says by which tables it judges. Workers that sleep are
// woken, so that nobody waits for the next frame.
#include "dataplane/worker/publisher.hpp"

#include <algorithm>
#include <map>
#include <rte_malloc.h>
#include <set>

#include "core/base/assert.hpp"
#include "core/tables/soundness.hpp"

namespace nlb::dataplane {
namespace {

// From tables it takes longer than from what has an index already.
template <class From>
IndexedTables* copy_to(int socket, const From& tables) {
    void* const memory =
        rte_malloc_socket("nlb tables", sizeof(IndexedTables), RTE_CACHE_LINE_SIZE, socket);
    return memory == nullptr ? nullptr : new (memory) IndexedTables(tables);
}

}  // namespace

Publisher::~Publisher() {
    for (const Retired& retired : retired_)
        for (IndexedTables* tables : retired.former) rte_free(tables);
}

bool Publisher::publish(const Published& what, const Tables& tables,
                        const std::vector<std::unique_ptr<Lane>>& lanes,
                        const std::function<int(const Lane&)>& socket_of) {
    assert_sound(tables);
    NLB_ASSERT(!lanes.empty());
    std::map<int, IndexedTables*> copies;
    const IndexedTables* made = nullptr;
    bool enough = true;
    for (const auto& lane : lanes) {
        IndexedTables*& copy = copies[socket_of(*lane)];
        if (copy == nullptr)
            copy = made == nullptr ? copy_to(socket_of(*lane), tables)
                                   : copy_to(socket_of(*lane), *made);
        if (made == nullptr) made = copy;
        enough &= copy != nullptr;
    }
    if (!enough) {
        for (const auto& [socket, copy] : copies) rte_free(copy);
        return false;
    }
    std::set<IndexedTables*> former;
    Retired retired{what, {}, {}};
    for (const auto& lane : lanes) {
        const IndexedTables* const fresh = copies[socket_of(*lane)];
        const IndexedTables* const old = lane->tables.exchange(fresh, std::memory_order_acq_rel);
        if (old != nullptr) former.insert(const_cast<IndexedTables*>(old));
        retired.awaited.emplace_back(lane.get(), fresh);
        if (lane->bell != nullptr) lane->bell->ring();
    }
    retired.former.assign(former.begin(), former.end());
    retired_.push_back(std::move(retired));
    return true;
}

// A lane may have gone on to a later publication at once.
bool Publisher::is_adopted(const Lane& lane, std::size_t since) const {
    const IndexedTables* const adopted = lane.in_use.adopted();
    for (std::size_t i = since; i < retired_.size(); ++i)
        for (const auto& [awaiting, tables] : retired_[i].awaited)
            if (awaiting == &lane && tables == adopted) return true;
    return false;
}

void Publisher::poll(const std::function<void(const Published&)>& done) {
    const auto front_is_over = [this] {
        return std::all_of(retired_.front().awaited.begin(), retired_.front().awaited.end(),
                           [this](const auto& awaited) { return is_adopted(*awaited.first, 0); });
    };
    while (!retired_.empty() && front_is_over()) {
        const Retired over = std::move(retired_.front());
        retired_.pop_front();
        for (IndexedTables* tables : over.former) rte_free(tables);
        done(over.what);
    }
}

void free_tables(const std::vector<std::unique_ptr<Lane>>& lanes) {
    std::set<IndexedTables*> held;
    for (const auto& lane : lanes)
        held.insert(const_cast<IndexedTables*>(lane->tables.exchange(nullptr)));
    held.erase(nullptr);
    for (IndexedTables* tables : held) rte_free(tables);
}

}  // namespace nlb::dataplane
