// Runs of bytes, each as its difference to the former one of its kind: a heartbeat is like the
// heartbeat before it. Bytes are subtracted, so that what counts up by one looks alike each time
// and is compressed away later. A reader that is given the same calls has the same former ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::controlplane {

// Numbers of seven bits a byte, the lowest first; and texts behind their length.
class FlightWriter {
public:
    void u8(std::uint8_t value) { bytes_.push_back(value); }
    void u32(std::uint32_t value);
    void number(std::uint64_t value);
    // Small on either side of zero.
    void offset(std::int64_t value);
    void run(std::span<const Byte> bytes);  // behind its length
    void text(std::string_view text);
    void raw(std::span<const Byte> bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] std::vector<Byte> take() { return std::exchange(bytes_, {}); }

private:
    std::vector<Byte> bytes_;
};

// Past its end it gives zeros and remembers it.
class FlightReader {
public:
    explicit FlightReader(std::span<const Byte> bytes) : bytes_(bytes) {}
    std::uint8_t u8();
    std::uint32_t u32();
    std::uint64_t number();
    std::int64_t offset();
    std::span<const Byte> run();
    std::string text();
    std::span<const Byte> raw(std::size_t count);
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
    void fail() {
        ok_ = false;
        at_ = bytes_.size();
    }

private:
    std::span<const Byte> bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

class Differences {
public:
    static constexpr std::size_t kRunBytesMax = 64 * 1024;
    static constexpr std::size_t kKindsMax = 1024;

    // Requires: at most kRunBytesMax.
    void write(std::uint32_t kind, std::span<const Byte> bytes, FlightWriter& out);
    // Nothing: they are no difference; the reader has failed too.
    [[nodiscard]] std::optional<std::vector<Byte>> read(std::uint32_t kind, FlightReader& in);
    void forget() { former_.clear(); }

private:
    [[nodiscard]] std::vector<Byte>& former(std::uint32_t kind);

    std::map<std::uint32_t, std::vector<Byte>> former_;
};

}  // namespace nlb::controlplane
