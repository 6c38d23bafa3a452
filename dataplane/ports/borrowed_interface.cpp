// ethtool's ioctls: each offload has a pair of its own, but for those that share a word of flags.
#include "dataplane/ports/borrowed_interface.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

#include "dataplane/startup/kernel_interface.hpp"

namespace nlb::dataplane {
namespace {

struct Commands {
    std::uint32_t get;
    std::uint32_t set;
    std::uint32_t flag;  // of the word of flags; 0: the value is the offload's own
};
// By Offload.
constexpr std::array<Commands, kOffloadNames.size()> kCommands{
    {{ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_LRO},
     {ETHTOOL_GGRO, ETHTOOL_SGRO, 0},
     {ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_RXVLAN},
     {ETHTOOL_GTSO, ETHTOOL_STSO, 0},
     {ETHTOOL_GGSO, ETHTOOL_SGSO, 0},
     {ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, 0}}};

std::optional<std::uint32_t> ask(const std::string& name, std::uint32_t command,
                                 std::uint32_t value = 0) {
    ethtool_value request{command, value};
    ifreq frame{};
    frame.ifr_data = reinterpret_cast<char*>(&request);
    if (!ask_interface(name, SIOCETHTOOL, frame)) return std::nullopt;
    return request.data;
}

}  // namespace

InterfaceCalls interface_calls(const std::string& name) {
    const auto of = [](Offload offload) { return kCommands[static_cast<std::size_t>(offload)]; };
    return {[name, of](Offload offload) -> std::optional<bool> {
                const auto value = ask(name, of(offload).get);
                if (!value) return std::nullopt;
                return of(offload).flag == 0 ? *value != 0 : (*value & of(offload).flag) != 0;
            },
            [name, of](Offload offload, bool on) {
                const Commands commands = of(offload);
                std::uint32_t value = on ? 1 : 0;
                if (commands.flag != 0) {
                    const auto flags = ask(name, commands.get);
                    if (!flags) return false;
                    value = on ? *flags | commands.flag : *flags & ~commands.flag;
                }
                return ask(name, commands.set, value).has_value();
            },
            [name] { return kernel_mtu(name); },
            [name](std::uint16_t mtu) {
                ifreq request{};
                request.ifr_mtu = mtu;
                return ask_interface(name, SIOCSIFMTU, request);
            }};
}

std::string borrowed_name(const Device& device) {
    const bool borrows = device.driver == "net_af_packet" || device.driver == "net_af_xdp";
    return borrows ? device.argument("iface").value_or("") : "";
}

void BorrowedInterface::prepare(std::uint16_t mtu) {
    for (std::size_t i = 0; i < kOffloadNames.size(); ++i) {
        const auto offload = static_cast<Offload>(i);
        if (!calls_.get(offload).value_or(false)) continue;
        if (calls_.set(offload, false) && !calls_.get(offload).value_or(false))
            switched_.push_back(offload);
        else
            complaints_.push_back("the offload `" + std::string{kOffloadNames[i]} +
                                  "` is on and cannot be switched off, so frames arrive joined, "
                                  "cut or unfinished: ethtool -K " +
                                  name_ + " " + std::string{kOffloadNames[i]} + " off");
    }
    if (mtu != 0 && !set_mtu(mtu))
        complaints_.push_back("the kernel refuses an MTU of " + std::to_string(mtu) +
                              ": ip link set " + name_ + " mtu " + std::to_string(mtu));
}

bool BorrowedInterface::set_mtu(std::uint16_t mtu) {
    const std::uint16_t former = calls_.mtu();
    if (former == mtu) return true;
    if (!calls_.set_mtu(mtu)) return false;
    if (!former_mtu_) former_mtu_ = former;
    return true;
}

BorrowedInterface::~BorrowedInterface() {
    for (const Offload offload : switched_) static_cast<void>(calls_.set(offload, true));
    if (former_mtu_ && *former_mtu_ != 0) static_cast<void>(calls_.set_mtu(*former_mtu_));
}

}  // namespace nlb::dataplane
