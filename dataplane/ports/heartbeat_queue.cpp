// rte_flow: one pattern, one action.
#include "dataplane/ports/heartbeat_queue.hpp"

#include <array>
#include <cerrno>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <string>
#include <vector>

#include "core/base/assert.hpp"
#include "core/packet/headers.hpp"

namespace nlb::dataplane {
namespace {

struct Rule {
    explicit Rule(std::uint16_t to) : queue{to} {
        ethernet.type = mask.type = 0;
        ethernet.type = rte_cpu_to_be_16(kEthertypeHeartbeat);
        mask.type = 0xffff;
        attributes.ingress = 1;
    }
    rte_flow_attr attributes{};
    rte_flow_item_eth ethernet{};
    rte_flow_item_eth mask{};
    rte_flow_action_queue queue;
    std::array<rte_flow_item, 2> pattern{{{RTE_FLOW_ITEM_TYPE_ETH, &ethernet, nullptr, &mask},
                                          {RTE_FLOW_ITEM_TYPE_END, nullptr, nullptr, nullptr}}};
    std::array<rte_flow_action, 2> actions{
        {{RTE_FLOW_ACTION_TYPE_QUEUE, &queue}, {RTE_FLOW_ACTION_TYPE_END, nullptr}}};
    Rule(const Rule&) = delete;
    Rule& operator=(const Rule&) = delete;
};

Error refused(const char* what, int error, const char* said) {
    return Error{std::string{what} + ": " +
                 (said != nullptr ? said : rte_strerror(error < 0 ? -error : error))};
}

// Of an adapter that spreads flows: over the first `queues` alone.
Status spread_before(std::uint16_t port, std::uint16_t queues) {
    rte_eth_dev_info info{};
    if (const int error = rte_eth_dev_info_get(port, &info); error != 0)
        return refused("no information", error, nullptr);
    if (queues <= 1 && info.reta_size == 0) return Done{};
    std::vector<rte_eth_rss_reta_entry64> table((info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                                RTE_ETH_RETA_GROUP_SIZE);
    for (std::uint16_t i = 0; i < info.reta_size; ++i) {
        table[i / RTE_ETH_RETA_GROUP_SIZE].mask |= std::uint64_t{1}
                                                   << (i % RTE_ETH_RETA_GROUP_SIZE);
        table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
            static_cast<std::uint16_t>(i % queues);
    }
    const int error = rte_eth_dev_rss_reta_update(port, table.data(), info.reta_size);
    // One queue of clients: without spreading there is nothing to keep away.
    if (error == 0 || queues == 1) return Done{};
    return refused("its table of queues cannot be set", error, nullptr);
}

}  // namespace

bool knows_flow_rules(std::uint16_t port) {
    const Rule rule(0);
    rte_flow_error said{};
    return rte_flow_validate(port, &rule.attributes, rule.pattern.data(), rule.actions.data(),
                             &said) != -ENOSYS;
}

Status give_heartbeats_queue(std::uint16_t port, std::uint16_t queue) {
    NLB_ASSERT(queue >= 1);
    if (auto spread = spread_before(port, queue); !spread) return spread;
    const Rule rule(queue);
    rte_flow_error said{};
    if (rte_flow_create(port, &rule.attributes, rule.pattern.data(), rule.actions.data(), &said) ==
        nullptr)
        return refused("no rule for their ethertype", rte_errno, said.message);
    return Done{};
}

}  // namespace nlb::dataplane
