#include "cli/windows/clixml.hpp"

#include <algorithm>
#include <map>

namespace nlb::cli::windows {
namespace {

constexpr std::size_t kObjectsMax = 4096;

enum class Kind { cluster, vip, node, dip, rule, driver };

struct Object {
    Kind kind;
    std::vector<Statement> said;
    Place place;

    [[nodiscard]] std::string value(const char* name) const {
        const Statement* statement = find(said, name);
        return statement == nullptr ? "" : statement->value;
    }
    [[nodiscard]] bool holds(const char* name) const { return find(said, name) != nullptr; }
};

// The type's name says it; an object that lost its type (Select-Object) is known by what it has.
std::optional<Kind> kind_of(const std::string& type, const Object& object) {
    const std::size_t dot = type.rfind('.');
    const std::string name = folded(dot == std::string::npos ? type : type.substr(dot + 1));
    if (name == "portrule") return Kind::rule;
    if (name == "clusternodedip" || name == "nodedip") return Kind::dip;
    if (name == "clustervip") return Kind::vip;
    if (name == "node") return Kind::node;
    if (name == "cluster") return Kind::cluster;
    if (object.holds("StartPort") && object.holds("EndPort")) return Kind::rule;
    if (object.holds("HostPriority")) return Kind::node;
    if (object.holds("ParametersVersion") || object.holds("ClusterIPAddress")) return Kind::driver;
    const bool address = object.holds("IPAddress") && object.holds("SubnetMask");
    if (address && (object.holds("Node") || object.holds("NodeName"))) return Kind::dip;
    if (address && object.holds("Name")) return Kind::cluster;
    if (address) return Kind::vip;
    return std::nullopt;
}

// A property that is an object itself (an enumeration, an address) is told by its ToString.
Statement property_of(const XmlElement& element, const std::string& file) {
    const XmlElement* words = element.child("ToString");
    return {element.n, words == nullptr ? element.text : words->text, {file, element.line}};
}

std::optional<Object> object_of(const XmlElement& element, const std::string& file,
                                std::map<std::string, std::string>& types) {
    Object object{Kind::cluster, {}, {file, element.line}};
    std::string type;
    for (const XmlElement& child : element.children) {
        if (child.name == "TN" && !child.children.empty())
            type = types[child.ref_id] = child.children.front().text;
        if (child.name == "TNRef") type = types[child.ref_id];
        if (child.name != "Props" && child.name != "MS") continue;
        for (const XmlElement& property : child.children)
            if (object.said.size() < kStatementsMax && !property.n.empty() &&
                property.name != "Nil")
                object.said.push_back(property_of(property, file));
    }
    const auto kind = kind_of(type, object);
    if (!kind) return std::nullopt;
    object.kind = *kind;
    return object;
}

// Names under which one thing is told by different objects.
Statement renamed(Statement statement, Kind kind) {
    const auto is = [&](const char* name) { return same_name(statement.name, name); };
    if (kind == Kind::cluster) {
        if (is("Name")) statement.name = "ClusterName";
        if (is("IPAddress") || is("ClusterPrimaryIP")) statement.name = "ClusterIPAddress";
        if (is("SubnetMask")) statement.name = "ClusterNetworkMask";
        if (is("Mode") || is("OperationMode")) statement.name = "ClusterMode";
    }
    if (kind == Kind::node && is("Name")) statement.name = "HostName";
    return statement;
}

AddressStatement address_of(const Object& object) {
    return {object.value("IPAddress"), object.value("SubnetMask"), object.place};
}

bool belongs(const Object& object, const std::string& node) {
    const std::string of =
        object.holds("NodeName") ? object.value("NodeName") : object.value("Node");
    return of.empty() || node.empty() || same_name(of, node);
}

class Assembly {
public:
    explicit Assembly(std::vector<Object> objects) : objects_(std::move(objects)) {}

    std::vector<Reading> assemble(const std::string& file) {
        std::vector<Reading> readings;
        for (const Object& object : objects_)
            if (object.kind == Kind::node || object.kind == Kind::driver) {
                if (readings.size() < kReadingsMax) readings.push_back(of_host(object));
            }
        if (!readings.empty() || objects_.empty()) return readings;
        Object nobody{Kind::driver, {}, {file, objects_.front().place.line}};
        readings.push_back(of_host(nobody));
        return readings;
    }

private:
    [[nodiscard]] Reading of_host(const Object& host) const {
        Reading reading;
        reading.place = host.place;
        for (const Statement& statement : host.said)
            reading.said.push_back(renamed(statement, host.kind));
        const std::string cluster = host.value(host.kind == Kind::node ? "Cluster" : "ClusterName");
        const std::string name = host.kind == Kind::node ? host.value("Name") : "";
        for (const Object& object : objects_) take(object, cluster, name, reading);
        return reading;
    }

    // An object of another cluster, by the cluster's name, is not this host's.
    void take(const Object& object, const std::string& cluster, const std::string& node,
              Reading& reading) const {
        const std::string of = object.value(object.kind == Kind::cluster ? "Name" : "Cluster");
        if (!of.empty() && !cluster.empty() && !same_name(of, cluster)) return;
        if (object.kind == Kind::cluster) {
            for (const Statement& statement : object.said)
                if (find(reading.said, renamed(statement, object.kind).name.c_str()) == nullptr)
                    reading.said.push_back(renamed(statement, object.kind));
        } else if (object.kind == Kind::vip) {
            reading.virtual_addresses.push_back(address_of(object));
        } else if (object.kind == Kind::dip && belongs(object, node)) {
            reading.dedicated.push_back(address_of(object));
        } else if (object.kind == Kind::rule && belongs(object, node)) {
            reading.rules_said = true;
            if (reading.rules.size() < kRuleStatementsMax)
                reading.rules.push_back({object.said, object.place});
        }
    }

    std::vector<Object> objects_;
};

}  // namespace

std::vector<Reading> read_clixml(const XmlElement& top, const std::string& file,
                                 Mistakes& mistakes) {
    std::vector<Object> objects;
    std::map<std::string, std::string> types;
    const auto add_object = [&](const XmlElement& element) {
        auto object = object_of(element, file, types);
        if (object && objects.size() < kObjectsMax) objects.push_back(std::move(*object));
    };
    for (const XmlElement& element : top.children) {
        const XmlElement* list = element.child("LST");  // one array instead of many objects
        if (list == nullptr) add_object(element);
        for (std::size_t i = 0; list != nullptr && i < list->children.size(); ++i)
            add_object(list->children[i]);
    }
    const bool has_cluster = std::any_of(objects.begin(), objects.end(), [](const Object& object) {
        return object.kind == Kind::cluster || object.holds("ClusterIPAddress");
    });
    if (!has_cluster)
        mistakes.add({file, top.line},
                     "expected the objects of Get-NlbCluster, Get-NlbClusterNode, "
                     "Get-NlbClusterNodeDip, Get-NlbClusterVip and Get-NlbClusterPortRule; got no "
                     "cluster");
    return has_cluster ? Assembly(std::move(objects)).assemble(file) : std::vector<Reading>{};
}

}  // namespace nlb::cli::windows
