// Cluster frames, from the segment's bytes to the membership of a host that is a converged member
// of three. Promises: what decodes is encoded again to the same frame, a refused frame changes
// nothing that the host knows or holds, and whatever an insider says, the host's own frames stay
// within their bounds.
//
// An input: records of { action, pause (milliseconds), length (two bytes), frame }. The action says
// what an insider adds to the bytes: a tag, a name that is believed, an epoch of its own, and the
// digest that makes a map whole; and whether the host holds a next configuration.
#include <algorithm>
#include <string>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/model/shuffled_cluster.hpp"
#include "tests/sim/cheap_authenticator.hpp"
#include "tests/sim/running_digest.hpp"

namespace nlb::fuzz {
namespace {

constexpr std::size_t kRecordsMax = 12;
constexpr std::uint32_t kCluster = 0xc0000250;
constexpr std::uint8_t kActionSign = 1;
// from host 2 or 3 (bit 2), in its own incarnation, the next sequence, in this cluster
constexpr std::uint8_t kActionCredible = 2;
// with the one before: a greater epoch, which it coordinates
constexpr std::uint8_t kActionNewEpoch = 8;
// a map part's digest is that of the map it would make alone
constexpr std::uint8_t kActionWhole = 16;
// the host reads its next configuration first, or drops it
constexpr std::uint8_t kActionHold = 32;
constexpr std::uint8_t kActionsEnd = 64;
constexpr std::size_t kLengthAt = 8, kTagAt = 12, kClusterAt = 28, kHostAt = 32, kSlotsAt = 35,
                      kBootAt = 36, kTermAt = 40, kSequenceAt = 44, kEpochAt = 52;
constexpr std::size_t kHeaderBytes = 64;

constexpr std::uint16_t kKey = 7;

// Without seals, as an input that is mutated keeps none.
class UnsealedAuthenticator final : public sim::CheapAuthenticator {
public:
    UnsealedAuthenticator() : CheapAuthenticator({{.id = kKey, .secret = 17}}) {}
    [[nodiscard]] SealKeys seal_keys() const override { return {}; }
};

const Authenticator& authenticator() {
    static const UnsealedAuthenticator one;
    return one;
}

// A host that has converged with two others; copied for each input.
struct Scene {
    Membership member;
    Instant now;
    std::array<Incarnation, 4> incarnations{};
    std::vector<std::vector<Byte>> frames;  // what the others said last, as seeds for mutations
};

// What host 2 would say to host 1 about a client of one of its own buckets.
std::vector<Byte> grants_for(const Scene& scene) {
    GrantList list;
    list.header.cluster = kCluster;
    list.header.id = 2;
    list.header.state = MemberState::member;
    list.header.slots = 3;
    list.header.incarnation = scene.incarnations[2];
    list.header.epoch = scene.member.epoch();
    const std::uint64_t heard = scene.member.map().epoch.counter;  // any; the mutator finds others
    for (BucketId bucket = 0; bucket < kBuckets; bucket += 7)
        list.grants.push_back({1, static_cast<RuleId>(bucket % 2), bucket, scene.incarnations[1],
                               heard + bucket, ClientName{bucket} + 1, 60'000});
    return encode_frame(list, authenticator());
}

const Scene& scene() {
    static const Scene made = [] {
        model::ClusterShape shape;
        shape.hosts = 3;
        shape.slots = 3;
        model::ShuffledCluster cluster(shape, authenticator());
        std::vector<std::vector<Byte>> frames;
        cluster.watch = [&](HostId, const ClusterMap&, const Actions& actions) {
            for (const Action& action : actions)
                if (const auto* sent = std::get_if<SendFrame>(&action))
                    frames.push_back(encode_frame(sent->frame, authenticator()));
        };
        cluster.boot_all_within(shape.period);
        cluster.run(shape.period * 20);
        NLB_ASSERT(cluster.all_converged());
        Scene scene{cluster.membership(1), cluster.now(), {}, {}};
        for (HostId id = 1; id <= 3; ++id)
            scene.incarnations[id] = cluster.membership(id).incarnation();
        constexpr std::size_t kTypeAt = 5;
        for (std::size_t i = 0; i < frames.size(); ++i)
            // maps are few
            if (frames[i][kTypeAt] == 2 || i % 16 == 0) scene.frames.push_back(frames[i]);
        FrameHeader header;
        header.cluster = kCluster;
        header.id = 2;
        header.slots = shape.slots;
        scene.frames.push_back(grants_for(scene));
        scene.frames.push_back(
            encode_frame(split_config(43, "name\tweb\n", header).front(), authenticator()));
        return scene;
    }();
    return made;
}

struct Record {
    std::uint8_t action = 0;
    std::uint8_t pause_ms = 0;
    std::vector<Byte> frame;
};

std::vector<Record> read_input(std::span<const Byte> bytes) {
    Choices choices(bytes);
    std::vector<Record> records;
    while (!choices.empty() && records.size() < kRecordsMax) {
        Record& record = records.emplace_back();
        record.action = choices.u8();
        record.pause_ms = choices.u8();
        const auto frame = choices.take(choices.u16() % 2048);
        record.frame.assign(frame.begin(), frame.end());
    }
    return records;
}

std::vector<Byte> write_input(const std::vector<Record>& records) {
    std::vector<Byte> bytes;
    for (const Record& record : records) {
        bytes.insert(bytes.end(),
                     {record.action, record.pause_ms, static_cast<Byte>(record.frame.size() >> 8),
                      static_cast<Byte>(record.frame.size())});
        bytes.insert(bytes.end(), record.frame.begin(), record.frame.end());
    }
    return bytes;
}

// What an insider can do to any bytes.
void make_credible(std::vector<Byte>& frame, std::uint8_t action, std::uint64_t sequence) {
    if (frame.size() < kHeaderBytes) return;
    const auto id = static_cast<HostId>((action & 4U) != 0 ? 3 : 2);
    const Incarnation& incarnation = scene().incarnations[id];
    store_big_endian(frame.data() + kClusterAt, kCluster);
    frame[kHostAt] = id;
    frame[kSlotsAt] = 3;
    store_big_endian(frame.data() + kBootAt, incarnation.boot);
    store_big_endian(frame.data() + kTermAt, incarnation.term);
    store_big_endian(frame.data() + kSequenceAt, sequence);
    if ((action & kActionNewEpoch) == 0) return;
    store_big_endian(frame.data() + kEpochAt, static_cast<std::uint32_t>(sequence));
    store_big_endian(frame.data() + kEpochAt + 4, incarnation.boot);
    frame[kEpochAt + 8] = id;
}

void sign(std::vector<Byte>& frame) {
    if (frame.size() < kHeaderBytes || frame.size() > kClusterFrameBytesMax) return;
    store_big_endian(frame.data() + kLengthAt, static_cast<std::uint16_t>(frame.size()));
    store_big_endian(frame.data() + kLengthAt - 2, kKey);
    std::fill_n(frame.begin() + kTagAt, kTagBytes, Byte{0});
    const auto tag = authenticator().tag(kKey, frame);
    std::copy(tag.begin(), tag.end(), frame.begin() + kTagAt);
}

void make_whole(ClusterFrame& frame) {
    auto* part = std::get_if<MapPart>(&frame);
    if (part == nullptr) return;
    ClusterMap map;
    map.epoch = part->header.epoch;
    map.members = part->members;
    map.config_digest = part->config_digest;
    map.generation = part->generation;
    map.next_digest = part->next_digest;
    for (std::size_t i = 0; i < part->targets.size(); ++i) {
        const std::size_t slot = part->first_slot + i;
        map.targets[slot + 1U == part->header.slots ? kDefaultRule : slot] = part->targets[i];
    }
    part->map_digest = digest_of(map, part->header.slots);
}

// Who I am, by which map and configuration, and what I hold. The clocks, and what I say next, go on
// whatever arrives.
std::uint64_t digest_of_holdings(const Membership& member) {
    sim::RunningDigest digest;
    digest.add(static_cast<std::uint64_t>(member.state()));
    digest.add(std::uint64_t{member.epoch().counter} << 8 | member.epoch().coordinator);
    digest.add(member.map().inputs_digest);
    digest.add(member.config_digest() ^ member.generation());
    digest.add(std::uint64_t{member.incarnation().boot} << 32 | member.incarnation().term);
    for (const BucketMask mask : member.own()) digest.add(mask);
    return digest.value();
}

// And what is known of the others.
std::uint64_t digest_of(const Membership& member) {
    sim::RunningDigest digest;
    digest.add(digest_of_holdings(member));
    for (const auto& [id, peer] : member.peers()) {
        digest.add(std::uint64_t{peer.incarnation.boot} << 32 | peer.incarnation.term);
        digest.add(peer.sequence << 16 | static_cast<std::uint64_t>(peer.state) << 8 | peer.flags);
        digest.add(std::uint64_t{peer.epoch.counter} << 8 | id);
        digest.add(peer.view.bits());
        digest.add(static_cast<std::uint64_t>(peer.last_rx.count()));
        digest.add(static_cast<std::uint64_t>(peer.acknowledged.time_since_epoch().count()));
        for (const RuleReport& rule : peer.rules) digest.add(rule.own ^ rule.dirty << 4);
    }
    return digest.value();
}

// Of one rule less, so that numbers of rules mean something else in it.
StagedConfig next_config() {
    StagedConfig next;
    next.digest = 43;
    next.slots = 2;
    next.configured = HostSet::first(3);
    next.previous.fill(kNoPreviousRule);
    next.previous[0] = 1;
    next.previous[kDefaultRule] = kDefaultRule;
    next.desired[0].offer = 50;
    next.desired[kDefaultRule].offer = 32;
    return next;
}

class Play {
public:
    void meet(const Record& record) {
        now_ += std::chrono::milliseconds{record.pause_ms};
        member_.on_dataplane_alive(now_, now_, 0);
        check(member_.on_tick(now_));
        if ((record.action & kActionHold) != 0)
            check(member_.on_staged(
                now_, member_.staged() ? std::nullopt : std::optional{next_config()}));
        std::vector<Byte> bytes(record.frame);
        if ((record.action & kActionCredible) != 0)
            make_credible(bytes, record.action, ++sequence_);
        if ((record.action & kActionSign) != 0) sign(bytes);
        bytes.shrink_to_fit();
        DecodedFrame decoded = decode_frame(bytes, kCluster, authenticator());
        if (decoded.fault != FrameFault::none) return;
        if ((record.action & kActionWhole) != 0) make_whole(decoded.frame);
        check_codec(decoded.frame);
        const std::uint64_t holdings = digest_of_holdings(member_), before = digest_of(member_);
        const ClusterMap map = member_.map();
        FrameFault fault;
        const Actions actions = member_.on_frame(now_, decoded.frame, &fault);
        check_grants(actions, map);
        check(actions);
        // A map of another configuration still shows that its sender lives, and what follows from
        // that.
        if (fault == FrameFault::none || fault == FrameFault::config) return;
        // A stranger who may be a restarted owner shortens the lease of a host that is new itself,
        // down to nothing (R3, R4).
        if (fault == FrameFault::unbelieved &&
            std::any_of(actions.begin(), actions.end(), ends_lease))
            return;
        require(digest_of_holdings(member_) == holdings,
                "a refused frame changes nothing that is held", name_of(fault));
        require(digest_of(member_) == before, "a refused frame changes nothing", name_of(fault));
    }

    // The newest block stands for all: each is written from the whole state.
    void check_memory() const {
        if (stored_)
            require(decode_checkpoint(encode_checkpoint(*stored_)) == *stored_,
                    "what is stored can be read");
    }

private:
    static bool ends_lease(const Action& action) {
        const auto* lease = std::get_if<SetLease>(&action);
        return lease != nullptr && lease->valid_until == kLongAgo;
    }

    static void check_codec(const ClusterFrame& frame) {
        const auto again =
            decode_frame(encode_frame(frame, authenticator()), kCluster, authenticator());
        require(again.fault == FrameFault::none && again.frame == frame,
                "what was read is written and read again");
    }

    // Carries out what the host desired for, as a shell would.
    void check(const Actions& actions) {
        for (const Action& action : actions) {
            if (const auto* sent = std::get_if<SendFrame>(&action)) {
                const auto decoded = decode_frame(encode_frame(sent->frame, authenticator()),
                                                  kCluster, authenticator());
                require(decoded.fault == FrameFault::none, "what is sent can be read",
                        name_of(decoded.fault));
            } else if (const auto* block = std::get_if<StoreCheckpoint>(&action)) {
                stored_ = block->checkpoint;
            } else if (const auto* install = std::get_if<InstallTables>(&action)) {
                pending_ = install->token;
            }
        }
        if (pending_ == 0) return;
        const std::uint64_t token = std::exchange(pending_, 0);
        check(member_.on_installed(now_, token, {}));
    }

    // Whoever says it: what the cores are given is another's bucket by the map that was present
    // when the frame came, and not yet over. A host that gives up its membership over the same
    // frame closes the lease behind what it gave.
    void check_grants(const Actions& actions, const ClusterMap& map) const {
        bool open = false;
        for (const Action& action : actions) {
            if (ends_lease(action)) open = false;
            const auto* given = std::get_if<GiveGrants>(&action);
            if (given == nullptr) continue;
            open = true;
            for (const GivenGrant& grant : given->grants) {
                const HostId owner = map.targets[grant.rule][grant.bucket];
                require(owner != kNoHost && owner != 1, "grants are another member's to make");
                require(grant.until_ns > now_.time_since_epoch().count(),
                        "grants that are over are not given");
            }
        }
        require(!open || member_.state() == MembershipState::member,
                "only members are granted anything");
    }

    Membership member_ = scene().member;
    Instant now_ = scene().now;
    std::optional<Checkpoint> stored_;
    std::uint64_t sequence_ = 1'000'000;
    std::uint64_t pending_ = 0;
};

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nlb::fuzz::Play play;
    for (const nlb::fuzz::Record& record : nlb::fuzz::read_input({data, size})) play.meet(record);
    play.check_memory();
    return 0;
}

// Records of real frames, changed a little and mostly signed, come and go; sometimes the bytes
// change blindly.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    nlb::Prng chance(seed);
    if (chance.chance(100'000)) return LLVMFuzzerMutate(data, size, max_size);
    auto records = read_input({data, size});
    const auto& frames = scene().frames;
    if (records.empty() || (records.size() < kRecordsMax && chance.chance(150'000))) {
        const bool mostly = chance.chance(800'000);
        records.push_back(
            {static_cast<std::uint8_t>(chance.below(kActionsEnd) | (mostly ? 3U : 0U)),
             static_cast<std::uint8_t>(chance.below(120)), frames[chance.below(frames.size())]});
    }
    const std::size_t chosen = chance.below(records.size());
    switch (chance.below(6)) {
        case 0:
            records[chosen].action = static_cast<std::uint8_t>(chance.below(kActionsEnd));
            break;
        case 1:
            records[chosen].pause_ms = static_cast<std::uint8_t>(chance.next());
            break;
        case 2:
            if (records.size() > 1)
                records.erase(records.begin() + static_cast<std::ptrdiff_t>(chosen));
            break;
        default:
            mutate(records[chosen].frame, nlb::kClusterFrameBytesMax);
    }
    return hand_over(write_input(records), data, max_size);
}
