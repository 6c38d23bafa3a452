// The same look-ups as classify's (core/packet/classify.cpp), which tests compare with it.
#include "core/flow/flow_place.hpp"

#include "core/packet/burst.hpp"
#include "core/packet/session_protocols.hpp"
#include "core/tables/address_table.hpp"
#include "core/tables/affinity_hash.hpp"
#include "core/tables/rule_lookup.hpp"

namespace nlb {

FlowPlace place_of(const FlowKey& key, const Tables& tables) {
    const AddressEntry* const entry = find_address(tables, key.vip);
    if (entry == nullptr || entry->kind != AddressKind::vip) return {kNoRule, 0};
    const auto vip_index = static_cast<std::uint8_t>(entry - tables.addresses.data());
    const bool session = key.protocol != kProtocolTcp;  // nothing else has descriptors
    const RuleId rule = session
                            ? find_session_rule(tables, vip_index, key.protocol)
                            : find_rule(tables, rule_key(vip_index, kProtocolTcpBit, key.vip_port));
    const Affinity affinity =
        session ? session_affinity_of(tables, rule) : affinity_of(tables, rule);
    return {rule, bucket_of(client_hash(tables.hash_key, affinity, key.client, key.client_port))};
}

}  // namespace nlb
