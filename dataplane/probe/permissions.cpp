#include "dataplane/probe/permissions.hpp"

#include <algorithm>
#include <map>
#include <sstream>

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

constexpr const char* kSubject = "permissions";
constexpr const char* kUnit = "nlb-dataplane.service";
// Where systemd looks, the first one that has it counts.
constexpr const char* kPlaces[] = {"/etc/systemd/system/", "/run/systemd/system/",
                                   "/usr/lib/systemd/system/", "/lib/systemd/system/"};

struct Needed {
    unsigned bit;
    const char* name;
};
constexpr Needed kNeeded[] = {{kCapNetAdmin, "CAP_NET_ADMIN"}, {kCapNetRaw, "CAP_NET_RAW"}};

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    return words;
}

bool has(const std::vector<std::string>& words, const std::string& wanted) {
    return std::find(words.begin(), words.end(), wanted) != words.end();
}

// Drop-ins of any place, by their names; the same name in an earlier place hides a later one.
std::vector<std::string> texts_of_unit(const Files& files) {
    std::vector<std::string> texts;
    std::map<std::string, std::string> drop_ins;
    for (const char* const place : kPlaces) {
        const std::string file = std::string{place} + kUnit;
        if (texts.empty())
            if (const auto text = files.text(file)) texts.push_back(*text);
        for (const std::string& name : files.names(file + ".d"))
            if (name.ends_with(".conf")) drop_ins.emplace(name, file + ".d/" + name);
    }
    if (texts.empty()) return texts;
    for (const auto& [name, file] : drop_ins)
        if (const auto text = files.text(file)) texts.push_back(*text);
    return texts;
}

void take_line(const std::string& key, const std::string& value, UnitFacts& unit) {
    const auto take = [&](std::vector<std::string>& list) {
        if (value.empty()) list.clear();
        for (std::string& word : words_of(value)) list.push_back(std::move(word));
    };
    if (key == "User") unit.user = value;
    if (key == "AmbientCapabilities") take(unit.capabilities);
    if (key == "CapabilityBoundingSet") take(unit.bounding);
    if (key == "DevicePolicy") unit.closed = value == "closed" || value == "strict";
    if (key == "DeviceAllow") take(unit.devices);
}

bool unit_may(const UnitFacts& unit, const char* capability) {
    const bool bounded = unit.bounding.empty() || has(unit.bounding, capability);
    const bool is_root = unit.user.empty() || unit.user == "root";
    return bounded && (is_root || has(unit.capabilities, capability));
}

bool wants_tun(const Device& device) {
    return device.driver == kTapDriver || device.driver == "net_tap" ||
           device.driver == "net_virtio_user" || device.driver == "virtio_user";
}

bool wants_vhost(const Device& device) {
    return device.argument("path").value_or("") == "/dev/vhost-net";
}

void judge_unit(const UnitFacts& unit, const StartupPlan& plan, Findings& findings) {
    for (const Needed& needed : kNeeded)
        if (!unit_may(unit, needed.name))
            findings.push_back({FindingId::unit_lacks_rights, kSubject,
                                std::string{kUnit} + " gives no " + needed.name +
                                    ": the dataplane will not open its ports",
                                "systemctl revert " + std::string{kUnit}});
    if (!unit.closed) return;
    const auto require = [&](bool wanted, const char* file) {
        if (wanted && !has(unit.devices, file))
            findings.push_back(
                {FindingId::unit_lacks_device, kSubject,
                 std::string{kUnit} + " lets nobody open " + file + ", which a port needs",
                 "systemctl revert " + std::string{kUnit}});
    };
    bool tun = false, vhost = false, vfio = false;
    for (const ClusterPlan& cluster : plan.clusters)
        for (const Device* device : {&cluster.outside, &cluster.inside}) {
            tun |= wants_tun(*device);
            vhost |= wants_vhost(*device);
            vfio |= device->is_pci();
        }
    require(tun, "/dev/net/tun");
    require(vhost, "/dev/vhost-net");
    require(vfio, "char-vfio");
}

}  // namespace

UnitFacts unit_of(const std::vector<std::string>& texts) {
    UnitFacts unit;
    for (const std::string& text : texts) {
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);) {
            const std::size_t equals = line.find('=');
            if (equals == std::string::npos || line.starts_with("#")) continue;
            std::string value = line.substr(equals + 1);
            value.erase(value.find_last_not_of(" \t\r") + 1);
            value.erase(0, value.find_first_not_of(" \t"));
            take_line(line.substr(0, equals), value, unit);
        }
    }
    return unit;
}

PermissionFacts read_permissions(const Files& files) {
    PermissionFacts facts;
    std::istringstream in(files.text("/proc/self/status").value_or(""));
    for (std::string word; in >> word;) {
        if (word != "CapEff:") continue;
        in >> word;
        facts.effective = std::strtoull(word.c_str(), nullptr, 16);
    }
    if (const auto texts = texts_of_unit(files); !texts.empty()) facts.unit = unit_of(texts);
    facts.vhost = files.exists("/dev/vhost-net");
    facts.tun = files.exists("/dev/net/tun");
    return facts;
}

Findings judge_permissions(const PermissionFacts& facts, const StartupPlan& plan) {
    Findings findings;
    if (facts.unit) judge_unit(*facts.unit, plan, findings);
    std::string lacking;
    for (const Needed& needed : kNeeded)
        if (!may(facts, needed.bit))
            lacking += (lacking.empty() ? "" : " and ") + std::string{needed.name};
    if (!lacking.empty() && facts.unit && findings.empty())
        findings.push_back(
            {FindingId::looks_as_user, kSubject,
             "this user lacks " + lacking + ", which the units have: ports were not opened",
             "sudo nlb doctor"});
    else if (!lacking.empty() && !facts.unit)
        findings.push_back({FindingId::not_permitted, kSubject,
                            "this user lacks " + lacking + ", without which no port opens",
                            "sudo nlb doctor"});
    const bool nice = facts.unit ? unit_may(*facts.unit, "CAP_SYS_NICE") : may(facts, kCapSysNice);
    if (!nice)
        findings.push_back({FindingId::not_real_time, kSubject,
                            "without CAP_SYS_NICE the loops have no priority: a busy machine "
                            "delays heartbeats",
                            "run as root, or by the units"});
    for (const ClusterPlan& cluster : plan.clusters) {
        const std::pair<const Device*, const char*> sides[] = {{&cluster.outside, " outside"},
                                                               {&cluster.inside, " inside"}};
        for (const auto& [device, side] : sides) {
            const std::string subject = cluster.name + side;
            const std::string named = "\"" + device->text() + "\" needs ";
            if (wants_tun(*device) && !facts.tun)
                findings.push_back({FindingId::tun_missing, subject,
                                    named + "/dev/net/tun, which is missing", "modprobe tun"});
            if (wants_vhost(*device) && !facts.vhost)
                findings.push_back({FindingId::vhost_missing, subject,
                                    named + "/dev/vhost-net, which is missing",
                                    "modprobe vhost-net"});
        }
    }
    return findings;
}

}  // namespace nlb::dataplane
