// The words beside core/cluster/timing's numbers; no number is made here but sums of those.
#include "cli/timing_view.hpp"

#include <fmt/format.h>

namespace nlb::cli {

Duration assumed_lateness(Duration period) {
    return period / 5;
}

std::vector<TimingFigure> timing_figures(const config::Heartbeat& heartbeat) {
    const Timing t = Timing::from(heartbeat.period, heartbeat.tolerance);
    return {
        {"period", t.period, "each host says that it lives this often"},
        {"drop_after", t.drop_after,
         "a peer silent for this long no longer holds the others' leases back"},
        {"lease", t.lease,
         "a host that nobody hears stops answering this long after it was last acknowledged"},
        {"bury_after", t.bury_after,
         "a member silent for this long is declared dead, and its buckets are given away"},
        {"takeover", t.bury_after + t.tick + 2 * kAssumedDelay,
         "from a host's death to its clients served again, at most, plus installing the map"},
        {"bootstrap_after", t.bootstrap_after,
         "a host that hears nobody begins a cluster alone after this"},
        {"tick", t.tick, "the longest pause of the control loop; assumed to be its lateness too"},
        {"answer_after", t.answer_after,
         "a peer heard again after this silence is answered at once"},
        {"repeat_after", t.repeat_after, "a change is said three times, this far apart"},
    };
}

std::vector<TimingFinding> timing_findings(const config::Heartbeat& heartbeat) {
    return check_timing(Timing::from(heartbeat.period, heartbeat.tolerance), kAssumedDelay,
                        assumed_lateness(heartbeat.period));
}

}  // namespace nlb::cli
