// Nothing is written but whole files by rename, so that a crash leaves one of them.
#include "controlplane/loop/configuration_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "config/daemon/state_directory.hpp"
#include "config/received.hpp"
#include "config/transfer.hpp"
#include "controlplane/loop/sodium_authenticator.hpp"

namespace nlb::controlplane {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeysMax = 8;

bool is_there(const std::string& path) {
    struct stat about {};
    return stat(path.c_str(), &about) == 0;
}

// As much as a configuration may have, and a byte more.
std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(config::kFileBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

bool sync_directory(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = fsync(fd) == 0;
    close(fd);
    return done;
}

Error cannot(const std::string& path, int cause) {
    return Error{path + ": cannot be written: " + std::strerror(cause)};
}

Status write_new(const std::string& path, const std::string& bytes) {
    unlink(path.c_str());
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return cannot(path, errno);
    // A short write is a full disk; errno says so only of the next one.
    errno = ENOSPC;
    const bool written =
        write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
        fsync(fd) == 0;
    const int cause = errno;
    if (close(fd) == 0 && written) return Done{};
    unlink(path.c_str());
    return cannot(path, cause);
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

// The generations by which it was decided, for people.
std::string generations_of(const config::Config& config) {
    std::string text;
    for (const config::Cluster& cluster : config.clusters)
        text +=
            (text.empty() ? "" : ", ") + cluster.name + ": " + std::to_string(cluster.generation);
    return text;
}

Status read_its_keys(const config::Config& config, const std::string& host) {
    const auto members = config::memberships_of(config, host);
    if (!members) return members.error();
    for (const config::Member& member : members.value())
        if (const auto secrets = read_secrets(*member.cluster); !secrets) return secrets.error();
    return Done{};
}

}  // namespace

Result<config::Loaded> check_received(const ConfigurationFiles& files, const config::Config& own,
                                      const std::string& text) {
    auto loaded = config::load_text(text, files.received(), files.own);
    if (!loaded) return Error{first_line(loaded.error().message)};
    config::use_received_keys(loaded.value().config, files.own, files.keys(), is_there);
    if (const Status fits = config::may_take_place_of(own, loaded.value().config, files.host);
        !fits)
        return fits.error();
    if (const Status keys = read_its_keys(loaded.value().config, files.host); !keys)
        return keys.error();
    return loaded;
}

Result<ChosenConfiguration> choose_configuration(const ConfigurationFiles& files) {
    auto own = config::load_file(files.own);
    if (!own) return own.error();
    config::use_received_keys(own.value().config, files.own, files.keys(), is_there);
    ChosenConfiguration chosen{own.value(), files.own, own.value().config, {}, {}};
    if (!is_there(files.received())) return chosen;
    const std::string text = read_all(files.received());
    auto came = config::load_text(text, files.received(), files.own);
    const bool newer = came && config::is_newer(came.value().config, chosen.own);
    if (came && !newer) return chosen;
    auto checked = check_received(files, chosen.own, text);
    if (!checked) {
        chosen.received_refused = checked.error().message;
        return chosen;
    }
    chosen.loaded = std::move(checked.value());
    chosen.file = files.received();
    chosen.own_passed_over = files.received() + " is in force, not " + files.own +
                             ": its generation is higher (" + generations_of(chosen.loaded.config) +
                             "; " + generations_of(chosen.own) + ")";
    return chosen;
}

Status keep_received(const ConfigurationFiles& files, const std::string& text) {
    if (const Status made = daemon::make_state_directory(files.directory); !made) return made;
    const std::string fresh = files.received() + ".new";
    if (const Status written = write_new(fresh, text); !written) return written;
    // A second name of the former one, so that there is always one under the first.
    unlink(files.former().c_str());
    if (link(files.received().c_str(), files.former().c_str()) != 0 && errno != ENOENT)
        return cannot(files.former(), errno);
    if (rename(fresh.c_str(), files.received().c_str()) != 0)
        return cannot(files.received(), errno);
    if (!sync_directory(files.directory)) return cannot(files.directory, errno);
    return Done{};
}

Status undo_received(const ConfigurationFiles& files, const std::string& digest) {
    if (!is_there(files.received()) ||
        config::digest_of_bytes(read_all(files.received())) != digest)
        return Error{"the file that came is another one; nothing is given up"};
    const bool former = is_there(files.former());
    if (former ? rename(files.former().c_str(), files.received().c_str()) != 0
               : unlink(files.received().c_str()) != 0)
        return cannot(files.received(), errno);
    if (!sync_directory(files.directory)) return cannot(files.directory, errno);
    return Done{};
}

Status keep_key(const ConfigurationFiles& files, const std::string& name, const std::string& bytes,
                const std::vector<std::string>& used) {
    if (bytes.size() != kKeyBytes)
        return Error{"expected a key of 32 bytes, got " + std::to_string(bytes.size())};
    if (const Status made = daemon::make_state_directory(files.keys()); !made) return made;
    const std::string path = files.keys() + "/" + name;
    if (is_there(path)) {
        if (read_all(path) == bytes) return Done{};
        return Error{path + ": there is another key of that name"};
    }
    std::vector<fs::path> unused;
    std::error_code failed;
    for (auto at = fs::directory_iterator(files.keys(), failed);
         !failed && at != fs::directory_iterator(); at.increment(failed))
        if (std::find(used.begin(), used.end(), at->path().string()) == used.end())
            unused.push_back(at->path());
    std::sort(unused.begin(), unused.end(), [](const fs::path& one, const fs::path& other) {
        std::error_code unknown;
        return fs::last_write_time(one, unknown) < fs::last_write_time(other, unknown);
    });
    for (std::size_t i = 0; i + kKeysMax <= unused.size(); ++i) unlink(unused[i].c_str());
    const std::string fresh = files.keys() + "/.new";
    if (const Status written = write_new(fresh, bytes); !written) return written;
    if (rename(fresh.c_str(), path.c_str()) != 0) return cannot(path, errno);
    if (!sync_directory(files.keys())) return cannot(files.keys(), errno);
    return Done{};
}

}  // namespace nlb::controlplane
