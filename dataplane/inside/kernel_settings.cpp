// Values as Documentation/networking/ip-sysctl.rst has them.
#include "dataplane/inside/kernel_settings.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace nlb::dataplane {
namespace {

const std::string kRoot = "/proc/sys/net/";

}  // namespace

std::vector<KernelSetting> settings_to_change(const std::string& interface, bool ipv6,
                                              const ReadSetting& read) {
    std::vector<KernelSetting> changes;
    const std::string v4 = "ipv4/conf/" + interface + "/";
    const auto want = [&](const std::string& path, const std::string& value) {
        const auto now = read(path);
        if (now && *now != value) changes.push_back({path, value});
    };
    want(v4 + "arp_ignore", "1");
    want(v4 + "arp_announce", "2");
    // The greater one of `all` and the interface's counts: 2 loosens a strict 1.
    if (read("ipv4/conf/all/rp_filter") == "1" || read(v4 + "rp_filter") == "1")
        want(v4 + "rp_filter", "2");
    if (ipv6) want("ipv6/conf/" + interface + "/disable_ipv6", "0");
    return changes;
}

std::optional<std::string> read_setting(const std::string& path) {
    std::ifstream in(kRoot + path);
    std::string value;
    if (!(in >> value)) return std::nullopt;
    return value;
}

Status write_setting(const KernelSetting& setting) {
    std::ofstream out(kRoot + setting.path);
    errno = 0;
    if (out && out << setting.value << std::flush) return Done{};
    return Error{kRoot + setting.path + " cannot be set to " + setting.value + ": " +
                 (errno != 0 ? std::strerror(errno) : "no such setting")};
}

}  // namespace nlb::dataplane
