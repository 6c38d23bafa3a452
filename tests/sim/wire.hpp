// What travels in the simulation: frames on the switch, and messages between the two processes of a
// host.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/types.hpp"
#include "core/cluster/membership.hpp"

namespace nlb::sim {

using Bytes = std::vector<Byte>;
using SharedBytes = std::shared_ptr<const Bytes>;

// Who put the frame on the wire. A forged one must not decode; a replayed one must not be taken for
// more than it is. Which of the two configurations numbers the rules and keys the hash; see
// World::rule_of.
using Variant = std::uint8_t;

enum class Origin : std::uint8_t { host, replayed, forged };

struct WireFrame {
    SharedBytes bytes;
    HostId sender = kNoHost;
    Origin origin = Origin::host;
};

// Control plane to dataplane, in the order of the socket. `Connect` is the accept of a connection:
// what an earlier control plane had still written takes effect before it.
struct SendMessage {
    SharedBytes bytes;
};
struct InstallMessage {
    std::uint64_t token = 0;
    RuleMasks own{};
    RuleMasks dirty_elsewhere{};
    Variant variant = 0;
    OwnerMap owner{};
    std::uint64_t era = 0;
    bool settled = false;
    std::uint16_t generation = 0;  // the dataplane fills it in
};
struct GrantsMessage {
    std::uint64_t era = 0;
    std::vector<GivenGrant> grants;
};
struct LeaseMessage {
    Instant valid_until;
};
struct StoreMessage {
    Checkpoint checkpoint;
};
struct ConnectMessage {
    std::uint64_t connection = 0;
};
struct StatusRequestMessage {};
using DataplaneMessage = std::variant<SendMessage, InstallMessage, LeaseMessage, StoreMessage,
                                      ConnectMessage, StatusRequestMessage, GrantsMessage>;

// What the control plane's loop handles, one by one.
struct TickItem {};
struct FrameItem {
    WireFrame frame;
};
struct InstalledItem {
    std::uint64_t token = 0;
    RuleMasks dirty{};
};
struct StatusItem {
    RuleMasks dirty{};
    Instant last_rx;
};
struct RequestsItem {
    std::vector<GrantRequest> requests;
};
struct LinkItem {
    bool up = true;
};
struct HelloItem {
    std::uint64_t connection = 0;
    bool link_up = true;
    std::optional<DataplaneMemory> memory;
    Variant variant = 0;  // of the tables that serve
    bool unknown_tables = false;
};
struct LostItem {};
struct WishesItem {};
struct HoldItem {};
struct LeaveItem {};
struct StartAgainItem {};
using LoopItem =
    std::variant<TickItem, FrameItem, InstalledItem, StatusItem, LinkItem, HelloItem, LostItem,
                 WishesItem, HoldItem, LeaveItem, StartAgainItem, RequestsItem>;

}  // namespace nlb::sim
