// A classic pcap file (microseconds, Ethernet), frame by frame. Times in it are a frame apart and
// mean nothing.
#pragma once

#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::perf {

class CaptureWriter {
public:
    static Result<CaptureWriter> create(const std::string& path);

    void add(std::span<const Byte> frame);
    // Says whether all was written.
    Status finish();

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    CaptureWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

    std::string path_;
    std::unique_ptr<std::FILE, Close> file_;
    std::uint32_t frames_ = 0;
};

}  // namespace nlb::perf
