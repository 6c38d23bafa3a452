// The state lies in plain memory, not in EAL's, so that tests and sanitizers can run it without
// EAL.
#include "dataplane/worker/rcu.hpp"

#include "core/base/assert.hpp"

namespace nlb::dataplane {

Rcu::Rcu(std::uint32_t readers) {
    const std::size_t bytes = rte_rcu_qsbr_get_memsize(readers);
    const std::size_t lines = (bytes + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE;
    state_.reset(static_cast<rte_rcu_qsbr*>(
        std::aligned_alloc(RTE_CACHE_LINE_SIZE, lines * RTE_CACHE_LINE_SIZE)));
    NLB_ASSERT(state_ != nullptr && rte_rcu_qsbr_init(state_.get(), readers) == 0);
}

void Rcu::join(std::uint32_t reader) {
    NLB_ASSERT(rte_rcu_qsbr_thread_register(state_.get(), reader) == 0);
    online(reader);
}

void Rcu::leave(std::uint32_t reader) {
    offline(reader);
    NLB_ASSERT(rte_rcu_qsbr_thread_unregister(state_.get(), reader) == 0);
}

}  // namespace nlb::dataplane
