// An own client of some lines, so that neither program needs a library of one service manager.
#include "config/daemon/service_manager.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace nlb::daemon {
namespace {

std::string taken(const char* name) {
    const char* const value = std::getenv(name);
    std::string text = value == nullptr ? "" : value;
    unsetenv(name);
    return text;
}

// 0: none, or meant for another process.
Duration watchdog_of(const std::string& microseconds, const std::string& process) {
    if (!process.empty() && process != std::to_string(getpid())) return {};
    const long long value = std::strtoll(microseconds.c_str(), nullptr, 10);
    return value > 0 ? Duration{std::chrono::microseconds{value}} : Duration{};
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
    ServiceManager manager;
    manager.address_ = taken("NOTIFY_SOCKET");
    const std::string microseconds = taken("WATCHDOG_USEC");
    const std::string process = taken("WATCHDOG_PID");
    const std::string& address = manager.address_;
    const bool usable = address.size() > 1 && (address[0] == '/' || address[0] == '@') &&
                        address.size() < sizeof(sockaddr_un::sun_path);
    if (!usable) return manager;
    // It does not block: a manager that reads slowly must not hold packets or leases up.
    manager.fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (manager.fd_ >= 0) manager.watchdog_ = watchdog_of(microseconds, process);
    return manager;
}

ServiceManager::ServiceManager(ServiceManager&& other) noexcept {
    *this = std::move(other);
}

ServiceManager& ServiceManager::operator=(ServiceManager&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(address_, other.address_);
    std::swap(watchdog_, other.watchdog_);
    std::swap(fed_, other.fed_);
    std::swap(owes_ready_, other.owes_ready_);
    std::swap(status_, other.status_);
    return *this;
}

ServiceManager::~ServiceManager() {
    if (fd_ >= 0) close(fd_);
}

void ServiceManager::status(std::string_view text) {
    if (fd_ < 0 || text == status_) return;
    std::string line{text};
    // A line break would begin another assignment.
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    if (tell("STATUS=" + line)) status_ = text;
}

void ServiceManager::alive(Instant now) {
    if (owes_ready_) ready();
    if (watchdog_ == Duration{} || (fed_ != kLongAgo && now - fed_ < watchdog_ / 4)) return;
    if (tell("WATCHDOG=1")) fed_ = now;
}

bool ServiceManager::tell(std::string_view text) const {
    if (fd_ < 0) return true;  // nobody asked to be told
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    address_.copy(to.sun_path, address_.size());
    if (to.sun_path[0] == '@') to.sun_path[0] = '\0';  // a name without a file
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    ssize_t sent = 0;
    do {
        sent = sendto(fd_, text.data(), text.size(), MSG_NOSIGNAL,
                      reinterpret_cast<const sockaddr*>(&to), size);
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(text.size());
}

}  // namespace nlb::daemon
