// Frames from outside and from inside through the stages of four hosts with their own tables and
// descriptors. Promises: no read outside the frame, at most one host accepts, a frame that is not
// an answer stays as it is, and nothing leaves with the cluster MAC.
//
// An input: a byte of settings, then records of { action, length (two bytes), frame }. Between
// records ownership may move to the next host, as the protocol would move it: the new owner is told
// in which buckets others hold descriptors.
#include <memory>
#include <numeric>
#include <string>

#include "core/fastpath/tables_index.hpp"
#include "core/pipeline.hpp"
#include "tests/fuzz/frame_mutator.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::fuzz {
namespace {

using test::kHosts;

constexpr std::size_t kRecordsMax = 8;
constexpr std::uint8_t kActionEgress = 1;  // from inside; bits 1-2: of which host
constexpr std::uint8_t kActionMove = 8;    // ownership moves first
constexpr std::uint8_t kActionWait = 16;   // time passes first
constexpr std::uint8_t kActionTight = 32;  // the buffer ends where the frame does

struct Record {
    std::uint8_t action = 0;
    std::vector<Byte> frame;
};

struct Input {
    std::uint8_t settings = 0;
    std::vector<Record> records;
};

Input read_input(std::span<const Byte> bytes) {
    Choices choices(bytes);
    Input input;
    input.settings = choices.u8();
    while (!choices.empty() && input.records.size() < kRecordsMax) {
        Record& record = input.records.emplace_back();
        record.action = choices.u8();
        const auto frame = choices.take(choices.u16() % 2048);
        record.frame.assign(frame.begin(), frame.end());
    }
    return input;
}

std::vector<Byte> write_input(const Input& input) {
    std::vector<Byte> bytes{input.settings};
    for (const Record& record : input.records) {
        bytes.push_back(record.action);
        bytes.push_back(static_cast<Byte>(record.frame.size() >> 8));
        bytes.push_back(static_cast<Byte>(record.frame.size()));
        bytes.insert(bytes.end(), record.frame.begin(), record.frame.end());
    }
    return bytes;
}

// Made once: the tables of four hosts cost more than settling a frame.
const Tables& tables_of(LinkMode mode, HostId id) {
    static const auto made = [] {
        std::array<std::array<Tables, kHosts>, 3> tables;
        for (std::size_t m = 0; m < tables.size(); ++m)
            for (HostId host = 1; host <= kHosts; ++host)
                tables[m][host - 1U] = test::make_tables(host, static_cast<LinkMode>(m));
        return tables;
    }();
    return made[static_cast<std::size_t>(mode)][id - 1U];
}

struct Host {
    Tables tables;
    PortAddresses ports{test::kOutsideMac, test::kInsideMac};
    Instant now{std::chrono::hours{10}};
    bool fence_holds = true;
    SimpleConnections connections;
    FragmentTable fragments{7};

    std::unique_ptr<IndexMemory> indexes = std::make_unique<IndexMemory>();

    [[nodiscard]] BurstContext context() const {
        return {tables, ports, now, fence_holds, 0, 1, nullptr, {}, &indexes->of(tables)};
    }
    // A fragment that waited for this frame is let go: this target looks at one frame at a time.
    void take_in(Burst& burst, Counters& counters) {
        settle_ingress(burst, context(), connections, fragments, counters);
        static const auto released = std::make_unique<Burst>();
        std::array<std::uint16_t, kBurstMax> slots;
        while (fragments.take_released(*released, slots) != 0) {
        }
        fragments.expire(now);
    }
};

// What one host made of a frame.
struct Settled {
    Reason reason = Reason::live;
    bool session = false;  // of IPsec or PPTP, which have rules of their own
    std::vector<Byte> frame;
};

class Cluster {
public:
    explicit Cluster(std::uint8_t settings) {
        const auto mode = static_cast<LinkMode>(settings % 3);
        for (HostId id = 1; id <= kHosts; ++id) {
            Host& host = hosts_[id - 1U];
            host.tables = tables_of(mode, id);
            host.connections = SimpleConnections{(settings & 64U) != 0 ? 1U : 1024U};
            host.tables.icmp = (settings & 4U) != 0 ? IcmpMode::all : IcmpMode::one;
            host.tables.vlan = (settings & 128U) != 0 ? kFuzzedVlan : std::uint16_t{0};
            host.fence_holds = (settings & 8U) == 0 || id != (settings >> 4 & 3U) + 1U;
        }
    }

    void play(const Record& record) {
        if ((record.action & kActionMove) != 0) move_ownership();
        if ((record.action & kActionWait) != 0)
            for (Host& host : hosts_) wait(host);
        if ((record.action & kActionEgress) != 0)
            leave(hosts_[record.action >> 1 & 3U], record);
        else
            arrive(record);
    }

private:
    static void wait(Host& host) {
        host.now += std::chrono::seconds{40};
        host.connections.sweep(host.tables, host.now);
    }

    // Each bucket to the next host; then everybody is told where the others still hold descriptors.
    void move_ownership() {
        const RuleMasks last = hosts_.back().tables.own;
        for (std::size_t i = kHosts - 1; i > 0; --i)
            hosts_[i].tables.own = hosts_[i - 1].tables.own;
        hosts_.front().tables.own = last;
        for (Host& host : hosts_) {
            host.tables.dirty_elsewhere = {};
            for (Host& other : hosts_) {
                if (&other == &host) continue;
                for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
                    host.tables.dirty_elsewhere[slot] |=
                        other.connections.flow_index().held()[slot] & host.tables.own[slot];
            }
        }
    }

    // The frame lies in a buffer of its own on the heap, so that a byte beyond it is a finding of
    // the address sanitizer.
    template <class Settle>
    static Settled settle(const Record& record, Settle&& stages) {
        const std::size_t room = (record.action & kActionTight) != 0 ? 0 : 128;
        std::vector<Byte> buffer(record.frame);
        buffer.resize(record.frame.size() + room);
        buffer.shrink_to_fit();
        // the stages set all that they read but `frames`
        static const auto burst = std::make_unique<Burst>();
        burst->count = 1;
        burst->frames[0] = {buffer.data(), static_cast<std::uint16_t>(record.frame.size()),
                            static_cast<std::uint16_t>(buffer.size())};
        stages(*burst);
        require(burst->frames[0].length <= buffer.size(), "an answer fits its buffer");
        buffer.resize(burst->frames[0].length);
        require(burst->reasons[0] != Reason::live, "every packet is settled");
        const PacketInfo& info = burst->info[0];
        const bool session =
            (info.traits & kTraitSession) != 0 || info.session_role != SessionRole::none;
        return {burst->reasons[0], session, std::move(buffer)};
    }

    // TCP flows that were established once.
    static std::uint64_t lasting(Host& host) {
        const auto& counts = host.connections.flow_index().counts();
        return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) -
               host.connections.flow_index().half_open();
    }

    // Anybody can forge a client's packets (RFC 5961). A SYN opens anew what both sides have
    // closed, or finds its flow's bucket at another host.
    static bool may_end_flow(const Settled& settled) {
        return settled.session || settled.reason == Reason::new_flow ||
               settled.reason == Reason::moved_flow;
    }

    static bool is_for_others(Reason reason) {
        return reason == Reason::other_station || reason == Reason::other_vlan ||
               reason == Reason::heartbeat_other_vlan;
    }

    void arrive(const Record& record) {
        std::size_t accepts = 0, answers = 0;
        std::string verdicts;
        for (Host& host : hosts_) {
            const std::size_t tracked = host.connections.size();
            const std::uint64_t look_ups = host.connections.look_ups();
            const std::uint64_t lasted = lasting(host);
            const Settled settled =
                settle(record, [&](Burst& burst) { host.take_in(burst, counters_); });
            require(may_end_flow(settled) || lasting(host) >= lasted,
                    "no packet from outside ends an established flow", verdicts);
            if (is_for_others(settled.reason))
                require(settled.frame == record.frame && host.connections.size() == tracked &&
                            host.connections.look_ups() == look_ups,
                        "a frame for another station or VLAN changes nothing", verdicts);
            verdicts += std::string(info_of(settled.reason).name) + " ";
            const bool for_all =
                settled.reason == Reason::broadcast || settled.reason == Reason::multicast ||
                settled.reason == Reason::neighbour_reply || settled.reason == Reason::echo_all;
            accepts += verdict_of(settled.reason) == Verdict::accept && !for_all ? 1U : 0U;
            if (output_of(settled.reason) == Output::outside) {
                ++answers;
                check_source(host, settled);
            } else if (output_of(settled.reason) != Output::none) {
                require(settled.frame == record.frame, "what is no answer stays as it is",
                        verdicts);
            }
        }
        require(accepts <= 1, "at most one host accepts", verdicts);
        require(answers <= 1, "at most one host answers", verdicts);
    }

    void leave(Host& host, const Record& record) {
        const Settled settled = settle(record, [&](Burst& burst) {
            settle_egress(burst, host.context(), host.connections, counters_);
        });
        if (output_of(settled.reason) == Output::none) return;
        if (settled.reason == Reason::inside_answer) {
            require(settled.frame == record.frame, "an answer to the dataplane stays as it is");
            return;
        }
        require(verdict_of(settled.reason) == Verdict::send,
                "a frame from inside is sent, heard or dropped", info_of(settled.reason).name);
        require(settled.frame.size() == record.frame.size(), "masking changes no length");
        check_source(host, settled);
    }

    static void check_source(const Host& host, const Settled& settled) {
        require(settled.frame.size() >= sizeof(EthernetHeader),
                "what leaves has an Ethernet header");
        const auto source = load_header<MacAddress>(settled.frame.data() + kSourceMacOffset);
        require(source != host.tables.cluster_mac, "no frame leaves with the cluster MAC",
                info_of(settled.reason).name);
        require(source == host.ports.station(host.tables),
                "every frame leaves with the station's MAC", info_of(settled.reason).name);
    }

    std::array<Host, kHosts> hosts_;
    Counters counters_{};
};

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const nlb::fuzz::Input input = nlb::fuzz::read_input({data, size});
    nlb::fuzz::Cluster cluster(input.settings);
    for (const nlb::fuzz::Record& record : input.records) cluster.play(record);
    return 0;
}

// Most often one record's frame changes; sometimes a record comes, goes or is said again, or the
// bytes change blindly.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    nlb::Prng chance(seed);
    if (chance.chance(100'000)) return LLVMFuzzerMutate(data, size, max_size);
    Input input = read_input({data, size});
    if (input.records.empty())
        input.records.push_back(
            {static_cast<std::uint8_t>(chance.below(64)), random_frame(chance)});
    const std::size_t chosen = chance.below(input.records.size());
    switch (chance.below(8)) {
        case 0:
            if (input.records.size() < kRecordsMax) input.records.push_back(input.records[chosen]);
            break;
        case 1:
            if (input.records.size() > 1)
                input.records.erase(input.records.begin() + static_cast<std::ptrdiff_t>(chosen));
            break;
        case 2:
            input.settings = static_cast<std::uint8_t>(chance.next());
            break;
        case 3:
            input.records[chosen].action = static_cast<std::uint8_t>(chance.next());
            break;
        default:
            change_frame(input.records[chosen].frame, chance, 1600);
    }
    return hand_over(write_input(input), data, max_size);
}
