#include "cli/doctor/file_findings.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/timing_view.hpp"
#include "config/endpoint.hpp"
#include "config/key_file.hpp"

namespace nlb::cli {
namespace {

using config::Finding;
using config::FindingId;
using config::Findings;

constexpr const char* kConfiguration = "configuration";
constexpr const char* kDirectories = "directories";
constexpr const char* kServiceUser = "nlb";
constexpr std::uint64_t kStateLeastBytes = 16U << 20;

KeyFacts look_at_key(std::string place, const std::string& path) {
    KeyFacts facts{std::move(place), path, false, 0, 0, "", {}};
    struct stat about {};
    facts.exists = ::stat(path.c_str(), &about) == 0;
    facts.mode = about.st_mode & 07777U;
    facts.owner = about.st_uid;
    const auto key = config::read_key(path);
    if (key)
        facts.fingerprint = config::derive_heartbeat_key(key.value());
    else
        facts.refusal = key.error().message;
    return facts;
}

FindingId why_refused(const KeyFacts& key) {
    if (!key.exists) return FindingId::key_missing;
    return (key.mode & 077U) != 0 ? FindingId::key_open : FindingId::key_unusable;
}

std::string mend_of_key(const KeyFacts& key, const Runner& runner) {
    if (!key.exists) return "nlb keygen " + key.path;
    if ((key.mode & 077U) != 0) return "chmod 600 " + key.path;
    return runner.by_units ? "copy it again from another host, then chown nlb: " + key.path
                           : "copy it again from another host";
}

// Empty: nobody answers so.
std::string http_answer(int socket_, const sockaddr* address, socklen_t length,
                        const std::string& path) {
    const timeval patience{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(socket_, address, length) != 0) return "";
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return "";
    std::string answer;
    std::array<char, 4096> part{};
    while (answer.size() < part.size() * 16) {
        const ssize_t count = ::recv(socket_, part.data(), part.size(), 0);
        if (count <= 0) break;
        answer.append(part.data(), static_cast<std::size_t>(count));
    }
    return answer;
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};
SocketAddress socket_address(const config::Endpoint& endpoint) {
    SocketAddress made;
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port.value_or(0));
        v4.sin_addr.s_addr = htonl(endpoint.address.as_v4());
        std::memcpy(&made.storage, &v4, sizeof v4);
        made.length = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port.value_or(0));
        std::copy(endpoint.address.bytes.begin(), endpoint.address.bytes.end(),
                  v6.sin6_addr.s6_addr);
        std::memcpy(&made.storage, &v6, sizeof v6);
        made.length = sizeof v6;
    }
    return made;
}

}  // namespace

Runner read_runner(const std::string& root) {
    Runner runner{::geteuid(), false};
    for (const char* const place :
         {"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"})
        for (const std::string& where : {root, std::string{}}) {
            std::error_code ignored;
            if (std::filesystem::exists(where + place + "/nlb-dataplane.service", ignored))
                runner.by_units = true;
        }
    if (!runner.by_units) return runner;
    const passwd* const user = ::getpwnam(kServiceUser);
    runner.by_units = user != nullptr;
    if (user != nullptr) runner.uid = user->pw_uid;
    return runner;
}

Findings judge_mistakes(const std::string& mistakes) {
    Findings findings;
    std::istringstream in(mistakes);
    for (std::string line; std::getline(in, line);)
        findings.push_back({FindingId::configuration_mistake, kConfiguration, line, "nlb check"});
    return findings;
}

Findings judge_warnings(const std::vector<std::string>& warnings) {
    Findings findings;
    for (const std::string& warning : warnings)
        findings.push_back(
            {FindingId::configuration_warning, kConfiguration, warning, "nlb check"});
    return findings;
}

Findings judge_timing(const config::Cluster& cluster) {
    Findings findings;
    for (const TimingFinding& finding : timing_findings(cluster.heartbeat))
        findings.push_back({finding.fatal ? FindingId::timing_impossible : FindingId::timing_tight,
                            kConfiguration,
                            "cluster " + cluster.name + ": heartbeat: " + finding.sentence,
                            "raise `heartbeat.period` or `heartbeat.tolerance`"});
    return findings;
}

std::vector<KeyFacts> read_keys(const std::vector<config::Member>& members) {
    std::vector<KeyFacts> keys;
    for (const config::Member& member : members) {
        const std::string place = "cluster " + member.cluster->name + ": ";
        keys.push_back(look_at_key(place + "key_file", member.cluster->key_file));
        for (const std::string& path : member.cluster->former_key_files)
            keys.push_back(look_at_key(place + "former_key_files", path));
    }
    return keys;
}

Findings judge_keys(const std::vector<KeyFacts>& keys, const Runner& runner) {
    Findings findings;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const KeyFacts& key = keys[i];
        if (!key.refusal.empty()) {
            findings.push_back({why_refused(key), kKeys, key.place + ": " + key.refusal,
                                mend_of_key(key, runner)});
            continue;
        }
        if (runner.by_units && key.owner != runner.uid)
            findings.push_back({FindingId::key_of_another_user, kKeys,
                                key.place + ": " + key.path +
                                    " does not belong to the user nlb, as whom the units run",
                                "chown nlb: " + key.path});
        const auto same = std::find_if(
            keys.begin(), keys.begin() + static_cast<long>(i),
            [&](const KeyFacts& other) { return other.fingerprint == key.fingerprint; });
        if (same != keys.begin() + static_cast<long>(i))
            findings.push_back(
                {FindingId::key_shared, kKeys,
                 key.place + " is the same key as " + same->place + ": who holds one holds both",
                 "nlb keygen NEW, and name it in one of the two places"});
    }
    return findings;
}

DirectoryFacts read_directory(FindingId unusable, std::string what, const std::string& path) {
    DirectoryFacts facts;
    facts.unusable = unusable;
    facts.what = std::move(what);
    facts.path = path;
    struct stat about {};
    facts.exists = ::lstat(path.c_str(), &about) == 0;
    facts.is_directory = facts.exists && S_ISDIR(about.st_mode);
    facts.mode = about.st_mode & 07777U;
    facts.owner = about.st_uid;
    std::filesystem::path there = path;
    std::error_code ignored;
    while (there.has_relative_path() && !std::filesystem::exists(there, ignored))
        there = there.parent_path();
    facts.ancestor = there;
    facts.ancestor_is_directory = std::filesystem::is_directory(there, ignored);
    struct statvfs space {};
    if (::statvfs(there.c_str(), &space) == 0)
        facts.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
    return facts;
}

Findings judge_directory(const DirectoryFacts& facts, const Runner& runner) {
    Findings findings;
    const auto refuse = [&](std::string says, std::string mend) {
        findings.push_back({facts.unusable, kDirectories,
                            facts.what + " " + facts.path + " " + std::move(says),
                            std::move(mend)});
    };
    const std::string owner = runner.by_units ? kServiceUser : "root";
    if (!facts.ancestor_is_directory)
        refuse("cannot be made: " + facts.ancestor + " is no directory", "ls -l " + facts.ancestor);
    else if (facts.exists && !facts.is_directory)
        refuse("is no directory, or a link", "ls -ld " + facts.path);
    else if (facts.exists && facts.owner != runner.uid && facts.owner != 0)
        refuse("belongs to another user than runs the daemons",
               fmt::format("chown {}: {}", owner, facts.path));
    else if (facts.exists && facts.owner != runner.uid)
        refuse("belongs to root, and the daemons run as another user",
               fmt::format("chown {}: {}", owner, facts.path));
    else if (facts.exists && (facts.mode & 022U) != 0)
        refuse("may be written by others, who could then decide what is read",
               "chmod go-w " + facts.path);
    if (facts.unusable == FindingId::state_dir_unusable && facts.free_bytes < kStateLeastBytes)
        findings.push_back({FindingId::state_dir_full, kDirectories,
                            fmt::format("{} MiB are free at {}: the host's state may not be kept",
                                        facts.free_bytes >> 20, facts.path),
                            "df -h " + facts.ancestor});
    return findings;
}

ListenerFacts read_listener(std::string what, const std::string& listen, const std::string& path) {
    ListenerFacts facts{std::move(what), listen, 0, false};
    const auto endpoint =
        listen.empty() ? Result<config::Endpoint>{Error{""}} : config::parse_endpoint(listen);
    if (!endpoint || !endpoint.value().port) {
        facts.listen.clear();
        return facts;
    }
    const SocketAddress address = socket_address(endpoint.value());
    const auto* const where = reinterpret_cast<const sockaddr*>(&address.storage);
    const int socket_ = ::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return facts;
    const int yes = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(socket_, where, address.length) != 0) facts.error = errno;
    ::close(socket_);
    if (facts.error != EADDRINUSE) return facts;
    const int client = ::socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0) return facts;
    facts.ours = http_answer(client, where, address.length, path).find("nlb") != std::string::npos;
    ::close(client);
    return facts;
}

Findings judge_listener(const ListenerFacts& facts) {
    const std::string subject = facts.what;
    const std::string said = fmt::format("`{}.listen`: {} ", facts.what, facts.listen);
    if (facts.error == EADDRINUSE && !facts.ours)
        return {{FindingId::listen_taken, subject, said + "is another program's",
                 fmt::format("ss -ltnp 'sport = :{}'",
                             facts.listen.substr(facts.listen.rfind(':') + 1))}};
    if (facts.error == EADDRNOTAVAIL)
        return {{FindingId::listen_not_here, subject, said + "is no address of this machine",
                 "ip -brief address"}};
    return {};  // a low port may be forbidden to this user and not to the daemons
}

}  // namespace nlb::cli
