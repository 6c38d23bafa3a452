// Looks, mends, looks again; every change is one line of the log.
#include "dataplane/inside/keeper.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "config/daemon/event_line.hpp"
#include "config/format.hpp"

namespace nlb::dataplane {
namespace {

using daemon::Level;

// Each mending is followed by a look; more rounds than these do not help.
constexpr int kRoundsMax = 3;
// Somebody who takes addresses away all the time is told of now and then.
constexpr Duration kMendedEventEvery = std::chrono::seconds{10};

std::string joined(const std::vector<std::string>& texts) {
    std::string text;
    for (const std::string& one : texts) text += (text.empty() ? "" : ",") + one;
    return text;
}

std::string to_text(const InsideAddress& address) {
    return config::to_string(config::Prefix{address.address, address.length});
}

std::string to_text(const InsideRoute& route) {
    std::string text = route.length == 0
                           ? "default"
                           : config::to_string(config::Prefix{route.network, route.length});
    if (route.gateway) text += " via " + config::to_string(*route.gateway);
    if (route.source) text += " src " + config::to_string(*route.source);
    return text;
}

}  // namespace

Result<std::unique_ptr<InsideKeeper>> InsideKeeper::open(InsideKernel kernel) {
    auto netlink = Rtnetlink::open();
    if (!netlink)
        return Error{"cluster \"" + kernel.cluster + "\": inside: " + netlink.error().message};
    return std::unique_ptr<InsideKeeper>(
        new InsideKeeper(std::move(kernel), std::move(netlink.value())));
}

InsideKeeper::~InsideKeeper() {
    const auto now = netlink_.view(interface_);
    if (!now || now.value().index == 0 || now.value().index != index_) return;
    for (const InsideRoute& route : own_routes_) netlink_.remove(index_, route);
    for (const InsideAddress& address : own_) netlink_.remove(index_, address);
    for (const KernelSetting& former : former_settings_) static_cast<void>(write_setting(former));
}

void InsideKeeper::want(InsideWishes wishes) {
    if (wishes == wishes_) return;
    wishes_ = std::move(wishes);
    next_look_ = kLongAgo;
    seen_.clear();
}

ipc::Inside InsideKeeper::look(Instant now) {
    const bool news = netlink_.has_news();
    if (news || now >= next_look_) look_now(now);
    return inside_;
}

void InsideKeeper::look_now(Instant now) {
    next_look_ = now + kLookEvery;
    KernelView there = view();
    for (int round = 0; kernel_.managed && there.index != 0 && round < kRoundsMax; ++round) {
        if (!mend(there, now)) break;
        there = view();
    }
    if (there.index != 0 && kernel_.managed) set_routes(there);
    for (const KernelAddress& one : there.addresses) seen_.insert(one.address);
    const auto missing = there.index == 0 ? wishes_.addresses : missing_from(there, wishes_);
    note_missing(missing);
    inside_.missing = static_cast<std::uint32_t>(missing.size());
    inside_.first_missing = missing.empty() ? IpAddress{} : missing.front().address;
    auto is = ipc::InsideState::ready;
    if (kernel_.managed && there.index == 0) is = ipc::InsideState::device_missing;
    if (kernel_.managed && there.index != 0 && (!missing.empty() || !there.up))
        is = ipc::InsideState::addresses_missing;
    inside_.state = readiness_.judge(is, now);
}

void InsideKeeper::prepare_vlan() {
    const auto device = netlink_.view(kernel_.device);
    if (!device || device.value().index == 0) return;
    if (!device.value().up) netlink_.set_up(device.value().index);
    if (const auto carrier = netlink_.view(interface_); carrier && carrier.value().index != 0)
        return;
    own_interface_ = netlink_.add_vlan(device.value().index, interface_, kernel_.vlan);
    if (!own_interface_) complain(interface_, std::strerror(errno));
}

KernelView InsideKeeper::view() {
    if (kernel_.managed && kernel_.vlan != 0) prepare_vlan();
    auto view = netlink_.view(interface_);
    if (!view) {
        complain("netlink", view.error().message);
        return {};
    }
    if (view.value().index != 0 && view.value().index != index_) {
        // Another device by that name: what was set went with the former one.
        index_ = view.value().index;
        own_.clear();
        own_routes_.clear();
        former_settings_.clear();
        seen_.clear();
        if (kernel_.managed) set_kernel_settings();
    }
    return std::move(view.value());
}

void InsideKeeper::set_kernel_settings() {
    const bool ipv6 = std::any_of(wishes_.addresses.begin(), wishes_.addresses.end(),
                                  [](const InsideAddress& one) { return !one.address.is_v4(); });
    for (const KernelSetting& setting : settings_to_change(interface_, ipv6, read_setting)) {
        const std::string former = read_setting(setting.path).value_or("0");
        if (const auto done = write_setting(setting); !done)
            complain(setting.path, done.error().message);
        else
            former_settings_.push_back({setting.path, former});
    }
}

bool InsideKeeper::mend(const KernelView& view, Instant now) {
    const Mending mending = mending_of(view, wishes_, own_);
    if (mending.empty()) return false;
    if (mending.set_up && !netlink_.set_up(index_))
        complain("link", std::string{"it cannot be set up: "} + std::strerror(errno));
    for (const InsideAddress& address : mending.remove) {
        netlink_.remove(index_, address);
        own_.erase(address);
    }
    std::vector<std::string> set;
    for (const InsideAddress& address : mending.add) add(index_, address, set);
    const bool mended = std::any_of(
        mending.add.begin(), mending.add.end(),
        [this](const InsideAddress& address) { return seen_.contains(address.address); });
    if (set.empty()) return mending.set_up || !mending.remove.empty();
    if (!mended) {
        daemon::log_event(
            daemon::EventId::inside_addresses,
            {{"cluster", kernel_.cluster}, {"device", interface_}, {"set", joined(set)}});
    } else if (++mended_untold_; now >= next_mended_event_) {
        next_mended_event_ = now + kMendedEventEvery;
        daemon::log_event(daemon::EventId::inside_mended,
                          {{"cluster", kernel_.cluster},
                           {"device", interface_},
                           {"set", joined(set)},
                           {"times", std::to_string(std::exchange(mended_untold_, 0))},
                           {"because", "somebody had removed them"}});
    }
    return true;
}

void InsideKeeper::add(int index, const InsideAddress& address, std::vector<std::string>& set) {
    const std::string text = to_text(address);
    const bool no_network = address.is_virtual && address.address.is_v4() &&
                            source_for(wishes_.addresses, address.address).has_value();
    if (netlink_.add(index, address, no_network)) {
        own_.insert(address);
        complaints_.erase(text);
        set.push_back(text);
    } else if (errno != EEXIST) {
        // Somebody else was quicker, and it is theirs.
        complain(text, std::string{std::strerror(errno)});
    }
}

void InsideKeeper::set_routes(const KernelView& view) {
    for (const RouteStep& step : routes_to_set(view, wishes_)) {
        const std::string text = to_text(step.route);
        if (step.instead_of) netlink_.remove(index_, *step.instead_of);
        if (netlink_.add(index_, step.route)) {
            own_routes_.insert(step.route);
            complaints_.erase(text);
        } else {
            complain(text, errno == EEXIST ? "another route to the same place is there already"
                                           : std::strerror(errno));
        }
    }
}

void InsideKeeper::note_missing(const std::vector<InsideAddress>& missing) {
    std::vector<std::string> texts;
    for (const InsideAddress& address : missing) texts.push_back(to_text(address));
    const std::string text = joined(texts);
    if (text == told_missing_) return;
    told_missing_ = text;
    if (missing.empty())
        daemon::log_event(daemon::EventId::inside_complete,
                          {{"cluster", kernel_.cluster}, {"device", interface_}});
    else
        daemon::log_event(
            daemon::EventId::inside_missing,
            {{"cluster", kernel_.cluster}, {"device", interface_}, {"missing", text}});
}

void InsideKeeper::complain(const std::string& what, const std::string& because) {
    if (std::exchange(complaints_[what], because) == because) return;
    daemon::log_event(daemon::EventId::inside_refused, {{"cluster", kernel_.cluster},
                                                        {"device", interface_},
                                                        {"what", what},
                                                        {"because", because}});
}

}  // namespace nlb::dataplane
