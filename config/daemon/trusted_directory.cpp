#include "config/daemon/trusted_directory.hpp"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace nlb::daemon {

std::string distrust(const std::string& path) {
    struct stat about {};
    if (lstat(path.c_str(), &about) != 0) return std::strerror(errno);
    if (S_ISLNK(about.st_mode)) return "it is a link; name the directory itself";
    if (!S_ISDIR(about.st_mode)) return "it is no directory";
    if (about.st_uid != geteuid() && about.st_uid != 0)
        return "it belongs to user " + std::to_string(about.st_uid) +
               "; name one of your own, or run `chown " + std::to_string(geteuid()) + " " + path +
               "`";
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others may write to it; run `chmod 755 " + path + "`";
    return "";
}

}  // namespace nlb::daemon
