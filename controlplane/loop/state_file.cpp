// Written beside the file and renamed over it, so that a crash leaves the former one.
#include "controlplane/loop/state_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/agent/rule_states.hpp"

namespace nlb::controlplane {

using Json = nlohmann::json;

std::string encode_state(const StoredState& state) {
    Json clusters = Json::object();
    for (const auto& [name, stored] : state) {
        Json rules = Json::object();
        for (const auto& [rule, rule_state] : stored.rules) rules[rule] = name_of(rule_state);
        clusters[name] = {{"rules", rules}};
        if (stored.wanted) clusters[name]["state"] = name_of(*stored.wanted);
    }
    return Json{{"version", 1}, {"clusters", clusters}}.dump() + "\n";
}

std::optional<StoredState> decode_state(const std::string& text) {
    const Json file = Json::parse(text, nullptr, false);
    if (!file.is_object() || !file.contains("clusters") || !file["clusters"].is_object())
        return std::nullopt;
    StoredState state;
    for (const auto& [name, entry] : file["clusters"].items()) {
        if (!entry.is_object()) return std::nullopt;
        StoredCluster& stored = state[name];
        if (const auto wanted = entry.find("state"); wanted != entry.end() && wanted->is_string())
            stored.wanted = wanted_from(wanted->get_ref<const std::string&>());
        const auto rules = entry.find("rules");
        if (rules == entry.end() || !rules->is_object()) continue;
        for (const auto& [rule, word] : rules->items()) {
            if (!word.is_string()) continue;
            if (const auto rule_state = rule_state_from(word.get_ref<const std::string&>()))
                stored.rules[rule] = *rule_state;
        }
    }
    return state;
}

StoredState read_state(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(kStateBytesMax, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return decode_state(text).value_or(StoredState{});
}

Status write_state(const std::string& path, const StoredState& state) {
    const std::string fresh = path + ".new";
    const std::string text = encode_state(state);
    const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written =
        fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int cause = errno;
    if (fd >= 0) close(fd);
    if (!written || rename(fresh.c_str(), path.c_str()) != 0)
        return Error{path +
                     ": cannot keep the host's state: " + std::strerror(written ? errno : cause)};
    return Done{};
}

}  // namespace nlb::controlplane
