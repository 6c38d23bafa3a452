// A sign that somebody serves whom this host does not hear as a member, as a value;
// core/cluster/evidence.hpp weighs it, controlplane/agent/cause_words.hpp has the words for people.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/types.hpp"

namespace nlb {

struct Sign {
    enum class Kind : std::uint8_t {
        unproven,        // `host` is heard, verified, and does not show that it hears me
        unverifiable,    // a member's frame of this cluster: another key, version or tag
        other_vlan,      // a member's frame of this cluster in another VLAN than mine
        serves_unheard,  // the cluster's MAC answers for a virtual address; `host` by its own MAC
        holds_address,   // a MAC that is not the cluster's answers for a virtual address
    };
    Kind kind = Kind::unproven;
    HostId host = kNoHost;  // as the frame says; not verified but for `unproven`
    MacAddress mac;         // who sent it; zeros where it is not known
    std::uint16_t key_id = 0;
    std::uint8_t version = 0;
    std::uint16_t vlan = 0;
    bool operator==(const Sign&) const = default;
};
inline constexpr std::size_t kSignKinds = 5;

}  // namespace nlb
