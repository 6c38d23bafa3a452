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

namespace {

// A rename is on the disk when its directory is.
bool sync_directory_of(const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    const int fd =
        open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = fsync(fd) == 0;
    close(fd);
    return done;
}

}  // namespace

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

Result<StoredState> read_state(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file && errno == ENOENT) return StoredState{};
    if (!file) return Error{path + ": cannot be read: " + std::strerror(errno)};
    std::string text(kStateBytesMax, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    auto state = decode_state(text);
    if (!state) return Error{path + ": it holds no state of a host; it is written anew"};
    return std::move(*state);
}

Status write_state(const std::string& path, const StoredState& state) {
    const std::string fresh = path + ".new";
    const std::string text = encode_state(state);
    const auto failed = [&](int cause) {
        unlink(fresh.c_str());
        return Error{path + ": cannot keep the host's state: " + std::strerror(cause)};
    };
    const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed(errno);
    // A short write is a full disk; errno says so only of the next one.
    errno = ENOSPC;
    const bool written =
        write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
    const int cause = errno;
    if (close(fd) != 0 || !written) return failed(cause);
    if (rename(fresh.c_str(), path.c_str()) != 0) return failed(errno);
    return sync_directory_of(path) ? Status{Done{}} : Status{failed(errno)};
}

}  // namespace nlb::controlplane
