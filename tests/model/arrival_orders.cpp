// Plays 32 hosts whose frames arrive in shuffled orders, and prints every map that a coordinator
// publishes together with its inputs, as JSON lines for a model to judge. By itself it checks one
// thing: that no epoch has two maps (I5).
//   arrival-orders SEEDS ROUNDS      ROUNDS of changes follow the first map of each seed
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "core/cluster/bucket_assignment.hpp"
#include "tests/model/shuffled_cluster.hpp"
#include "tests/sim/cheap_authenticator.hpp"

namespace nlb::model {
namespace {

// multiple, single, the default rule
constexpr std::array<std::size_t, 3> kSlots{0, 1, kDefaultRule};

std::string list_of(const BucketOwners& owners) {
    std::string text;
    for (const HostId owner : owners) text += (text.empty() ? "[" : ",") + std::to_string(owner);
    return text + "]";
}

std::string maps_of(const OwnerMap& targets) {
    std::string text;
    for (const std::size_t slot : kSlots)
        text += (text.empty() ? "[" : ",") + list_of(targets[slot]);
    return text + "]";
}

class Journal {
public:
    Journal(ShuffledCluster& cluster, std::uint64_t seed) : cluster_(cluster), seed_(seed) {
        cluster.watch = [this](HostId host, const ClusterMap& before, const Actions& actions) {
            note(host, before, actions);
        };
    }

    [[nodiscard]] bool one_map_each() const { return one_map_each_; }
    [[nodiscard]] std::size_t adoptions() const { return adoptions_; }

private:
    void note(HostId host, const ClusterMap& before, const Actions& actions) {
        const ClusterMap& map = cluster_.membership(host).map();
        if (map.epoch == before.epoch || map.epoch == Epoch{}) return;
        ++adoptions_;
        const auto [known, is_new] = maps_.insert({map.epoch, map});
        if (!is_new && !(known->second == map)) one_map_each_ = false;
        std::size_t steps = 0;
        bool proposed = false;
        for (const Action& action : actions)
            if (const auto* report = std::get_if<Report>(&action)) {
                proposed = report->kind == Report::Kind::proposed;
                steps += proposed || report->kind == Report::Kind::adopted ||
                                 report->kind == Report::Kind::joined
                             ? 1U
                             : 0U;
            }
        // Two maps in one call: the one between was never seen here, so there is nothing to compare
        // with.
        if (map.epoch.coordinator == host && steps == 1) print(host, before, map);
    }

    void print(HostId host, const ClusterMap& before, const ClusterMap& map) {
        std::string offers;
        for (const MemberEntry& member : map.members) {
            offers += (offers.empty() ? "{\"" : ",\"") + std::to_string(member.id) + "\":[";
            for (const std::size_t slot : kSlots)
                offers += (slot == 0 ? "" : ",") + std::to_string(offer_of(host, member.id, slot));
            offers += "]";
        }
        std::printf(
            "{\"seed\":%llu,\"epoch\":%u,\"coordinator\":%u,\"offers\":%s},\"before\":%s,\"after\":"
            "%s}\n",
            static_cast<unsigned long long>(seed_), map.epoch.counter, host, offers.c_str(),
            maps_of(before.targets).c_str(), maps_of(map.targets).c_str());
    }

    // What the coordinator had to reckon with: its own desired, and what the member's newest
    // heartbeat said.
    [[nodiscard]] unsigned offer_of(HostId coordinator, HostId member, std::size_t slot) const {
        if (member == coordinator) {
            const DesiredRule& wish = cluster_.desired(member)[slot];
            const bool offers = wish.state == RuleState::enabled && !cluster_.is_draining(member) &&
                                !cluster_.is_leaving(member);
            return offers ? wish.offer : 0;
        }
        const RuleReport& rule = cluster_.membership(coordinator).peers().at(member).rules[slot];
        return rule.state == RuleState::enabled ? rule.offer : 0;
    }

    ShuffledCluster& cluster_;
    std::uint64_t seed_;
    std::map<Epoch, ClusterMap> maps_;
    std::size_t adoptions_ = 0;
    bool one_map_each_ = true;
};

// One host comes, goes, or desired for something else.
void change(ShuffledCluster& cluster, HostId id) {
    Prng& prng = cluster.prng();
    if (!cluster.is_up(id) || cluster.membership(id).has_left()) return cluster.boot(id);
    const std::uint64_t kind = prng.below(8);
    if (kind == 0) return cluster.crash(id);
    if (kind == 1) return cluster.leave(id);
    DesiredRules desired = cluster.desired(id);
    desired[0].offer = static_cast<std::uint8_t>(prng.below(101));
    if (kind == 2) desired[prng.below(2)].state = static_cast<RuleState>(prng.below(3));
    cluster.wish(id, desired, kind == 3 || (cluster.is_draining(id) && kind != 4));
}

bool play(std::uint64_t seed, std::uint64_t rounds) {
    ClusterShape shape;
    shape.slots = 3;
    shape.single_slots = 2;
    shape.seed = seed;
    const sim::CheapAuthenticator authenticator({{.id = 1, .secret = 17}});
    ShuffledCluster cluster(shape, authenticator);
    Journal journal(cluster, seed);
    for (HostId id = 1; id <= shape.hosts; ++id) {  // the same inputs whatever the seed
        DesiredRules desired = cluster.desired(id);
        desired[0].offer = static_cast<std::uint8_t>(id * 37U % 101U);
        cluster.wish(id, desired, false);
    }
    cluster.boot_all_within(shape.period * 3);
    cluster.run(shape.period * 15);
    bool converged = cluster.all_converged();
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const std::uint64_t changes = 1 + cluster.prng().below(6);
        for (std::uint64_t i = 0; i < changes; ++i)
            change(cluster, static_cast<HostId>(1 + cluster.prng().below(shape.hosts)));
        cluster.run(shape.period * 12);
        converged = converged && cluster.all_converged();
    }
    std::printf(
        "{\"seed\":%llu,\"converged\":%s,\"one_map_each\":%s,\"adoptions\":%zu,\"frames\":%llu}\n",
        static_cast<unsigned long long>(seed), converged ? "true" : "false",
        journal.one_map_each() ? "true" : "false", journal.adoptions(),
        static_cast<unsigned long long>(cluster.frames()));
    return journal.one_map_each();
}

}  // namespace
}  // namespace nlb::model

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: arrival-orders SEEDS ROUNDS\n");
        return 2;
    }
    bool good = true;
    for (std::uint64_t seed = 1; seed <= std::strtoull(arguments[1], nullptr, 10); ++seed)
        good = nlb::model::play(seed, std::strtoull(arguments[2], nullptr, 10)) && good;
    return good ? 0 : 1;
}
