// Reading, writing and deriving keys. Refuses a file that others could read, whatever is in it.
#include "config/key_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <pwd.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nlb::config {
namespace {

static_assert(crypto_kdf_KEYBYTES == sizeof(ClusterKey::bytes));
static_assert(crypto_kdf_CONTEXTBYTES == 8);

// crypto_kdf takes a number and a context of eight characters; the context names the use, the
// number its version.
constexpr std::uint64_t kDerivationVersion = 1;
constexpr const char* kHashContext = "nlb-hash";
constexpr const char* kHeartbeatContext = "nlb-beat";
constexpr const char* kSealContext = "nlb-seal";
constexpr const char* kKeyIdContext = "nlb-kyid";
constexpr const char* kRemoteToHostContext = "nlb-rmth";
constexpr const char* kRemoteToClientContext = "nlb-rmtc";

constexpr std::size_t kTokenMin = 20;
constexpr std::size_t kTokenMax = 200;

class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }

private:
    int fd_;
};

std::string keygen_command(const std::string& path) {
    return "`nlb keygen " + path + "`";
}

Error failed(const std::string& path, const char* what, const std::string& remedy) {
    return Error{path + ": cannot " + what + " the key file: " + std::strerror(errno) + remedy};
}

Status check_private(const std::string& path, const struct stat& status, const char* what) {
    if ((status.st_mode & 077U) == 0) return Done{};
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(status.st_mode & 07777U));
    return Error{path + ": the " + what + " file is open to group or others (mode " + mode.data() +
                 "); run `chmod 600 " + path + "`"};
}

Status check_kind(const std::string& path, const struct stat& status) {
    if (!S_ISREG(status.st_mode))
        return Error{path + ": expected a key file, got a directory or device; name a file that " +
                     keygen_command(path) + " wrote"};
    return check_private(path, status, "key");
}

template <std::size_t kSize>
std::array<Byte, kSize> derive(const ClusterKey& key, const char* context) {
    std::array<Byte, kSize> out{};
    static_assert(kSize >= crypto_kdf_BYTES_MIN && kSize <= crypto_kdf_BYTES_MAX);
    const int result = crypto_kdf_derive_from_key(out.data(), out.size(), kDerivationVersion,
                                                  context, key.bytes.data());
    NLB_ASSERT(result == 0);
    return out;
}

// Root makes keys, and the daemons of the packages run as a user of their own, who reads them.
constexpr const char* kServiceUser = "nlb";

bool give_to_service_user(int file) {
    if (geteuid() != 0) return true;
    const passwd* const user = getpwnam(kServiceUser);
    return user == nullptr || fchown(file, user->pw_uid, user->pw_gid) == 0;
}

}  // namespace

ClusterKey::~ClusterKey() {
    sodium_memzero(bytes.data(), bytes.size());
}

Result<ClusterKey> read_key(const std::string& path) {
    // Not blocking, so that a fifo in the file's place cannot hang a start.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.open()) {
        const bool missing = errno == ENOENT;
        return failed(
            path, "open",
            missing ? "; write one with " + keygen_command(path) + " and copy it to every host"
            : geteuid() != 0 ? "; run `chown " + std::to_string(geteuid()) + " " + path + "`"
                             : "");
    }
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return failed(path, "inspect", "");
    if (auto kind = check_kind(path, status); !kind) return kind.error();

    ClusterKey key;
    if (status.st_size != static_cast<off_t>(key.bytes.size()))
        return Error{path + ": expected a key of 32 bytes, got " + std::to_string(status.st_size) +
                     "; copy the key of another host, or write a new one with `nlb keygen`"};
    const ssize_t count = read(file.get(), key.bytes.data(), key.bytes.size());
    if (count < 0) return failed(path, "read", "");
    if (count != static_cast<ssize_t>(key.bytes.size()))
        return Error{path + ": the key file became shorter while it was read; start again"};
    if (sodium_is_zero(key.bytes.data(), key.bytes.size()) == 1)
        return Error{path +
                     ": expected a random key, got 32 zero bytes; copy the key of another host, or "
                     "write a new one with `nlb keygen`"};
    return key;
}

Status write_key(const std::string& path) {
    if (sodium_init() < 0)
        return Error{path + ": cannot make a key: libsodium found no source of random numbers"};
    const Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) {
        const char* remedy =
            errno == EEXIST ? "; move it away first if the cluster is to have a new key" : "";
        return failed(path, "create", remedy);
    }
    ClusterKey key;
    randombytes_buf(key.bytes.data(), key.bytes.size());
    const bool written = write(file.get(), key.bytes.data(), key.bytes.size()) ==
                         static_cast<ssize_t>(key.bytes.size());
    if (!written || !give_to_service_user(file.get()) || fsync(file.get()) != 0) {
        const Error error = failed(path, "write", "");
        unlink(path.c_str());
        return error;
    }
    return Done{};
}

Result<std::string> read_token(const std::string& path) {
    const std::string remedy =
        "; write one with `(umask 077; openssl rand -hex 24 > " + path + ")`";
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.open())
        return Error{path + ": cannot open the token file: " + std::strerror(errno) + remedy};
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return failed(path, "inspect", "");
    if (!S_ISREG(status.st_mode)) return Error{path + ": expected a file" + remedy};
    if (auto closed = check_private(path, status, "token"); !closed) return closed.error();
    std::array<char, kTokenMax + 2> bytes{};
    const ssize_t count = read(file.get(), bytes.data(), bytes.size());
    if (count < 0) return failed(path, "read", "");
    std::string token(bytes.data(), static_cast<std::size_t>(count));
    sodium_memzero(bytes.data(), bytes.size());
    if (!token.empty() && token.back() == '\n') token.pop_back();
    const bool printable = std::all_of(token.begin(), token.end(),
                                       [](unsigned char c) { return c > ' ' && c < 0x7f; });
    if (token.size() < kTokenMin || token.size() > kTokenMax || !printable)
        return Error{path + ": expected one line of 20 to 200 printable characters without blanks" +
                     remedy};
    return token;
}

std::array<std::uint64_t, 4> derive_hash_key(const ClusterKey& key) {
    const auto bytes = derive<32>(key, kHashContext);
    std::array<std::uint64_t, 4> words{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        words[i / 8] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
    return words;
}

std::array<Byte, 32> derive_heartbeat_key(const ClusterKey& key) {
    return derive<32>(key, kHeartbeatContext);
}

std::array<std::uint64_t, 2> derive_seal_key(const ClusterKey& key) {
    const auto bytes = derive<16>(key, kSealContext);
    std::array<std::uint64_t, 2> words{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        words[i / 8] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
    return words;
}

std::array<Byte, 32> derive_remote_key(const ClusterKey& key, RemoteWay way) {
    return derive<32>(key,
                      way == RemoteWay::to_host ? kRemoteToHostContext : kRemoteToClientContext);
}

std::uint16_t key_id(const ClusterKey& key) {
    const auto bytes = derive<16>(key, kKeyIdContext);
    return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
}

}  // namespace nlb::config
