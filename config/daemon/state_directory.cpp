#include "config/daemon/state_directory.hpp"

#include <cerrno>
#include <cstring>
#include <sys/stat.h>

#include "config/daemon/trusted_directory.hpp"

namespace nlb::daemon {
namespace {

constexpr mode_t kMode = 0750;

bool make(const std::string& path) {
    return mkdir(path.c_str(), kMode) == 0 || errno == EEXIST;
}

}  // namespace

std::string state_directory_of(std::string_view configured, std::string_view run_directory,
                               std::string_view host) {
    if (configured.empty() && !run_directory.empty()) return std::string{run_directory};
    return std::string{configured.empty() ? kDefaultStateDirectory : configured} + "/" +
           std::string{host};
}

Status make_state_directory(const std::string& path) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
        for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
             slash = path.find('/', slash + 1))
            static_cast<void>(make(path.substr(0, slash)));  // what counts is the last one
        if (!make(path))
            return Error{path + ": cannot make this directory: " + std::strerror(errno) +
                         "; make it, or change state_dir"};
    }
    if (const std::string why = distrust(path); !why.empty())
        return Error{path + ": cannot keep files in this directory (" + why + ")"};
    return Done{};
}

}  // namespace nlb::daemon
