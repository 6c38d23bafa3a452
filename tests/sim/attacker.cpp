// The simulated attacker; see the header.
#include "tests/sim/attacker.hpp"

#include "core/base/endian.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {

void Attacker::observe(const WireFrame& frame) {
    if (recording_ && recorded_.size() < kRecordedMax) recorded_.push_back(frame);
}

void Attacker::replay(std::uint32_t count, Duration gap) {
    if (count == 0 || world_.scheduler().now() >= world_.settings().faults_until) return;
    Prng& prng = world_.prng();
    if (!recorded_.empty()) {
        WireFrame frame = recorded_[prng.below(recorded_.size())];
        frame.origin = Origin::replayed;
        for (HostId to = 1; to <= world_.settings().machines(); ++to)
            if (to != frame.sender) world_.network().inject(to, frame);
    }
    world_.scheduler().after(Duration{prng.between(100'000, gap.count())},
                             [this, count, gap] { replay(count - 1, gap); });
}

void Attacker::to_everybody(const WireFrame& frame) {
    for (HostId to = 1; to <= world_.settings().machines(); ++to)
        if (to != frame.sender) world_.network().inject(to, frame);
}

void Attacker::rerun(HostId host, std::uint32_t count, Duration gap, std::size_t from) {
    if (count == 0 || world_.scheduler().now() >= world_.settings().faults_until) return;
    std::size_t at = from;
    while (at < recorded_.size() && recorded_[at].sender != host) ++at;
    if (at < recorded_.size()) {
        WireFrame frame = recorded_[at];
        frame.origin = Origin::replayed;
        to_everybody(frame);
    }
    const std::size_t next = at < recorded_.size() ? at + 1 : 0;
    world_.scheduler().after(Duration{world_.prng().between(100'000, gap.count())},
                             [this, host, count, gap, next] { rerun(host, count - 1, gap, next); });
}

void Attacker::strange(std::uint32_t count, Duration gap) {
    if (count == 0 || world_.scheduler().now() >= world_.settings().faults_until) return;
    if (!recorded_.empty())
        to_everybody({std::make_shared<const Bytes>(strange_bytes()), kNoHost, Origin::forged});
    world_.scheduler().after(Duration{world_.prng().between(100'000, gap.count())},
                             [this, count, gap] { strange(count - 1, gap); });
}

Bytes Attacker::strange_bytes() {
    Bytes bytes = *recorded_[world_.prng().below(recorded_.size())].bytes;
    constexpr std::size_t kVersionAt = kEthernetBytes + 4;
    constexpr std::size_t kKeyAt = kEthernetBytes + 6;
    if (world_.prng().chance(500'000))
        ++bytes[kVersionAt];
    else
        store_big_endian(bytes.data() + kKeyAt, std::uint16_t{77});
    return bytes;
}

void Attacker::forge(std::uint32_t count, Duration gap) {
    if (count == 0 || world_.scheduler().now() >= world_.settings().faults_until) return;
    Prng& prng = world_.prng();
    const WireFrame frame{std::make_shared<const Bytes>(forged_bytes()), kNoHost, Origin::forged};
    for (HostId to = 1; to <= world_.settings().machines(); ++to)
        world_.network().inject(to, frame);
    world_.scheduler().after(Duration{prng.between(100'000, gap.count())},
                             [this, count, gap] { forge(count - 1, gap); });
}

Bytes Attacker::forged_bytes() {
    Prng& prng = world_.prng();
    if (recorded_.empty() || prng.chance(100'000)) {
        Bytes noise(kEthernetBytes + prng.below(1500));
        for (Byte& byte : noise) byte = static_cast<Byte>(prng.next());
        store_big_endian(noise.data() + kEthernetBytes - 2, kHeartbeatEthertype);
        return noise;
    }
    const WireFrame& original = recorded_[prng.below(recorded_.size())];
    Bytes bytes = *original.bytes;
    const auto decoded = [&] {
        return decode_frame(original.body(), world_.configurations().cluster(),
                            world_.authenticator())
            .frame;
    };
    const auto wrapped = [&bytes](const Bytes& body) {
        bytes.resize(kEthernetBytes);
        bytes.insert(bytes.end(), body.begin(), body.end());
        return bytes;
    };
    switch (prng.below(4)) {
        case 0:  // cut short
            bytes.resize(kEthernetBytes + prng.below(bytes.size() - kEthernetBytes));
            return bytes;
        case 1: {  // one bit
            const std::uint64_t bit =
                kEthernetBytes * 8 + prng.below((bytes.size() - kEthernetBytes) * 8);
            bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ (1U << (bit % 8)));
            return bytes;
        }
        case 2: {  // another key, of the same id
            const CheapAuthenticator wrong{{{world_.authenticator().sending_key(), prng.next()}}};
            return wrapped(encode_frame(decoded(), wrong));
        }
        default: {  // another cluster that shares the key
            ClusterFrame frame = decoded();
            std::visit([](auto& body) { ++body.header.cluster; }, frame);
            return wrapped(encode_frame(frame, world_.authenticator()));
        }
    }
}

}  // namespace nlb::sim
