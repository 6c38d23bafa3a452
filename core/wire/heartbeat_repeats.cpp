#include "core/wire/heartbeat_repeats.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/endian.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {
namespace {

// As core/wire/cluster_frames.hpp lays them out.
constexpr std::size_t kTypeAt = 5;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kTagAt = 12, kTagEnds = 28;
constexpr std::size_t kHostAt = 32;
constexpr std::size_t kSlotsAt = 35;
constexpr std::size_t kSequenceAt = 44, kSequenceEnds = 52;
constexpr std::size_t kSealAt = 61;
constexpr std::size_t kReportsAt = 100, kStagedAt = 101;
constexpr std::size_t kReportSequenceAt = 9;  // in a report
constexpr Byte kHeartbeatType{1};

class Digest {
public:
    void add(std::span<const Byte> bytes) {
        for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t)))
            mix(bytes, sizeof(std::uint64_t));
        if (!bytes.empty()) mix(bytes, bytes.size());
    }
    // 0 stands for nothing.
    [[nodiscard]] std::uint64_t value() const { return digest_ | 1U; }

private:
    void mix(std::span<const Byte> bytes, std::size_t count) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), count);
        digest_ = (digest_ ^ word) * 0x9e3779b97f4a7c15ULL;
        digest_ ^= digest_ >> 29U;
    }
    std::uint64_t digest_ = 0xcbf29ce484222325ULL;
};

}  // namespace

bool HeartbeatRepeats::is_repeat(std::span<const Byte> body) {
    if (body.size() < kHeartbeatHeadBytes || body[kTypeAt] != kHeartbeatType) return false;
    const auto host = static_cast<HostId>(body[kHostAt]);
    const std::size_t reports =
        kHeartbeatHeadBytes + std::size_t{body[kSlotsAt]} * kRuleReportBytes;
    const std::size_t staged = reports + std::size_t{body[kReportsAt]} * kPeerReportBytes;
    const std::size_t length =
        std::min<std::size_t>(load_big_endian<std::uint16_t>(body.data() + kLengthAt), body.size());
    if (host < 1 || host > kHostsMax || staged + std::size_t{body[kStagedAt]} > length)
        return false;
    Digest said;
    const auto add = [&](std::size_t begin, std::size_t end) {
        said.add(body.subspan(begin, end - begin));
    };
    add(0, kTagAt);
    add(kTagEnds, kSequenceAt);
    add(kSequenceEnds, kSealAt);
    add(kFrameHeaderBytes, reports);
    for (std::size_t at = reports; at < staged; at += kPeerReportBytes)
        add(at, at + kReportSequenceAt);
    add(staged, length);
    return std::exchange(said_[host - 1U], said.value()) == said.value();
}

}  // namespace nlb
