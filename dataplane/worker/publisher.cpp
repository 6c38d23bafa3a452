// Pointer swaps with release order, then rte_rcu_qsbr's grace period.
#include "dataplane/worker/publisher.hpp"

#include <algorithm>
#include <map>
#include <rte_malloc.h>
#include <set>

#include "core/base/assert.hpp"
#include "core/tables/soundness.hpp"

namespace nlb::dataplane {
namespace {

Tables* copy_to(int socket, const Tables& tables) {
    void* const memory =
        rte_malloc_socket("nlb tables", sizeof(Tables), RTE_CACHE_LINE_SIZE, socket);
    return memory == nullptr ? nullptr : new (memory) Tables(tables);
}

}  // namespace

Publisher::~Publisher() {
    for (const Retired& retired : retired_)
        for (Tables* tables : retired.former) rte_free(tables);
}

bool Publisher::publish(const Published& what, const Tables& tables,
                        const std::vector<std::unique_ptr<Lane>>& lanes,
                        const std::function<int(const Lane&)>& socket_of) {
    assert_sound(tables);
    NLB_ASSERT(!lanes.empty());
    std::map<int, Tables*> copies;
    bool enough = true;
    for (const auto& lane : lanes) {
        Tables*& copy = copies[socket_of(*lane)];
        if (copy == nullptr) copy = copy_to(socket_of(*lane), tables);
        enough &= copy != nullptr;
    }
    if (!enough) {
        for (const auto& [socket, copy] : copies) rte_free(copy);
        return false;
    }
    std::set<Tables*> former;
    for (const auto& lane : lanes) {
        const Tables* const old =
            lane->tables.exchange(copies[socket_of(*lane)], std::memory_order_acq_rel);
        if (old != nullptr) former.insert(const_cast<Tables*>(old));
    }
    retired_.push_back({what, rcu_.start(), {former.begin(), former.end()}});
    return true;
}

void Publisher::poll(const std::function<void(const Published&)>& done) {
    while (!retired_.empty() && rcu_.over(retired_.front().grace)) {
        const Retired over = std::move(retired_.front());
        retired_.pop_front();
        for (Tables* tables : over.former) rte_free(tables);
        done(over.what);
    }
}

void free_tables(const std::vector<std::unique_ptr<Lane>>& lanes) {
    std::set<Tables*> held;
    for (const auto& lane : lanes) held.insert(const_cast<Tables*>(lane->tables.exchange(nullptr)));
    for (Tables* tables : held) rte_free(tables);
}

}  // namespace nlb::dataplane
