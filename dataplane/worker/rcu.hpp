// Read-copy-update between the main lcore, which alone replaces tables, and the workers, which
// alone read them (rte_rcu_qsbr). A worker holds no pointer across quiescent() or while it is
// offline; main frees only what a grace period has passed over.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <rte_rcu_qsbr.h>

namespace nlb::dataplane {

class Rcu {
public:
    // Requires: readers > 0.
    explicit Rcu(std::uint32_t readers);

    // Worker side, each with its own number below `readers`. Requires, for all but join(): joined.
    void join(std::uint32_t reader);
    void leave(std::uint32_t reader);
    void quiescent(std::uint32_t reader) { rte_rcu_qsbr_quiescent(state_.get(), reader); }
    // A reader that sleeps keeps nobody waiting; online() sees whatever was published meanwhile.
    void offline(std::uint32_t reader) { rte_rcu_qsbr_thread_offline(state_.get(), reader); }
    void online(std::uint32_t reader) { rte_rcu_qsbr_thread_online(state_.get(), reader); }

    // Main side: start after the new pointer is visible, free the old thing once over() says so.
    // Never blocks.
    [[nodiscard]] std::uint64_t start() { return rte_rcu_qsbr_start(state_.get()); }
    [[nodiscard]] bool over(std::uint64_t grace) {
        return rte_rcu_qsbr_check(state_.get(), grace, false) == 1;
    }

private:
    struct Free {
        void operator()(rte_rcu_qsbr* state) const { std::free(state); }
    };
    std::unique_ptr<rte_rcu_qsbr, Free> state_;
};

}  // namespace nlb::dataplane
