#include "scripts/lab/switch/recording.hpp"

#include <cerrno>
#include <cstring>

namespace nlb::lab {
namespace {

constexpr std::uint32_t kNanosecondMagic = 0xA1B23C4D;
constexpr std::uint32_t kMicrosecondMagic = 0xA1B2C3D4;
constexpr std::uint32_t kEthernet = 1;

struct FileHeader {
    std::uint32_t magic = kNanosecondMagic;
    std::uint16_t major = 2;
    std::uint16_t minor = 4;
    std::uint32_t zone = 0;
    std::uint32_t accuracy = 0;
    std::uint32_t length_max = kFrameBytesMax;
    std::uint32_t link = kEthernet;
};

struct RecordHeader {
    std::uint32_t seconds;
    std::uint32_t fraction;  // nanoseconds or microseconds, by the file's magic
    std::uint32_t held;
    std::uint32_t length;
};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

template <class T>
bool read_one(std::FILE* file, T& value) {
    return std::fread(&value, sizeof value, 1, file) == 1;
}

}  // namespace

std::variant<std::vector<Recorded>, std::string> read_recording(const std::string& file) {
    const File opened(std::fopen(file.c_str(), "rb"), &std::fclose);
    FileHeader header;
    if (!opened || !read_one(opened.get(), header)) {
        return file + " cannot be read as a recording";
    }
    if ((header.magic != kNanosecondMagic && header.magic != kMicrosecondMagic) ||
        header.link != kEthernet) {
        return file + " is no pcap file of Ethernet frames of this machine's byte order";
    }
    const std::int64_t unit = header.magic == kNanosecondMagic ? 1 : 1000;
    std::vector<Recorded> found;
    RecordHeader record{};
    std::int64_t first = 0;
    while (found.size() < kRecordedFramesMax && read_one(opened.get(), record)) {
        if (record.held < kFrameBytesMin || record.held > kFrameBytesMax) {
            return file + " holds a frame of " + std::to_string(record.held) + " bytes";
        }
        Bytes frame(record.held);
        if (std::fread(frame.data(), 1, frame.size(), opened.get()) != frame.size()) {
            break;  // the last record of a file that is still being written
        }
        const std::int64_t at = record.seconds * INT64_C(1'000'000'000) + record.fraction * unit;
        first = found.empty() ? at : first;
        found.push_back({std::chrono::nanoseconds(at - first), std::move(frame)});
    }
    if (found.empty()) {
        return file + " holds no frame";
    }
    return found;
}

std::variant<Recorder, std::string> Recorder::create(const std::string& file) {
    Recorder recorder;
    recorder.file_.reset(std::fopen(file.c_str(), "wb"));
    const FileHeader header;
    if (!recorder.file_ || std::fwrite(&header, sizeof header, 1, recorder.file_.get()) != 1) {
        return file + " cannot be written: " + std::strerror(errno);
    }
    return recorder;
}

void Recorder::write(View frame, std::chrono::system_clock::time_point now) {
    if (frames_ >= kRecordedFramesMax) {
        return;
    }
    const auto since = now.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds);
    const auto size = static_cast<std::uint32_t>(frame.size());
    const RecordHeader record{static_cast<std::uint32_t>(seconds.count()),
                              static_cast<std::uint32_t>(rest.count()), size, size};
    std::fwrite(&record, sizeof record, 1, file_.get());
    std::fwrite(frame.data(), 1, frame.size(), file_.get());
    ++frames_;
}

void Recorder::flush() {
    std::fflush(file_.get());
}

}  // namespace nlb::lab
