// The cluster's virtual addresses on the link, as this host speaks of them and hears of them: whose
// claim a frame is, the questions of a beginner (R6), the announcements of a default host, and its
// defence against a stranger's claim (RFC 5227 2.4). It decides nothing about membership, and tells
// people nothing. Thread: one.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "controlplane/agent/cluster_channel.hpp"
#include "controlplane/agent/cluster_settings.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

// Somebody says that he holds a virtual address of this cluster.
struct VirtualClaim {
    IpAddress address;
    MacAddress mac;            // of the frame's sender
    bool is_clusters = false;  // it names the cluster's MAC: a member says so
    HostId host = kNoHost;     // by the masked source, where that is known
};

class AddressGuard {
public:
    // Virtual addresses that a beginner asks for at once; more of them in turn.
    static constexpr std::size_t kAskedMax = 16;
    // Announcements of one portion; a host with many addresses takes several.
    static constexpr std::size_t kPortion = 16;
    static constexpr Duration kPortionEvery = std::chrono::milliseconds{10};
    static constexpr Duration kDefendEvery = std::chrono::seconds{10};  // RFC 5227 1.1

    // Both outlive it.
    AddressGuard(const ClusterSettings& settings, ClusterChannel& channel)
        : settings_(settings), channel_(channel) {}

    void use_port(const MacAddress& outside) { outside_ = outside; }

    // Nothing: the frame claims no virtual address of this cluster.
    [[nodiscard]] std::optional<VirtualClaim> read(std::span<const Byte> frame) const;

    // Three times within the time for which a beginner that hears nobody still listens, then as
    // often.
    void ask_holders(Instant now, Duration listens);
    // From now on this host answers for the addresses, or another one does.
    void note_default_host(Instant now, bool is_default);
    // A stranger claimed `address`: it is announced anew, if this host is the default host and has
    // not done so in the last kDefendEvery. Whether it did.
    bool defend(Instant now, const IpAddress& address);

    void on_tick(Instant now);
    [[nodiscard]] Instant next_wake() const { return waiting_.empty() ? kForever : next_portion_; }

    [[nodiscard]] std::uint64_t announced() const { return announced_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.outside_, self.is_default_, self.asked_at_, self.asked_from_, self.waiting_,
             self.next_portion_, self.defended_, self.announced_);
    }

private:
    [[nodiscard]] std::vector<IpAddress> addresses() const;
    [[nodiscard]] MacAddress cluster_mac_of() const;
    void send(Instant now, const std::vector<Byte>& frame);
    void announce(Instant now, const IpAddress& address);

    const ClusterSettings& settings_;
    ClusterChannel& channel_;
    MacAddress outside_;
    bool is_default_ = false;
    Instant asked_at_ = kLongAgo;
    std::size_t asked_from_ = 0;      // whose turn it is
    std::vector<IpAddress> waiting_;  // to be announced
    Instant next_portion_ = kLongAgo;
    std::map<IpAddress, Instant> defended_;  // virtual addresses only, so bounded
    std::uint64_t announced_ = 0;
};

}  // namespace nlb::controlplane
