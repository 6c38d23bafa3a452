// Keeps this host's addresses on the kernel's end of one cluster's inside device: sets them, looks
// whether they are there, mends, and takes away at the end what it has set. With `manual` it only
// looks. The decisions are wishes, mending and readiness; this is their hands. Thread: one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/ipc/messages.hpp"
#include "dataplane/inside/kernel_settings.hpp"
#include "dataplane/inside/mending.hpp"
#include "dataplane/inside/readiness.hpp"
#include "dataplane/inside/rtnetlink.hpp"

namespace nlb::dataplane {

// What carries the addresses: the device itself, or its interface of that VLAN.
[[nodiscard]] inline std::string carrier_of(const std::string& device, std::uint16_t vlan) {
    return vlan == 0 ? device : device + "." + std::to_string(vlan);
}

struct InsideKernel {
    std::string cluster;     // for the log
    std::string device;      // the kernel's name of the inside device
    std::uint16_t vlan = 0;  // not 0: the addresses are on an interface of that VLAN above it
    bool managed = true;     // false: somebody else sets addresses
    std::vector<IpAddress> gateways;
};

class InsideKeeper {
public:
    static Result<std::unique_ptr<InsideKeeper>> open(InsideKernel kernel);
    InsideKeeper(const InsideKeeper&) = delete;
    InsideKeeper& operator=(const InsideKeeper&) = delete;
    // Takes away what it has set, as far as it is still there.
    ~InsideKeeper();

    [[nodiscard]] const std::vector<IpAddress>& gateways() const { return kernel_.gateways; }
    // From the next look on, which is due at once when they are other ones than before.
    void want(InsideWishes wishes);
    // Looks and mends when something may have changed; cheap otherwise. What to tell the control
    // plane.
    [[nodiscard]] ipc::Inside look(Instant now);

    // Readable when there may be something to look at.
    [[nodiscard]] int fd() const { return netlink_.fd(); }

    static constexpr Duration kLookEvery = std::chrono::seconds{1};

private:
    InsideKeeper(InsideKernel kernel, Rtnetlink netlink)
        : kernel_(std::move(kernel)),
          interface_(carrier_of(kernel_.device, kernel_.vlan)),
          netlink_(std::move(netlink)) {}
    void look_now(Instant now);
    [[nodiscard]] KernelView view();
    // The device itself is up, and its interface of the VLAN is there.
    void prepare_vlan();
    // True: something was done, so that it is worth another look.
    bool mend(const KernelView& view, Instant now);
    void add(int index, const InsideAddress& address, std::vector<std::string>& set);
    void set_routes(const KernelView& view);
    void set_kernel_settings();
    void note_missing(const std::vector<InsideAddress>& missing);
    // One event for each thing that goes wrong, until it goes right.
    void complain(const std::string& what, const std::string& because);

    const InsideKernel kernel_;
    const std::string interface_;
    bool own_interface_ = false;  // nlb has made it
    Rtnetlink netlink_;
    InsideWishes wishes_;
    int index_ = 0;  // of the interface that was last seen; another one is a new device
    InsideAddresses own_;
    std::set<InsideRoute> own_routes_;
    std::vector<KernelSetting> former_settings_;
    std::set<IpAddress> seen_;  // have been there before: setting them again is mending
    std::map<std::string, std::string> complaints_;
    std::string told_missing_;
    Readiness readiness_;
    ipc::Inside inside_{ipc::InsideState::device_missing, 0, {}};
    Instant next_look_ = kLongAgo;
    Instant next_mended_event_ = kLongAgo;
    unsigned mended_untold_ = 0;
};

}  // namespace nlb::dataplane
