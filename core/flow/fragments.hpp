// Fragments follow the first one of their datagram, as only that shows ports (RFC 791, 8200 4.5):
// what was decided about it, under the tables of that moment, holds for all of them, so that one
// host delivers the whole datagram although buckets move meanwhile. Later fragments that come
// before it wait, bounded in number and time. Nothing is put together, and no frame is kept here:
// whoever calls holds the frames that wait, each at the place that it is told.
//
// A fragmented ICMP error has no followers: no stack sends one, as errors are shorter than any
// minimal MTU.
#pragma once

#include <cstdint>
#include <vector>

#include "core/flow/datagram_extent.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {

inline constexpr std::size_t kDatagramsMax = 512;         // that one table remembers
inline constexpr std::size_t kFramesWaitingMax = 256;     // over all datagrams of a table
inline constexpr std::size_t kFramesPerDatagramMax = 64;  // 64 KiB in frames of 1,280 bytes are 53
// Frames that wait and, until they are taken, those of one burst that wait no more.
inline constexpr std::size_t kFrameSlots = kFramesWaitingMax + kBurstMax;
inline constexpr Duration kFirstFragmentWait = std::chrono::seconds{1};
inline constexpr Duration kDatagramMemory = std::chrono::seconds{15};  // RFC 791's reassembly time

// One worker's datagrams, about 1.2 MiB; nothing is allocated after construction. When it is full
// the oldest makes room: whoever floods it shortens memories, but cannot lock a new datagram out.
// Thread: that worker.
class FragmentTable {
public:
    // `seed` makes its chains unpredictable from outside.
    explicit FragmentTable(std::uint64_t seed);

    // The stage: settles first fragments again when they are duplicates or overlap, and later ones,
    // which are Reason::fragment_unmatched until now. A frame that becomes fragment_held is the
    // caller's to keep at info.fragment.slot.
    void follow(Burst& burst, const BurstContext& context);
    // Ends what has lasted too long. Cheap when nothing has.
    void expire(Instant now);

    // Frames that wait no more, in the order in which they came: fills info and reasons, and
    // `slots` with where each frame lies; the caller sets burst.frames. At most kBurstMax at once;
    // 0 when there are none.
    std::uint32_t take_released(Burst& burst, std::array<std::uint16_t, kBurstMax>& slots);

    [[nodiscard]] std::size_t datagrams() const { return kDatagramsMax - free_count_; }
    [[nodiscard]] std::size_t waiting() const { return waiting_count_; }

private:
    using Index = std::uint16_t;
    static constexpr Index kNone = 0xffff;
    static constexpr std::size_t kChains = 1024;  // a number fits into 16 bits

    // Both addresses, the identification, and of IPv4 the protocol, whose numbers are separate (RFC
    // 791). Words, because most of what a fragment costs is to compare and to keep them.
    using Key = std::array<std::uint64_t, 5>;
    // A key and its hash: the chain, and what tells most others of that chain apart.
    struct Name {
        Key key;
        std::uint64_t hash;
        [[nodiscard]] std::size_t chain() const { return hash % kChains; }
        [[nodiscard]] std::uint32_t tag() const { return static_cast<std::uint32_t>(hash >> 32); }
    };
    struct Datagram {
        Key key;
        Instant deadline;
        std::uint32_t tag = 0;           // of its name
        std::uint16_t chain_number = 0;  // the same
        // what later fragments become; live: the first was not seen, they wait
        Reason followers = Reason::live;
        RuleId rule = kNoRule;
        BucketId bucket = 0;
        std::uint8_t vip_index = 0;
        std::uint32_t hash = 0;
        // the next one whose key has the same hash; of free ones: the next free one
        Index chain = kNone;
        Index older = kNone;  // in its age list
        Index younger = kNone;
        Index first_frame = kNone;
        Index last_frame = kNone;
        std::uint16_t frames = 0;
        DatagramExtent extent;
    };
    // Of equal life spans the oldest ends first, so a list is in the order of deadlines.
    struct AgeList {
        Index oldest = kNone;
        Index youngest = kNone;
    };
    struct WaitingFrame {
        PacketInfo info;
        Reason reason = Reason::live;
        Index next = kNone;
    };

    [[nodiscard]] Name name_of(const PacketInfo& info) const;
    [[nodiscard]] Index find(const Name& name) const;
    // Requires: nothing is remembered of it. live: its first fragment is waited for.
    [[nodiscard]] Index remember(const Name& name, Reason followers, Instant now);
    void forget(Index index);
    static void describe(Datagram& datagram, const PacketInfo& first);
    void decide(Index index, Reason followers, Instant now);
    void append(Index index, AgeList& list);
    void unlink(Index index);
    void expire_list(const AgeList& list, Instant now);
    [[nodiscard]] AgeList& list_of(const Datagram& datagram) {
        return datagram.followers == Reason::live ? waiting_ : decided_;
    }

    [[nodiscard]] Reason on_first(const PacketInfo& info, Reason reason, Instant now);
    [[nodiscard]] Reason on_later(PacketInfo& info, Instant now);
    [[nodiscard]] Reason judge(Burst& burst, std::uint32_t slot, const BurstContext& context);
    [[nodiscard]] Reason adopt(Index index, PacketInfo& info);
    [[nodiscard]] Reason hold(Index index, PacketInfo& info);
    void release(Index index, Reason reason);

    SaltedKey salt_;
    std::vector<Datagram> datagrams_;
    std::vector<Index> chains_;
    std::vector<WaitingFrame> frames_;
    Index free_datagram_ = 0;
    std::size_t free_count_ = kDatagramsMax;
    Index free_frame_ = 0;
    std::size_t waiting_count_ = 0;
    AgeList waiting_;
    AgeList decided_;
    Index first_released_ = kNone;
    Index last_released_ = kNone;
};

}  // namespace nlb
