// Replaces the tables of a cluster's lanes, and frees the old ones when every lane has adopted
// newer ones (dataplane/worker/tables_in_use.hpp). It never waits: main polls it. Tables lie in the
// memory of the NUMA node whose workers read them, one copy per node, each with
// the index that is derived from them here (core/fastpath/tables_index.hpp). Thread: main.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/tables/tables.hpp"
#include "dataplane/worker/lane.hpp"

namespace nlb::dataplane {

class Publisher {
public:
    Publisher() = default;
    // Requires: no worker runs.
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    struct Published {
        std::uint16_t cluster;
        std::uint64_t token;
    };
    // False: no memory; the lanes keep what they have. `socket_of` gives a lane's NUMA node.
    // Requires: the tables are sound (core/tables/soundness.hpp); `lanes` are all lanes of that
    // cluster, not none.
    bool publish(const Published& what, const Tables& tables,
                 const std::vector<std::unique_ptr<Lane>>& lanes,
                 const std::function<int(const Lane&)>& socket_of);
    // Calls `done` for each publication, in order, that every lane has adopted: no worker uses the
    // former tables any more, and everything that was received before has been judged by them.
    void poll(const std::function<void(const Published&)>& done);
    // Publications that some lane has not adopted yet.
    [[nodiscard]] std::size_t pending() const { return retired_.size(); }

    // More than these at once, and main listens to its control plane no more until the first is
    // over.
    static constexpr std::size_t kPendingMost = 32;

private:
    struct Retired {
        Published what;
        std::vector<std::pair<const Lane*, const IndexedTables*>>
            awaited;  // by lane, what it has to adopt
        std::vector<IndexedTables*> former;
    };
    [[nodiscard]] bool is_adopted(const Lane& lane, std::size_t since) const;
    std::deque<Retired> retired_;
};

// What the lanes hold now. Requires: no worker runs.
void free_tables(const std::vector<std::unique_ptr<Lane>>& lanes);

}  // namespace nlb::dataplane
