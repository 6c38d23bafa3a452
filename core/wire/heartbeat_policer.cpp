#include "core/wire/heartbeat_policer.hpp"

#include <tuple>

#include "core/base/endian.hpp"

namespace nlb {
namespace {

// Of core/wire/cluster_frames.hpp's layout.
constexpr std::size_t kHostAt = 32;
constexpr std::size_t kBootAt = 36;
constexpr std::size_t kTermAt = 40;
constexpr std::size_t kSequenceAt = 44;

}  // namespace

bool HeartbeatPolicer::admits(std::span<const Byte> body, const SealKeys& keys, Instant now) {
    const bool whole = body.size() >= kSealOffset + kSealBytes;
    if (whole && is_sealed(body, keys) && is_news(body, now)) return true;
    return spend(now);
}

bool HeartbeatPolicer::is_news(std::span<const Byte> body, Instant now) {
    const HostId host = body[kHostAt];
    if (host < 1 || host > kHostsMax) return false;
    const Newest heard{load_big_endian<std::uint32_t>(body.data() + kBootAt),
                       load_big_endian<std::uint32_t>(body.data() + kTermAt),
                       load_big_endian<std::uint64_t>(body.data() + kSequenceAt), now};
    Newest& newest = newest_[host - 1U];
    const bool first = newest.at == kLongAgo;
    const bool newer = heard.boot == newest.boot && std::tie(heard.term, heard.sequence) >
                                                        std::tie(newest.term, newest.sequence);
    if (!first && !newer && (heard.boot == newest.boot || now - newest.at < kBootPatience))
        return false;
    newest = heard;
    return true;
}

bool HeartbeatPolicer::spend(Instant now) {
    if (now >= window_ends_) {
        window_ends_ = now + kWindow;
        left_ = kOthersPerWindow;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
}

}  // namespace nlb
