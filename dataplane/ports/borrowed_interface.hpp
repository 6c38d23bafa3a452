// A kernel interface that net_af_packet or net_af_xdp borrows. What the kernel does to frames
// before a socket sees them is switched off: joined or cut segments are longer than any buffer, a
// checksum that was left to the NIC is wrong, and a stripped VLAN tag is missing. All is put back
// when the port ends; after a kill it stays. Thread: main.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/startup/device.hpp"

namespace nlb::dataplane {

enum class Offload : std::uint8_t { lro, gro, rx_vlan, tso, gso, tx_checksum };
// As ethtool's -K takes them.
inline constexpr std::array<std::string_view, 6> kOffloadNames{"lro", "gro", "rxvlan",
                                                               "tso", "gso", "tx"};

struct InterfaceCalls {
    std::function<std::optional<bool>(Offload)> get;  // nothing: the interface has none
    std::function<bool(Offload, bool)> set;           // false: refused
    std::function<std::uint16_t()> mtu;               // 0: unknown
    std::function<bool(std::uint16_t)> set_mtu;
};
[[nodiscard]] InterfaceCalls interface_calls(const std::string& name);

// The interface that such a driver borrows; empty: none.
[[nodiscard]] std::string borrowed_name(const Device& device);

class BorrowedInterface {
public:
    explicit BorrowedInterface(std::string name) : BorrowedInterface(name, interface_calls(name)) {}
    BorrowedInterface(std::string name, InterfaceCalls calls)
        : name_(std::move(name)), calls_(std::move(calls)) {}
    ~BorrowedInterface();
    BorrowedInterface(const BorrowedInterface&) = delete;
    BorrowedInterface& operator=(const BorrowedInterface&) = delete;

    // Switches off what is on, and sets the MTU if it is not 0.
    void prepare(std::uint16_t mtu);
    // False: the interface keeps the one that it has.
    bool set_mtu(std::uint16_t mtu);
    [[nodiscard]] const std::string& name() const { return name_; }
    // What stays on although it must not, a sentence with its remedy.
    [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

private:
    std::string name_;
    InterfaceCalls calls_;
    std::vector<Offload> switched_;
    std::optional<std::uint16_t> former_mtu_;
    std::vector<std::string> complaints_;
};

}  // namespace nlb::dataplane
