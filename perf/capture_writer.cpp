// libpcap's file format in the machine's own byte order; readers tell it by the mark.
#include "perf/capture_writer.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace nlb::perf {
namespace {

constexpr std::uint32_t kMark = 0xa1b2c3d4;
constexpr std::uint32_t kVersion = 2 | 4 << 16;
constexpr std::uint32_t kSnapLength = 65535;
constexpr std::uint32_t kEthernet = 1;
constexpr std::uint32_t kMicrosecondsPerSecond = 1'000'000;

}  // namespace

Result<CaptureWriter> CaptureWriter::create(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return Error{path + ": cannot be written: " + std::strerror(errno)};
    CaptureWriter writer(path, file);
    const std::array<std::uint32_t, 6> header{kMark, kVersion, 0, 0, kSnapLength, kEthernet};
    std::fwrite(header.data(), sizeof header, 1, file);
    return writer;
}

void CaptureWriter::add(std::span<const Byte> frame) {
    const auto bytes = static_cast<std::uint32_t>(frame.size());
    const std::array<std::uint32_t, 4> header{frames_ / kMicrosecondsPerSecond,
                                              frames_ % kMicrosecondsPerSecond, bytes, bytes};
    ++frames_;
    std::fwrite(header.data(), sizeof header, 1, file_.get());
    std::fwrite(frame.data(), frame.size(), 1, file_.get());
}

Status CaptureWriter::finish() {
    if (std::fflush(file_.get()) == 0 && std::ferror(file_.get()) == 0) return Done{};
    return Error{path_ + ": cannot be written: " + std::strerror(errno)};
}

}  // namespace nlb::perf
