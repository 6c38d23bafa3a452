// unattend.xml, and the way to CLIXML.
#include <functional>

#include "cli/windows/clixml.hpp"
#include "cli/windows/reading.hpp"

namespace nlb::cli::windows {
namespace {

struct Unattend {
    const std::string& file;
    std::vector<Reading> readings;
    std::optional<Statement> computer;
};

Place place_of(const Unattend& from, const XmlElement& element) {
    return {from.file, element.line};
}

Statement statement_of(const Unattend& from, const XmlElement& element, std::string name) {
    return {std::move(name), element.text, place_of(from, element)};
}

std::vector<AddressStatement> addresses_of(const Unattend& from, const XmlElement& list) {
    std::vector<AddressStatement> addresses;
    for (const XmlElement& item : list.children) {
        const XmlElement* address = item.child("IpAddress");
        const XmlElement* mask = item.child("NetworkMask");
        if (address != nullptr && addresses.size() < 64)
            addresses.push_back(
                {address->text, mask == nullptr ? "" : mask->text, place_of(from, *address)});
    }
    return addresses;
}

// The reference of unattend.xml counts the time-out in seconds, all else in minutes.
void add_rules(const Unattend& from, const XmlElement& list, Reading& reading) {
    reading.rules_said = true;
    for (const XmlElement& item : list.children) {
        if (reading.rules.size() == kRuleStatementsMax) return;
        RuleReading rule{{}, place_of(from, item)};
        for (const XmlElement& value : item.children)
            if (rule.said.size() < kRuleStatementsMax)
                rule.said.push_back(statement_of(
                    from, value, same_name(value.name, "Timeout") ? "TimeoutSeconds" : value.name));
        reading.rules.push_back(std::move(rule));
    }
}

void add_team(const Unattend& from, const XmlElement& team, Reading& reading) {
    for (const XmlElement& value : team.children)
        reading.said.push_back(
            statement_of(from, value, same_name(value.name, "Team") ? "TeamID" : value.name));
}

void add_cluster(Unattend& into, const XmlElement& cluster) {
    if (into.readings.size() == kReadingsMax) return;
    Reading reading;
    reading.place = place_of(into, cluster);
    for (const XmlElement& item : cluster.children) {
        if (reading.said.size() >= kStatementsMax) break;
        if (same_name(item.name, "VirtualIpAddresses"))
            reading.virtual_addresses = addresses_of(into, item);
        else if (same_name(item.name, "DedicatedIpAddresses"))
            reading.dedicated = addresses_of(into, item);
        else if (same_name(item.name, "Portrules"))
            add_rules(into, item, reading);
        else if (same_name(item.name, "BDATeam"))
            add_team(into, item, reading);
        else
            reading.said.push_back(statement_of(into, item, item.name));
    }
    into.readings.push_back(std::move(reading));
}

// Depth is bounded by kXmlDepthMax.
void walk(Unattend& into, const XmlElement& element) {
    if (same_name(element.name, "Clusters")) {
        for (const XmlElement& cluster : element.children) add_cluster(into, cluster);
        return;
    }
    if (same_name(element.name, "ComputerName") && !element.text.empty() && element.text != "*")
        into.computer = statement_of(into, element, "HostName");
    for (const XmlElement& child : element.children) walk(into, child);
}

std::vector<Reading> read_unattend(const XmlElement& top, const std::string& file,
                                   Mistakes& mistakes) {
    Unattend found{file, {}, std::nullopt};
    walk(found, top);
    if (found.readings.empty())
        mistakes.add({file, top.line},
                     "expected Export-Clixml of Get-NlbCluster*, or an unattend.xml with the "
                     "component Microsoft-Windows-NetworkLoadBalancing-Core and its Clusters; got "
                     "neither");
    if (found.computer)
        for (Reading& reading : found.readings) reading.said.push_back(*found.computer);
    return std::move(found.readings);
}

}  // namespace

std::vector<Reading> read_xml(std::string_view bytes, const std::string& file, Mistakes& mistakes) {
    const auto top = parse_xml(bytes, file);
    if (!top) {
        mistakes.add_sentence(top.error().message);
        return {};
    }
    if (same_name(top.value().name, "Objs")) return read_clixml(top.value(), file, mistakes);
    return read_unattend(top.value(), file, mistakes);
}

}  // namespace nlb::cli::windows
