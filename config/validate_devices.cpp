// Ports and cores of one machine. Hosts of the same name in several clusters are one machine, with
// one dataplane.
#include <algorithm>
#include <map>
#include <vector>

#include "config/format.hpp"
#include "config/inside_device.hpp"
#include "config/validate.hpp"

namespace nlb::config {
namespace {

constexpr std::size_t kPciWithoutDomain = 7;

// What a device string takes for itself: its DPDK name, and the kernel interface that it opens or
// makes.
std::vector<std::string> claims_of(const std::string& device) {
    std::string name = device.substr(0, device.find(','));
    if (name.find(':') != std::string::npos) {
        std::transform(name.begin(), name.end(), name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        if (name.size() == kPciWithoutDomain) name = "0000:" + name;
    }
    std::vector<std::string> claims{name};
    if (const auto interface = interface_of(device); interface && !interface->empty())
        claims.push_back("interface " + *interface);
    return claims;
}

class Machine {
public:
    void claim(const std::string& device, const std::string& path, Diagnostics& diagnostics) {
        if (device.empty() || diagnostics.broken(path)) return;
        for (const std::string& claim : claims_of(device)) {
            const auto added = claimed_.emplace(claim, path);
            if (added.second) continue;
            diagnostics.mistake(
                path, "expected a device that this host uses once, got " + in_quotes(device) +
                          " whose " +
                          (claim.rfind("interface ", 0) == 0 ? claim : "name " + claim) +
                          " is that of " + added.first->second);
            return;
        }
    }

private:
    std::map<std::string, std::string> claimed_;
};

// A name that the kernel would cut off or refuse; the mapping's own was read as a name already.
void check_interface(const std::string& device, const std::string& path, Diagnostics& diagnostics) {
    const auto interface = interface_of(device);
    if (device.rfind("net_vhost", 0) == 0) return;  // names a socket by that word
    if (interface && !is_interface_name(*interface) && !diagnostics.broken(path))
        diagnostics.mistake(path, "expected behind iface= " + std::string{kInterfaceNameWanted} +
                                      ", got " + in_quotes(*interface));
}

// In a VLAN an interface above the inside device has the addresses; the VLAN is part of its name.
void check_vlan_name(const Host& host, std::uint16_t vlan, const std::string& path,
                     Diagnostics& diagnostics) {
    const auto interface = interface_of(host.inside);
    if (vlan == 0 || diagnostics.broken(path) || !interface || !ends_in_this_kernel(host.inside) ||
        host.addresses_by == AddressesBy::manual)
        return;
    const std::string name = *interface + "." + std::to_string(vlan);
    if (name.size() > kInterfaceNameMax)
        diagnostics.mistake(
            path, "expected a name that leaves room for the VLAN's interface, got " +
                      in_quotes(name) + " of more than " + std::to_string(kInterfaceNameMax) +
                      " letters");
}

// Keys that nothing reads with this inside device.
void warn_of_idle_keys(const Host& host, const std::string& path, Diagnostics& diagnostics) {
    if (diagnostics.broken(path + ".inside") || host.inside.empty()) return;
    const bool kernel = ends_in_this_kernel(host.inside);
    if (kernel && host.server_mac)
        diagnostics.warning(path + ".server_mac",
                            "expected with an inside device that is not this kernel's, got " +
                                in_quotes(host.inside) + ": the key has no effect");
    if (!host.gateways.empty() && (!kernel || host.addresses_by == AddressesBy::manual))
        diagnostics.warning(path + ".gateway",
                            std::string{"expected with an inside device of this kernel and "
                                        "addresses_by: managed, got "} +
                                (kernel ? "addresses_by: manual" : in_quotes(host.inside)) +
                                ": the key has no effect");
}

// They share a CPU then; the cores of a small machine may have to.
void warn_of_shared_main(const Config& config, Diagnostics& diagnostics) {
    const auto& main = config.eal.main_lcore;
    if (!main || diagnostics.broken("eal.main_lcore")) return;
    for (std::size_t c = 0; c < config.clusters.size(); ++c) {
        for (std::size_t h = 0; h < config.clusters[c].hosts.size(); ++h) {
            const auto& lcores = config.clusters[c].hosts[h].lcores;
            if (std::find(lcores.begin(), lcores.end(), *main) == lcores.end()) continue;
            const std::string path = path_of(path_of("clusters", c) + ".hosts", h);
            diagnostics.warning("eal.main_lcore", "expected an lcore that is no worker's, got \"" +
                                                      std::to_string(*main) + "\" as in " + path +
                                                      ".lcores: the two take turns on one CPU");
            return;
        }
    }
}

}  // namespace

void validate_devices(const Config& config, Diagnostics& diagnostics) {
    std::map<std::string, Machine> machines;
    for (std::size_t c = 0; c < config.clusters.size(); ++c) {
        for (std::size_t h = 0; h < config.clusters[c].hosts.size(); ++h) {
            const Host& host = config.clusters[c].hosts[h];
            const std::string path = path_of(path_of("clusters", c) + ".hosts", h);
            // A host without a readable name shares a machine with nobody; its path is a name that
            // no host can have.
            Machine& machine = machines[diagnostics.broken(path + ".name") ? path : host.name];
            machine.claim(host.outside, path + ".outside", diagnostics);
            machine.claim(host.inside, path + ".inside", diagnostics);
            check_interface(host.outside, path + ".outside", diagnostics);
            check_interface(host.inside, path + ".inside", diagnostics);
            check_vlan_name(host, config.clusters[c].vlan, path + ".inside", diagnostics);
            warn_of_idle_keys(host, path, diagnostics);
        }
    }
    warn_of_shared_main(config, diagnostics);
}

}  // namespace nlb::config
