// I8: which hosts no fault befell, and what they may not do.
#include "core/cluster/timing.hpp"
#include "tests/sim/invariants.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

// Of a control loop that nothing disturbs.
constexpr Duration kLateness = std::chrono::milliseconds{1};

}  // namespace

// What `serve` exempts, and a host that begins and hears nobody, may cost the others their map; so
// does the loss of a majority.
bool Invariants::may_judge(HostId id) const {
    const Settings& settings = world_.settings();
    if (befallen_.contains(id) || !was_member_.contains(id)) return false;
    // Where the crash of one host may fence the others by the timing alone (ii), or while frames of
    // its own are lost or late, nothing is promised.
    if (!check_timing(settings.timing, world_.network().conditions.delay_max, kLateness).empty() ||
        world_.network().was_disturbed(id))
        return false;
    if (world_.network().was_ever_exempt() || settings.deaf_beginner) return false;
    return !settings.majority || 2 * befallen_.size() < settings.hosts;
}

void Invariants::on_reset(HostId id, const std::string& because) {
    if (may_judge(id))
        fail("I8", "host " + std::to_string(id) + ", which no fault befell, resets: " + because);
}

}  // namespace nlb::sim
