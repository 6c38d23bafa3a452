// The top level: clusters, metrics, manager, poll, eal; and the texts that clusters, hosts and
// rules share.
#include "config/parse.hpp"

#include <algorithm>

namespace nlb::config {
namespace {

constexpr std::size_t kNameMax = 63;
constexpr std::size_t kStateDirMax = 200;
constexpr std::size_t kDnsNameMax = 253;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "127.0.0.1:9780" or "[::1]:9780"
bool is_listen_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto address = parse_ip(host);
    std::uint64_t port = 0;
    return address && address.value().is_v4() != bracketed &&
           read_decimal(text.substr(colon + 1), port) && port >= 1 && port <= 65535;
}

// "nlb.example.net": what stands in a Host header, without a port.
bool is_dns_name(std::string_view text) {
    const bool letters = std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '.';
    });
    return letters && !text.empty() && text.size() <= kDnsNameMax &&
           is_letter_or_digit(text.front()) && is_letter_or_digit(text.back());
}

void parse_manager_names(const Cursor& at, std::vector<std::string>& into) {
    for (const Cursor& name : at.items("names", 0, kManagerNamesMax)) {
        if (name.is_scalar() && is_dns_name(name.scalar()))
            into.push_back(name.scalar());
        else
            name.expected("a DNS name without a port, such as nlb.example.net");
    }
}

void parse_manager(const Cursor& at, Manager& into) {
    const Mapping keys(at, "a mapping with listen, token_file, read_token or names",
                       {"listen", "token_file", "read_token", "names"});
    if (const Cursor* listen = keys.require("listen", "\"ADDRESS:PORT\" or \"[IPV6]:PORT\"")) {
        if (listen->is_scalar() &&
            (listen->scalar().empty() || is_listen_address(listen->scalar())))
            into.listen = listen->scalar();
        else
            listen->expected("\"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"\" for none");
    }
    if (const Cursor* file = keys.find("token_file"))
        file->read_text(into.token_file, "a file that holds the token");
    if (const Cursor* read = keys.find("read_token")) {
        read->read_flag(into.read_token);
        if (into.read_token && into.token_file.empty())
            read->expected("false, because there is no token_file");
    }
    if (const Cursor* names = keys.find("names")) parse_manager_names(*names, into.names);
}

// Absolute: the two programs may be started anywhere.
void parse_state_dir(const Cursor& at, std::string& into) {
    constexpr std::string_view kWanted =
        "an absolute path of up to 200 bytes, such as /var/lib/nlb";
    if (!at.is_scalar() || at.scalar().empty() || at.scalar().front() != '/' ||
        at.scalar().size() > kStateDirMax)
        return at.expected(kWanted);
    into = at.scalar();
}

void parse_eal(const Cursor& at, Eal& into) {
    const Mapping keys(at, "a mapping with hugepages, memory or main_lcore",
                       {"hugepages", "memory", "main_lcore"});
    if (const Cursor* hugepages = keys.find("hugepages")) hugepages->read_flag(into.hugepages);
    if (const Cursor* memory = keys.find("memory"))
        memory->read_number(into.memory_mib, kMemoryMibMin, kMemoryMibMax);
    if (const Cursor* lcore = keys.find("main_lcore")) {
        std::uint16_t number = kLcoreMax;
        lcore->read_number(number, 0, kLcoreMax);
        into.main_lcore = number;
    }
}

}  // namespace

// One place to listen at, or a list of them.
void parse_metrics(const Cursor& at, Metrics& into) {
    const Mapping keys(at, "a mapping with the key listen", {"listen"});
    const Cursor* listen = keys.find("listen");
    if (listen == nullptr) return;
    into.listen.clear();
    if (listen->is_list()) {
        for (const Cursor& place : listen->items("places to listen at", 0, kListensMax))
            if (!place.is_scalar() || !is_listen_address(place.scalar()))
                place.expected("\"ADDRESS:PORT\" or \"[IPV6]:PORT\"");
            else if (std::find(into.listen.begin(), into.listen.end(), place.scalar()) !=
                     into.listen.end())
                place.expected("a place that is not named already");
            else
                into.listen.push_back(place.scalar());
        return;
    }
    const bool none = listen->is_scalar() && listen->scalar().empty();
    if (!none && !(listen->is_scalar() && is_listen_address(listen->scalar())))
        return listen->expected("\"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"\" for none");
    if (!none) into.listen.push_back(listen->scalar());
}

Config parse_config(const Cursor& top) {
    Config config;
    const Mapping keys(top, "a mapping with the key clusters",
                       {"clusters", "metrics", "manager", "state_dir", "poll", "eal"});
    if (const Cursor* clusters = keys.require("clusters", "a list of clusters"))
        for (const Cursor& cluster : clusters->items("clusters", 1, kClustersMax))
            config.clusters.push_back(parse_cluster(cluster));
    if (const Cursor* metrics = keys.find("metrics")) parse_metrics(*metrics, config.metrics);
    if (const Cursor* manager = keys.find("manager")) parse_manager(*manager, config.manager);
    if (const Cursor* state_dir = keys.find("state_dir"))
        parse_state_dir(*state_dir, config.state_dir);
    if (const Cursor* poll = keys.find("poll")) poll->read_word(config.poll);
    if (const Cursor* eal = keys.find("eal")) parse_eal(*eal, config.eal);
    return config;
}

void parse_weight(const Cursor& at, std::uint8_t& into) {
    std::uint64_t weight = 0;
    if (at.is_scalar() && at.scalar() == "equal") {
        into = kEqualWeight;
    } else if (at.is_scalar() && read_decimal(at.scalar(), weight) && weight <= kWeightMax) {
        into = static_cast<std::uint8_t>(weight);
    } else {
        at.expected("equal or a whole number in 0-100");
    }
}

void parse_flow_time(const Cursor& at, Duration& into) {
    Duration value{};
    if (!at.read(value, &parse_duration, "a duration such as 30s, 20m or 24h")) return;
    const bool right = value >= kFlowTimeMin && value <= kFlowTimeMax &&
                       value % std::chrono::seconds{1} == Duration::zero();
    if (!right)
        return at.expected("a duration of whole seconds from " + to_string(kFlowTimeMin) + " to " +
                           to_string(kFlowTimeMax));
    into = value;
}

void parse_name(const Cursor& at, NameKind kind, std::string& into) {
    std::string name;
    if (!at.read_text(name, "a name")) return;
    const bool letters = std::all_of(name.begin(), name.end(), [&](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '_' ||
               (c == '.' && kind != NameKind::rule);
    });
    const bool all_digits =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    // Commands take RULE, [VIP:]PORT or all in one place, and NAME or all for hosts: none may look
    // like another.
    if (!letters || !is_letter_or_digit(name.front()) || name.size() > kNameMax) {
        const char* dot = kind != NameKind::rule ? ", \".\"" : "";
        return at.expected("a name of up to 63 letters, digits, \"-\", \"_\"" + std::string(dot) +
                           " that begins with a letter or digit");
    }
    if (all_digits && kind == NameKind::rule) return at.expected("a name that is no port number");
    if (name == "all") return at.expected("a name other than \"all\", which stands for every one");
    into = name;
}

}  // namespace nlb::config
