// Of tar only what is needed: regular files with short names. Others are left out when read.
#include "config/bundle/archive.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <zlib.h>

#include "core/base/assert.hpp"

namespace nlb::bundle {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kModeAt = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kTimeAt = 136;
constexpr std::size_t kSumAt = 148;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;
constexpr std::size_t kSizeDigits = 11;
constexpr std::size_t kSumBytes = 8;

using Block = std::array<char, kBlockBytes>;

unsigned sum_of(const Block& block) {
    unsigned sum = 0;
    for (std::size_t at = 0; at < block.size(); ++at)
        sum += at >= kSumAt && at < kSumAt + kSumBytes ? unsigned{' '}
                                                       : static_cast<unsigned char>(block[at]);
    return sum;
}

void put_octal(Block& block, std::size_t at, std::size_t digits, std::uint64_t value) {
    for (std::size_t i = digits; i-- > 0; value >>= 3)
        block[at + i] = static_cast<char>('0' + (value & 7));
}

std::uint64_t octal_at(const Block& block, std::size_t at, std::size_t digits) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < digits && block[at + i] >= '0' && block[at + i] <= '7'; ++i)
        value = value << 3 | static_cast<std::uint64_t>(block[at + i] - '0');
    return value;
}

Block header_of(const File& file) {
    NLB_ASSERT(file.name.size() <= kNameBytesMax);
    Block block{};
    file.name.copy(block.data(), file.name.size());
    put_octal(block, kModeAt, 7, 0600);
    put_octal(block, kSizeAt, kSizeDigits, file.bytes.size());
    put_octal(block, kTimeAt, 11, 0);
    block[kTypeAt] = '0';
    std::memcpy(block.data() + kMagicAt, "ustar\00000", 8);
    put_octal(block, kSumAt, 6, sum_of(block));
    block[kSumAt + 7] = ' ';
    return block;
}

std::size_t padding_of(std::size_t bytes) {
    return (kBlockBytes - bytes % kBlockBytes) % kBlockBytes;
}

// Closes what is open, whichever way it ends.
class Gzip {
public:
    Gzip(int fd, const char* mode) : file_(gzdopen(fd, mode)) {
        if (file_ == nullptr) ::close(fd);
    }
    ~Gzip() { static_cast<void>(close()); }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
    [[nodiscard]] bool close() {
        gzFile file = std::exchange(file_, nullptr);
        return file == nullptr || gzclose(file) == Z_OK;
    }
    [[nodiscard]] bool is_compressed() const { return gzdirect(file_) == 0; }
    [[nodiscard]] bool write(const void* data, std::size_t bytes) {
        return bytes == 0 || (file_ != nullptr && gzfwrite(data, bytes, 1, file_) == 1);
    }
    // True: all of it was there.
    [[nodiscard]] bool read(void* data, std::size_t bytes) {
        return file_ != nullptr && gzfread(data, 1, bytes, file_) == bytes;
    }
    // The checksum behind the content too: it is looked at when the end is reached.
    [[nodiscard]] bool reaches_end() {
        std::array<char, 4096> rest{};
        int count = 0;
        while ((count = gzread(file_, rest.data(), rest.size())) > 0) {
        }
        int error = Z_OK;
        static_cast<void>(gzerror(file_, &error));
        return count == 0 && error == Z_OK && gzeof(file_) != 0;
    }

private:
    gzFile file_;
};

bool write_files(Gzip& out, const std::vector<File>& files) {
    const Block nothing{};
    for (const File& file : files) {
        const Block header = header_of(file);
        if (!out.write(header.data(), header.size()) ||
            !out.write(file.bytes.data(), file.bytes.size()) ||
            !out.write(nothing.data(), padding_of(file.bytes.size())))
            return false;
    }
    return out.write(nothing.data(), nothing.size()) && out.write(nothing.data(), nothing.size());
}

}  // namespace

Status write_archive(const std::string& path, const std::vector<File>& files) {
    const std::string unfinished = path + ".new";
    const auto failed = [&] {
        const Error error{path + ": cannot write: " + std::strerror(errno)};
        unlink(unfinished.c_str());
        return error;
    };
    const int fd =
        open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed();
    Gzip out(fd, "wb6");
    errno = 0;
    const bool written = write_files(out, files);
    if (!out.close() || !written) return failed();
    if (rename(unfinished.c_str(), path.c_str()) != 0) return failed();
    return Done{};
}

Result<std::vector<File>> read_archive(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Error{path + ": cannot read: " + std::strerror(errno)};
    Gzip in(fd, "rb");
    const Error none{path + ": no bundle; make one with `nlb bundle`"};
    const Error broken{path + ": the bundle is cut off or damaged; copy it again, or make another"};
    std::vector<File> files;
    std::uint64_t bytes = 0;
    for (;;) {
        Block header{};
        const bool whole = in.read(header.data(), header.size());
        if (files.empty() && (!in.is_compressed() || (whole && header[kMagicAt] != 'u')))
            return none;
        if (!whole) return broken;
        if (header[0] == '\0') break;
        const std::uint64_t size = octal_at(header, kSizeAt, kSizeDigits);
        if (octal_at(header, kSumAt, 6) != sum_of(header) || (bytes += size) > kBytesMax ||
            files.size() >= kFilesMax)
            return broken;
        File file;
        file.name.assign(header.data(), strnlen(header.data(), kNameBytesMax));
        file.bytes.resize(size);
        std::array<char, kBlockBytes> padding{};
        if (!in.read(file.bytes.data(), size) || !in.read(padding.data(), padding_of(size)))
            return broken;
        if (header[kTypeAt] == '0') files.push_back(std::move(file));
    }
    if (!in.reaches_end()) return broken;
    return files;
}

}  // namespace nlb::bundle
