#include "controlplane/agent/address_guard.hpp"

#include <algorithm>

#include "config/table_builder.hpp"
#include "core/ipc/messages.hpp"
#include "core/packet/address_claim.hpp"
#include "core/packet/address_probe.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {
namespace {

// What leaves later says nothing that a neighbour would still want to know.
constexpr Duration kFramesKeep = std::chrono::milliseconds{200};

}  // namespace

std::vector<IpAddress> AddressGuard::addresses() const {
    std::vector<IpAddress> addresses{settings_.cluster.address.address};
    for (const config::Prefix& prefix : settings_.cluster.virtual_addresses)
        addresses.push_back(prefix.address);
    return addresses;
}

MacAddress AddressGuard::cluster_mac_of() const {
    return config::cluster_mac_of(settings_.cluster);
}

std::optional<VirtualClaim> AddressGuard::read(std::span<const Byte> frame) const {
    const auto claim = read_address_claim(frame);
    if (!claim) return std::nullopt;
    const std::vector<IpAddress> own = addresses();
    if (std::find(own.begin(), own.end(), claim->address) == own.end()) return std::nullopt;
    VirtualClaim of{claim->address, claim->source, claim->holder == cluster_mac_of(), kNoHost};
    for (const config::Host& host : settings_.cluster.hosts)
        if (claim->source == masked_mac(host.id, settings_.cluster.address.address))
            of.host = host.id;
    return of;
}

// In unicast mode the answers must not teach the switch where the cluster's MAC is: it floods them.
void AddressGuard::ask_holders(Instant now, Duration listens) {
    if (asked_at_ != kLongAgo && now - asked_at_ < listens / 3) return;
    asked_at_ = now;
    const MacAddress sender =
        settings_.cluster.mode == LinkMode::unicast ? cluster_mac_of() : outside_;
    const std::vector<IpAddress> all = addresses();
    for (std::size_t asked = 0; asked < std::min(kAskedMax, all.size()); ++asked)
        send(now, build_address_probe(all[asked_from_++ % all.size()], sender));
}

void AddressGuard::note_default_host(Instant now, bool is_default) {
    if (is_default_ == is_default) return;
    is_default_ = is_default;
    waiting_ = is_default ? addresses() : std::vector<IpAddress>{};
    next_portion_ = now;
    on_tick(now);
}

bool AddressGuard::defend(Instant now, const IpAddress& address) {
    if (!is_default_) return false;
    const auto last = defended_.find(address);
    if (last != defended_.end() && now - last->second < kDefendEvery) return false;
    defended_[address] = now;
    announce(now, address);
    return true;
}

void AddressGuard::on_tick(Instant now) {
    if (waiting_.empty() || now < next_portion_) return;
    next_portion_ = now + kPortionEvery;
    const std::size_t portion = std::min(kPortion, waiting_.size());
    for (std::size_t i = 0; i < portion; ++i) announce(now, waiting_[i]);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(portion));
}

void AddressGuard::announce(Instant now, const IpAddress& address) {
    send(now, build_address_announcement(address, cluster_mac_of()));
    ++announced_;
}

void AddressGuard::send(Instant now, const std::vector<Byte>& frame) {
    const ipc::Send until{(now + kFramesKeep).time_since_epoch().count()};
    channel_.send(ipc::MessageType::send, ipc::bytes_of(until), frame);
}

}  // namespace nlb::controlplane
