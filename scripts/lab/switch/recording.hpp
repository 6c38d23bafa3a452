// Recordings of frames: classic pcap files of Ethernet frames, written as they pass and read to be
// played again.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "scripts/lab/switch/frame.hpp"

namespace nlb::lab {

inline constexpr std::size_t kRecordedFramesMax = 1'000'000;

struct Recorded {
    std::chrono::nanoseconds at;  // after the first one
    Bytes frame;
};

// The frames of a file, at most kRecordedFramesMax; an error sentence when it is no such file.
std::variant<std::vector<Recorded>, std::string> read_recording(const std::string& file);

class Recorder {
public:
    static std::variant<Recorder, std::string> create(const std::string& file);

    void write(View frame, std::chrono::system_clock::time_point now);
    // What was written so far is in the file.
    void flush();
    std::uint64_t frames() const { return frames_; }

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    std::unique_ptr<std::FILE, Close> file_;
    std::uint64_t frames_ = 0;
};

}  // namespace nlb::lab
