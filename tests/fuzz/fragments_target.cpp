// Fragments of a few datagrams in any order, size and company, through the stages of four hosts,
// beside a model of lists that shares no code with core/flow/fragments. Promises: every fragment
// becomes what the model says, now or when it is released; each frame that waits is given back
// exactly once; at most one host takes a fragment, and none takes one whose first fragment it did
// not take.
//
// An input: a byte of settings, then records of four bytes: which datagram and what happens first,
// offset, length, and how it ends.
#include <map>
#include <memory>
#include <string>

#include "core/pipeline.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/core/flow/fragment_frames.hpp"

namespace nlb::fuzz {
namespace {

using test::kHosts;

constexpr std::size_t kDatagrams = 8;
constexpr std::size_t kRecordBytes = 4;
constexpr std::size_t kRecordsMax = 512;
// of eight bytes; more fragments than may wait for one datagram
constexpr std::size_t kDatagramUnits = 160;

struct Record {
    std::uint8_t datagram;
    std::uint8_t pause;  // one of kPauses
    bool moves;          // ownership, first
    bool joins;          // the burst of the record before
    std::size_t offset;
    std::size_t bytes;
    bool last;
};
constexpr Duration kPauses[]{Duration{0}, std::chrono::milliseconds{400}, std::chrono::seconds{1},
                             std::chrono::seconds{15}};

Record read_record(Choices& choices) {
    const std::uint8_t first = choices.u8();
    Record record{};
    record.datagram = first % kDatagrams;
    record.pause = (first & 8U) != 0 ? static_cast<std::uint8_t>(first >> 6) : std::uint8_t{0};
    record.moves = (first & 16U) != 0;
    record.joins = (first & 32U) != 0;
    record.offset = choices.u8() % kDatagramUnits * 8;
    const std::uint8_t length = choices.u8();
    const std::uint8_t end = choices.u8();
    record.last = (end & 1U) != 0 && record.offset != 0;
    record.bytes = (length % 24U + 1U) * 8U - (record.last ? (end >> 1) % 8U : 0U);
    return record;
}

// What was sent of one datagram, as one host has it in mind.
struct Memory {
    struct Piece {
        std::size_t offset, end;
        bool last;
        bool operator==(const Piece&) const = default;
    };
    std::vector<Piece> pieces;
    Reason followers = Reason::live;  // live: the first one was not seen
    Instant deadline;
    std::vector<std::size_t> waiting;  // numbers of frames

    [[nodiscard]] bool knows(const Piece& piece) const {
        return std::find(pieces.begin(), pieces.end(), piece) != pieces.end();
    }
    [[nodiscard]] bool contradicts(const Piece& piece) const {
        return std::any_of(pieces.begin(), pieces.end(), [&](const Piece& other) {
            // Both ends in units of eight bytes: what one unit holds twice overlaps.
            const bool overlaps =
                piece.offset < (other.end + 7) / 8 * 8 && other.offset < (piece.end + 7) / 8 * 8;
            const bool beyond = (other.last && (piece.last || piece.end >= other.end)) ||
                                (piece.last && other.end > piece.end);
            return overlaps || beyond;
        });
    }
    [[nodiscard]] bool whole() const {
        std::size_t shown = 0, end = 0;
        for (const Piece& piece : pieces) {
            shown += piece.end - piece.offset;
            if (piece.last) end = piece.end;
        }
        return end != 0 && shown == end;
    }
};

// RFC 791, 8200 and 5722 by lists; one per host.
class Model {
public:
    // What becomes of a fragment; `of_first`: what the host decides about a first one by its
    // tables.
    Reason take(std::size_t number, const Record& record, Reason of_first, Instant now) {
        Memory& memory = memory_of(record.datagram, now);
        if (memory.followers == Reason::fragment_overlap) return Reason::fragment_overlap;
        const Memory::Piece piece{record.offset, record.offset + record.bytes, record.last};
        if (memory.knows(piece)) return Reason::fragment_duplicate;
        if (memory.contradicts(piece)) {
            decide(memory, Reason::fragment_overlap, now);
            return Reason::fragment_overlap;
        }
        memory.pieces.push_back(piece);
        Reason reason = of_first;
        if (record.offset == 0) {
            decide(memory,
                   verdict_of(of_first) == Verdict::accept ? Reason::fragment_followed : of_first,
                   now);
        } else if (memory.followers == Reason::live) {
            if (memory.waiting.size() == kFramesPerDatagramMax) return Reason::fragment_table_full;
            memory.waiting.push_back(number);
            return Reason::fragment_held;
        } else {
            reason = memory.followers;
        }
        if (memory.whole()) memories_.erase(record.datagram);
        return reason;
    }
    void expire(Instant now) {
        for (auto at = memories_.begin(); at != memories_.end();) {
            if (at->second.deadline > now) {
                ++at;
                continue;
            }
            release(at->second, Reason::fragment_unmatched);
            at = memories_.erase(at);
        }
    }
    // Frames that wait no more, with what they became.
    std::map<std::size_t, Reason> released;
    [[nodiscard]] std::size_t waiting() const {
        std::size_t count = 0;
        for (const auto& [which, memory] : memories_) count += memory.waiting.size();
        return count;
    }

private:
    Memory& memory_of(std::uint8_t datagram, Instant now) {
        const auto [at, made] = memories_.try_emplace(datagram);
        if (made) at->second.deadline = now + kFirstFragmentWait;
        return at->second;
    }
    void decide(Memory& memory, Reason followers, Instant now) {
        release(memory, followers);
        memory.followers = followers;
        memory.deadline = now + kDatagramMemory;
    }
    void release(Memory& memory, Reason reason) {
        for (const std::size_t number : memory.waiting) released[number] = reason;
        memory.waiting.clear();
    }
    std::map<std::uint8_t, Memory> memories_;
};

// Datagrams that differ in one thing each, so that taking one for the other shows: client, protocol
// version, identification, length.
const test::Datagram& datagram_of(std::size_t which) {
    static const auto made = [] {
        std::vector<test::Datagram> all;
        for (std::size_t i = 0; i < kDatagrams; ++i) {
            FrameSpec spec =
                test::large_udp(kDatagramUnits * 8 + 512, test::kClient + (i >> 1 & 1U));
            if ((i & 4U) != 0) spec = test::over_v6(spec, test::v6(1, 7 + (i >> 1 & 1U)));
            all.emplace_back(spec, (i & 1U) != 0 ? 77U : 7U);
        }
        return all;
    }();
    return made[which];
}

struct Host {
    Tables tables;
    PortAddresses ports{test::kOutsideMac, test::kInsideMac};
    SimpleConnections connections{16};
    FragmentTable fragments{11};
    Model model;
    std::map<std::uint16_t, std::size_t> held;  // slot to number
    Counters counters{};
};

class Cluster {
public:
    Cluster() {
        for (HostId id = 1; id <= kHosts; ++id) {
            hosts_[id - 1U].tables = test::make_tables(id, LinkMode::unicast);
            first_owned_[id - 1U] = hosts_[id - 1U].tables.own;
        }
    }
    void play(const std::vector<Record>& records) {
        for (HostId id = 1; id <= kHosts; ++id) hosts_[id - 1U].tables.own = first_owned_[id - 1U];
        for (std::size_t at = 0; at < records.size();) {
            if (records[at].moves) move_ownership();
            now_ += kPauses[records[at].pause];
            std::size_t end = at + 1;
            while (end < records.size() && records[end].joins && end - at < kBurstMax) ++end;
            takers_.clear();
            for (Host& host : hosts_) arrive(host, records, at, end);
            at = end;
        }
        now_ += kDatagramMemory;
        for (Host& host : hosts_) finish(host);
    }

private:
    void move_ownership() {
        const RuleMasks last = hosts_.back().tables.own;
        for (std::size_t i = kHosts - 1; i > 0; --i)
            hosts_[i].tables.own = hosts_[i - 1].tables.own;
        hosts_.front().tables.own = last;
    }

    void arrive(Host& host, const std::vector<Record>& records, std::size_t begin,
                std::size_t end) {
        std::vector<std::vector<Byte>> frames;
        static const auto burst = std::make_unique<Burst>();
        burst->count = 0;
        for (std::size_t i = begin; i < end; ++i) {
            const Record& record = records[i];
            frames.push_back(
                datagram_of(record.datagram).piece(record.offset, record.bytes, record.last));
            frames.back().shrink_to_fit();
            const auto length = static_cast<std::uint16_t>(frames.back().size());
            burst->frames[burst->count++] = {frames.back().data(), length, length};
        }
        const BurstContext context{host.tables, host.ports, now_, true};
        settle_ingress(*burst, context, host.connections, host.fragments, host.counters);
        host.model.expire(now_);
        for (std::size_t i = begin; i < end; ++i) {
            const auto slot = static_cast<std::uint32_t>(i - begin);
            const Reason expected =
                host.model.take(i, records[i], by_tables(host, burst->info[slot]), now_);
            expect(burst->reasons[slot], expected, "a fragment becomes what the model says");
            if (burst->reasons[slot] == Reason::fragment_held)
                hold(host, burst->info[slot].fragment.slot, i);
            count_taker(burst->reasons[slot], i);
        }
        take_released(host);
    }

    static Reason by_tables(const Host& host, const PacketInfo& info) {
        if (info.rule == kNoRule) return Reason::live;
        return (host.tables.own[info.rule] >> info.bucket & 1U) != 0 ? Reason::owner
                                                                     : Reason::not_owner;
    }
    static void hold(Host& host, std::uint16_t slot, std::size_t number) {
        require(slot < kFrameSlots && host.held.emplace(slot, number).second,
                "no two frames wait at one slot");
    }
    void take_released(Host& host) {
        static const auto burst = std::make_unique<Burst>();
        std::array<std::uint16_t, kBurstMax> slots;
        while (settle_released(*burst, host.fragments, slots, host.counters) != 0) {
            for (std::uint32_t i = 0; i < burst->count; ++i) {
                const auto held = host.held.find(slots[i]);
                require(held != host.held.end(), "only frames that wait are released");
                const auto told = host.model.released.find(held->second);
                require(told != host.model.released.end(), "no frame is released before its time");
                expect(burst->reasons[i], told->second,
                       "a frame that waited becomes what the model says");
                count_taker(burst->reasons[i], held->second);
                host.model.released.erase(told);
                host.held.erase(held);
            }
        }
        require(host.model.released.empty(), "every frame that waits no more is released");
        require(host.held.size() == host.fragments.waiting() &&
                    host.held.size() == host.model.waiting(),
                "the counts of waiting frames agree");
    }
    void finish(Host& host) {
        host.fragments.expire(now_);
        host.model.expire(now_);
        take_released(host);
        require(host.held.empty() && host.fragments.datagrams() == 0,
                "in the end nothing waits and nothing is remembered");
    }
    void count_taker(Reason reason, std::size_t number) {
        if (verdict_of(reason) == Verdict::accept)
            require(++takers_[number] == 1, "at most one host takes a fragment");
    }
    static void expect(Reason got, Reason expected, const char* promise) {
        if (got == expected) return;
        require(
            false, promise,
            std::string(info_of(got).name) + " instead of " + std::string(info_of(expected).name));
    }

    std::array<Host, kHosts> hosts_;
    std::array<RuleMasks, kHosts> first_owned_;
    Instant now_{std::chrono::hours{10}};
    std::map<std::size_t, std::size_t> takers_;
};

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb::fuzz;
    Choices choices({data, size});
    std::vector<Record> records;
    while (!choices.empty() && records.size() < kRecordsMax)
        records.push_back(read_record(choices));
    // Its tables of 1.2 MiB are made once: that they are empty again after each input is one of the
    // promises.
    static const auto cluster = std::make_unique<Cluster>();
    cluster->play(records);
    return 0;
}

// Most often one field of one record changes; sometimes records come, go, change slots or are said
// again.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    nlb::Prng chance(seed);
    if (chance.chance(100'000)) return LLVMFuzzerMutate(data, size, max_size);
    std::vector<nlb::Byte> bytes(data, data + size / kRecordBytes * kRecordBytes);
    const auto random_record = [&] {
        for (std::size_t i = 0; i < kRecordBytes; ++i)
            bytes.push_back(static_cast<nlb::Byte>(chance.next()));
    };
    if (bytes.empty()) random_record();
    const std::size_t count = bytes.size() / kRecordBytes;
    const auto at = [&](std::size_t record) {
        return bytes.begin() + static_cast<std::ptrdiff_t>(record * kRecordBytes);
    };
    const std::size_t chosen = chance.below(count);
    switch (chance.below(8)) {
        case 0:
            random_record();
            break;
        case 1:
            if (count > 1) bytes.erase(at(chosen), at(chosen + 1));
            break;
        case 2:
            std::rotate(at(0), at(chosen), bytes.end());
            break;
        case 3: {
            const std::vector<nlb::Byte> again(at(chosen), at(chosen + 1));
            bytes.insert(at(chance.below(count)), again.begin(), again.end());
            break;
        }
        case 4: {  // what follows: the next piece of the same datagram
            std::vector<nlb::Byte> next(at(chosen), at(chosen + 1));
            next[1] = static_cast<nlb::Byte>((next[1] + next[2] % 24U + 1U) % kDatagramUnits);
            if (chance.below(4) == 0) next[3] |= 1U;
            bytes.insert(at(chance.below(count)), next.begin(), next.end());
            break;
        }
        default:
            *(at(chosen) + static_cast<std::ptrdiff_t>(chance.below(kRecordBytes))) =
                static_cast<nlb::Byte>(chance.next());
    }
    return hand_over(bytes, data, max_size);
}
