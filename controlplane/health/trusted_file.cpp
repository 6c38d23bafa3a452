// Walks the path name by name, as the kernel does, and looks at each directory that it passes.
#include "controlplane/health/trusted_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <sys/stat.h>
#include <unistd.h>

namespace nlb::controlplane {
namespace {

constexpr int kLinksMax = 40;  // as the kernel has it

void put_in_front(std::deque<std::string>& names, const std::string& path) {
    std::deque<std::string> parts;
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        if (slash > at) parts.push_back(path.substr(at, slash - at));
        at = slash + 1;
    }
    names.insert(names.begin(), parts.begin(), parts.end());
}

Status judge(const std::string& path, const struct stat& status) {
    if (status.st_uid != 0) return Error{path + " is not root's; run `chown root " + path + "`"};
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Error{"others than root may write " + path + "; run `chmod go-w " + path +
                     "`, or put the program elsewhere"};
    return Done{};
}

Error unreadable(const std::string& path) {
    return Error{path + ": " + std::strerror(errno)};
}

Result<std::string> target_of(const std::string& link) {
    std::array<char, 4096> target{};
    const ssize_t length = readlink(link.c_str(), target.data(), target.size());
    if (length < 0) return unreadable(link);
    return std::string(target.data(), static_cast<std::size_t>(length));
}

std::string parent_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

}  // namespace

Result<std::string> trusted_file(const std::string& path) {
    std::deque<std::string> names;
    put_in_front(names, path);
    std::string here;  // without the last "/"
    int links = 0;
    struct stat status {};
    if (stat("/", &status) != 0) return unreadable("/");
    if (const Status root = judge("/", status); !root) return root.error();
    while (!names.empty()) {
        const std::string name = names.front();
        names.pop_front();
        if (name == ".") continue;
        if (name == "..") {
            here = parent_of(here);
            continue;
        }
        const std::string next = here + "/" + name;
        if (lstat(next.c_str(), &status) != 0) return unreadable(next);
        if (S_ISLNK(status.st_mode)) {
            if (++links > kLinksMax) return Error{path + ": too many symbolic links"};
            const auto target = target_of(next);
            if (!target) return target.error();
            if (target.value().front() == '/') here.clear();
            put_in_front(names, target.value());
            continue;
        }
        if (const Status right = judge(next, status); !right) return right.error();
        here = next;
    }
    if (!S_ISREG(status.st_mode) || here.empty()) return Error{path + " is no file"};
    if ((status.st_mode & S_IXUSR) == 0)
        return Error{path + " may not be executed; run `chmod u+x " + path + "`"};
    return here;
}

}  // namespace nlb::controlplane
