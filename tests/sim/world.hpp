// One run: the hosts, the switch, the attacker and the checker under one virtual time and one
// source of chance.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/base/prng.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/sim/attacker.hpp"
#include "tests/sim/configurations.hpp"
#include "tests/sim/control_plane_model.hpp"
#include "tests/sim/dataplane_model.hpp"
#include "tests/sim/fault_event.hpp"
#include "tests/sim/invariants.hpp"
#include "tests/sim/local_clock.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/returning_clients.hpp"
#include "tests/sim/running_digest.hpp"
#include "tests/sim/scheduler.hpp"
#include "tests/sim/settings.hpp"
#include "tests/sim/workload.hpp"

namespace nlb::sim {

enum class Server : std::uint8_t { failing, well, hung };

struct HostModel {
    HostModel(World& world, HostId host)
        : id(host), acts_as(host), dataplane(world, host), control(world, host) {}

    HostId id;             // of the machine
    HostId acts_as;        // what its file says
    bool foreign = false;  // of another cluster
    LocalClock clock;
    DataplaneModel dataplane;
    ControlPlaneModel control;
    Configurations::Offers offers{};                      // by port
    std::array<RuleState, kRuleSlots> states{};           // by port, as the operator last asked
    std::array<Server, kRuleSlots> servers = all_well();  // by port
    bool cuts = false;        // by the tables written last its cores may cut flows of some rule
    bool next_build = false;  // its next control plane speaks one version more
    Variant file = 0;         // the variant that its configuration file holds
    KeyRing ring = KeyRing::right;
    Duration lag{};            // of its cores, for clients' packets
    Duration starved_since{};  // no client's frame reaches it; zero: they do
    std::uint64_t starved_after_interruptions = 0;
    Duration thawed_at{};                // after it was frozen, clocks and all; zero: it never was
    Duration judged_until{};             // when they come to the last of those that wait
    controlplane::StoredCluster stored;  // the state file
    bool draining = false;
    bool wanted = true;          // the operator wants it started
    bool absent = false;         // joins later
    bool deaf_for_good = false;  // stays so after the last repair; the others serve without it
    // it was the only member when it became so: it cannot know, and keeps the others out
    bool deaf_alone = false;
    // Grows whenever it is no member, its dataplane is gone, or cores may have cut flows.
    std::uint64_t interruptions = 0;

    [[nodiscard]] FrameVersions versions() const {
        return {kFrameVersion, static_cast<std::uint8_t>(kFrameVersion + (next_build ? 1 : 0))};
    }
    [[nodiscard]] bool hears_clients() const {
        return starved_since == Duration{} && dataplane.receives();
    }
    [[nodiscard]] static constexpr std::array<Server, kRuleSlots> all_well() {
        std::array<Server, kRuleSlots> servers{};
        servers.fill(Server::well);
        return servers;
    }
};

enum class TraceMode : std::uint8_t { off, remember, print };

class World {
public:
    World(const Settings& settings, Prng prng, TraceMode trace);
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // Every control plane is recorded in that directory. Called before run().
    void record_below(std::string directory, Duration segment_lasts) {
        recorded_below_ = std::move(directory);
        segment_lasts_ = segment_lasts;
    }
    [[nodiscard]] Duration segment_lasts() const { return segment_lasts_; }
    [[nodiscard]] const std::string& recorded_below() const { return recorded_below_; }
    // Runs to the end, or to the first failure.
    void run();
    // What would happen in it. Requires: it is not run.
    [[nodiscard]] FaultEvents planned();

    [[nodiscard]] const Settings& settings() const { return settings_; }
    [[nodiscard]] Prng& prng() { return prng_; }
    [[nodiscard]] Scheduler& scheduler() { return scheduler_; }
    [[nodiscard]] Network& network() { return network_; }
    [[nodiscard]] Attacker& attacker() { return attacker_; }
    [[nodiscard]] const Configurations& configurations() const { return configurations_; }
    // Those of the machine's own cluster.
    [[nodiscard]] const Configurations& files_of(HostId id) const {
        return host(id).foreign ? foreign_ : configurations_;
    }
    // What a host reads of its key files beside that configuration file.
    [[nodiscard]] std::vector<SimulatedKey> keys_of(HostId id, Variant variant) const;
    // Everything that any host of the cluster accepts.
    [[nodiscard]] const Authenticator& authenticator() const { return *authenticator_; }
    [[nodiscard]] RunningDigest& digest() { return digest_; }
    [[nodiscard]] HostModel& host(HostId id) { return *hosts_[id - 1U]; }
    [[nodiscard]] const HostModel& host(HostId id) const { return *hosts_[id - 1U]; }
    [[nodiscard]] Instant local_time(HostId id) const {
        return host(id).clock.at(scheduler_.now());
    }
    [[nodiscard]] std::uint32_t draw_boot(HostId id);
    [[nodiscard]] Invariants& invariants() { return invariants_; }
    [[nodiscard]] const Workload& workload() const { return workload_; }
    [[nodiscard]] const ReturningClients& returning() const { return returning_; }

    void boot_host(HostId id);
    void crash_host(HostId id);
    // A machine sleeps and wakes again: its processes stand, and perhaps all its clocks.
    enum class Clocks : std::uint8_t { go_on, stand };
    void suspend(HostId id, bool on, Clocks clocks);
    void starve(HostId id, bool on);
    void transmit(const WireFrame& frame);
    // It answers whoever asks for it.
    [[nodiscard]] static IpAddress gateway() { return IpAddress::v4(0xc0000201); }
    // Some time after a host fell deaf: was it alone, so that its silence proves nothing to it?
    void note_deaf_alone(HostId id);
    // The operator writes the file, if need be, and tells the control plane.
    void read_file(HostId id, Variant variant);

    // What the models tell.
    void acceptance_changed(HostId id) { invariants_.check_owners(id); }
    void before_frame(HostId id, const WireFrame& frame) { invariants_.before_frame(id, frame); }
    void after_frame(HostId id, const WireFrame& frame) { invariants_.after_frame(id, frame); }
    void after_call(HostId id);
    void fail(const std::string& invariant, const std::string& text, HostId id) {
        invariants_.fail(invariant, text + " on host " + std::to_string(id));
    }

    // Two hosts accept the same packet.
    void fail_owners(const char* invariant, const std::string& what, HostId a, HostId b);

    // `text` is a callable that makes the line; it is not called when nobody listens.
    template <class Text>
    void note(HostId id, Text&& text) {
        if (trace_ != TraceMode::off) write_note(id, text());
    }
    [[nodiscard]] const std::deque<std::string>& notes_of(HostId id) const { return notes_[id]; }

private:
    static constexpr std::size_t kNotesKept = 14;
    void write_note(HostId id, const std::string& text);
    void schedule(const FaultEvents& events);
    void repair();
    void sample();

    Settings settings_;
    Prng prng_;
    TraceMode trace_;
    std::string recorded_below_;  // empty: nothing is
    Duration segment_lasts_{};
    Scheduler scheduler_;
    RunningDigest digest_;
    Configurations foreign_;  // the same keys, another address
    Configurations configurations_;
    std::unique_ptr<const Authenticator> authenticator_;
    Network network_;
    std::vector<std::unique_ptr<HostModel>> hosts_;
    Attacker attacker_;
    Invariants invariants_;
    Workload workload_;
    ReturningClients returning_;
    std::vector<std::deque<std::string>> notes_;
};

// For notes: the buckets of each rule as runs.
[[nodiscard]] std::string describe(const RuleMasks& masks, const Settings& settings);
[[nodiscard]] std::string in_seconds(Duration time);

}  // namespace nlb::sim
