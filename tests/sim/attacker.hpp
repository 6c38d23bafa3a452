// An attacker on the segment: it records what passes and sends it again, and it makes frames up. It
// has no key.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

class Attacker {
public:
    explicit Attacker(World& world) : world_(world) {}

    void record() { recording_ = true; }
    void observe(const WireFrame& frame);
    // `count` frames, one by one, a random while of at most `gap` apart.
    void replay(std::uint32_t count, Duration gap);
    // The recorded frames of one host from the `from`-th on, in their order, again and again.
    void rerun(HostId host, std::uint32_t count, Duration gap, std::size_t from);
    // Recorded frames under a key or of a version that nobody has: nobody can verify them.
    void strange(std::uint32_t count, Duration gap);
    void forge(std::uint32_t count, Duration gap);

private:
    static constexpr std::size_t kRecordedMax = 4000;
    [[nodiscard]] Bytes forged_bytes();
    [[nodiscard]] Bytes strange_bytes();
    void to_everybody(const WireFrame& frame);

    World& world_;
    bool recording_ = false;
    std::vector<WireFrame> recorded_;
};

}  // namespace nlb::sim
