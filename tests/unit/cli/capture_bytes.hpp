// Capture files made byte by byte, in either byte order, for the reader to be tested against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::cli {

class CaptureBytes {
public:
    explicit CaptureBytes(bool big_endian) : big_endian_(big_endian) {}

    CaptureBytes& u16(std::uint32_t value) { return number(value, 2); }
    CaptureBytes& u32(std::uint32_t value) { return number(value, 4); }
    CaptureBytes& run(const std::string& bytes) {
        text_ += bytes;
        return *this;
    }
    CaptureBytes& pcap_header(std::uint32_t magic, std::uint32_t link_type = 1) {
        return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65535).u32(link_type);
    }
    CaptureBytes& record(std::uint32_t seconds, std::uint32_t fraction, const std::string& bytes,
                         std::uint32_t wire_bytes) {
        return u32(seconds)
            .u32(fraction)
            .u32(static_cast<std::uint32_t>(bytes.size()))
            .u32(wire_bytes)
            .run(bytes);
    }
    CaptureBytes& section() {
        return u32(0x0a0d0d0a)
            .u32(28)
            .u32(0x1a2b3c4d)
            .u16(1)
            .u16(0)
            .u32(0xffffffff)
            .u32(0xffffffff)
            .u32(28);
    }
    // A block around `body`, padded to four bytes.
    CaptureBytes& block(std::uint32_t type, std::string body) {
        body.resize((body.size() + 3) / 4 * 4);
        const auto length = static_cast<std::uint32_t>(body.size() + 12);
        return u32(type).u32(length).run(body).u32(length);
    }
    [[nodiscard]] CaptureBytes part() const { return CaptureBytes(big_endian_); }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    CaptureBytes& number(std::uint32_t value, unsigned bytes) {
        for (unsigned i = 0; i < bytes; ++i)
            text_ += static_cast<char>(value >> 8 * (big_endian_ ? bytes - 1 - i : i) & 0xffU);
        return *this;
    }
    bool big_endian_;
    std::string text_;
};

inline constexpr std::uint32_t kMicrosecondMagic = 0xa1b2c3d4;
inline constexpr std::uint32_t kNanosecondMagic = 0xa1b23c4d;

// A classic capture of these frames, one per second.
[[nodiscard]] inline std::string capture_of(std::span<const std::vector<Byte>> frames) {
    CaptureBytes capture(false);
    capture.pcap_header(kMicrosecondMagic);
    std::uint32_t second = 1'700'000'000;
    for (const auto& frame : frames)
        capture.record(second++, 0, std::string(frame.begin(), frame.end()),
                       static_cast<std::uint32_t>(frame.size()));
    return capture.text();
}

}  // namespace nlb::cli
