// Chained hashing over a fixed pool. Datagrams are in one of two age lists: those that wait for
// their first fragment, and those that are decided. Frames that wait hang on their datagram in the
// order of arrival, and go over to the released ones in that order.
#include "core/flow/fragments.hpp"

#include <bit>
#include <utility>

#include "core/packet/headers.hpp"

namespace nlb {
namespace {

// What the later fragments become of a first one with this reason.
Reason followers_of(Reason first) {
    return verdict_of(first) == Verdict::accept ? Reason::fragment_followed : first;
}

}  // namespace

FragmentTable::FragmentTable(std::uint64_t seed)
    : salt_({seed * kPortSpread, ~seed * kPortSpread, (seed ^ kPortSpread) * kPortSpread,
             (seed - kPortSpread) * kPortSpread}),
      datagrams_(kDatagramsMax),
      chains_(kChains, kNone),
      frames_(kFrameSlots) {
    for (std::size_t i = 0; i + 1 < kDatagramsMax; ++i)
        datagrams_[i].chain = static_cast<Index>(i + 1);
    for (std::size_t i = 0; i + 1 < kFrameSlots; ++i) frames_[i].next = static_cast<Index>(i + 1);
}

void FragmentTable::follow(Burst& burst, const BurstContext& context) {
    std::uint64_t asked = burst.fragments;
    if ((burst.traits & kFragmentTraits) != 0) asked |= all_slots(burst) & ~burst.on_fast_path;
    if (asked == 0) return;
    expire(context.now);
    for (const std::uint32_t i : Slots(asked)) {
        burst.reasons[i] = judge(burst, i, context);
        burst.rules[i] = burst.info[i].rule;
    }
}

Reason FragmentTable::judge(Burst& burst, std::uint32_t slot, const BurstContext& context) {
    PacketInfo& info = burst.info[slot];
    const Reason reason = burst.reasons[slot];
    if ((info.traits & (kTraitFirstFragment | kTraitIcmpError)) == kTraitFirstFragment &&
        info.rule != kNoRule)
        return on_first(info, reason, context.now);
    if (reason != Reason::fragment_unmatched) return reason;
    return context.fence_holds ? on_later(info, context.now) : Reason::fenced;
}

void FragmentTable::describe(Datagram& datagram, const PacketInfo& first) {
    datagram.rule = first.rule;
    datagram.bucket = first.bucket;
    datagram.vip_index = first.vip_index;
    datagram.hash = first.hash;
}

Reason FragmentTable::on_first(const PacketInfo& info, Reason reason, Instant now) {
    const Name name = name_of(info);
    Index index = find(name);
    if (index == kNone) {
        index = remember(name, followers_of(reason), now);
        Datagram& datagram = datagrams_[index];
        static_cast<void>(datagram.extent.add(0, info.fragment.bytes, false));
        describe(datagram, info);
        return reason;
    }
    Datagram& datagram = datagrams_[index];
    if (datagram.followers == Reason::fragment_overlap) return Reason::fragment_overlap;
    switch (datagram.extent.add(0, info.fragment.bytes, false)) {
        case DatagramExtent::Fit::duplicate:
            return Reason::fragment_duplicate;
        case DatagramExtent::Fit::conflict:
            decide(index, Reason::fragment_overlap, now);
            return Reason::fragment_overlap;
        case DatagramExtent::Fit::fresh:
            break;
    }
    describe(datagram, info);
    decide(index, followers_of(reason), now);
    if (datagram.extent.complete()) forget(index);
    return reason;
}

Reason FragmentTable::on_later(PacketInfo& info, Instant now) {
    const Name name = name_of(info);
    const Index known = find(name);
    const Index index = known != kNone ? known : remember(name, Reason::live, now);
    Datagram& datagram = datagrams_[index];
    if (datagram.followers == Reason::fragment_overlap) return Reason::fragment_overlap;
    switch (
        datagram.extent.add(info.fragment.offset, info.fragment.bytes, info.fragment.last != 0)) {
        case DatagramExtent::Fit::duplicate:
            return Reason::fragment_duplicate;
        case DatagramExtent::Fit::conflict:
            decide(index, Reason::fragment_overlap, now);
            return Reason::fragment_overlap;
        case DatagramExtent::Fit::fresh:
            break;
    }
    return datagram.followers == Reason::live ? hold(index, info) : adopt(index, info);
}

Reason FragmentTable::adopt(Index index, PacketInfo& info) {
    const Datagram& datagram = datagrams_[index];
    const Reason reason = datagram.followers;
    info.rule = datagram.rule;
    info.bucket = datagram.bucket;
    info.vip_index = datagram.vip_index;
    info.hash = datagram.hash;
    if (datagram.extent.complete()) forget(index);
    return reason;
}

// When too many wait, the datagram that has waited longest is given up; its frames hold their slots
// until they are taken.
Reason FragmentTable::hold(Index index, PacketInfo& info) {
    if (datagrams_[index].frames == kFramesPerDatagramMax) return Reason::fragment_table_full;
    if (waiting_count_ == kFramesWaitingMax) {
        const Index oldest = waiting_.oldest;
        release(oldest, Reason::fragment_table_full);
        if (oldest == index) {
            forget(index);
            return Reason::fragment_table_full;
        }
        forget(oldest);
    }
    // the caller never takes what was released
    if (free_frame_ == kNone) return Reason::fragment_table_full;
    const Index slot = free_frame_;
    WaitingFrame& frame = frames_[slot];
    free_frame_ = std::exchange(frame.next, kNone);
    info.fragment.slot = slot;
    frame.info = info;
    Datagram& datagram = datagrams_[index];
    if (datagram.last_frame == kNone)
        datagram.first_frame = slot;
    else
        frames_[datagram.last_frame].next = slot;
    datagram.last_frame = slot;
    ++datagram.frames;
    ++waiting_count_;
    return Reason::fragment_held;
}

void FragmentTable::decide(Index index, Reason followers, Instant now) {
    release(index, followers);
    unlink(index);
    datagrams_[index].followers = followers;
    datagrams_[index].deadline = now + kDatagramMemory;
    append(index, decided_);
}

void FragmentTable::release(Index index, Reason reason) {
    Datagram& datagram = datagrams_[index];
    if (datagram.frames == 0) return;
    for (Index slot = datagram.first_frame; slot != kNone; slot = frames_[slot].next) {
        WaitingFrame& frame = frames_[slot];
        frame.reason = reason;
        frame.info.rule = datagram.rule;
        frame.info.bucket = datagram.bucket;
        frame.info.vip_index = datagram.vip_index;
        frame.info.hash = datagram.hash;
    }
    if (last_released_ == kNone)
        first_released_ = datagram.first_frame;
    else
        frames_[last_released_].next = datagram.first_frame;
    last_released_ = datagram.last_frame;
    waiting_count_ -= datagram.frames;
    datagram.first_frame = datagram.last_frame = kNone;
    datagram.frames = 0;
}

std::uint32_t FragmentTable::take_released(Burst& burst,
                                           std::array<std::uint16_t, kBurstMax>& slots) {
    burst.count = 0;
    burst.on_fast_path = 0;
    burst.one_rule = false;
    while (first_released_ != kNone && burst.count < kBurstMax) {
        const Index slot = first_released_;
        WaitingFrame& frame = frames_[slot];
        burst.info[burst.count] = frame.info;
        burst.reasons[burst.count] = frame.reason;
        slots[burst.count++] = slot;
        first_released_ = std::exchange(frame.next, free_frame_);
        free_frame_ = slot;
    }
    if (first_released_ == kNone) last_released_ = kNone;
    return burst.count;
}

void FragmentTable::expire(Instant now) {
    expire_list(waiting_, now);
    expire_list(decided_, now);
}

void FragmentTable::expire_list(const AgeList& list, Instant now) {
    while (list.oldest != kNone && datagrams_[list.oldest].deadline <= now) {
        const Index index = list.oldest;
        release(index, Reason::fragment_unmatched);
        forget(index);
    }
}

// Two products under a key, as in core/tables/affinity_hash.hpp. What a client chooses beside its
// address comes in between the two, where it can cancel nothing.
FragmentTable::Name FragmentTable::name_of(const PacketInfo& info) const {
    const auto word = [](const IpAddress& address, std::size_t half) {
        return load_header<std::uint64_t>(address.bytes.data() + 8 * half);
    };
    const std::uint64_t protocol = info.ip_version == 4 ? info.protocol : 0;
    const Key key{word(info.client, 0), word(info.client, 1), word(info.vip, 0), word(info.vip, 1),
                  protocol << 32 | info.fragment.identification};
    const auto folded = [](std::uint64_t x, std::uint64_t y) {
        const Uint128 product = static_cast<Uint128>(x) * y;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    };
    const std::uint64_t source = folded(key[0] ^ salt_.words[0], key[1] ^ salt_.words[1]);
    const std::uint64_t destination = std::rotl(key[2], 32) ^ key[3];
    return {key, folded(source ^ key[4] ^ salt_.words[2], destination ^ salt_.words[3])};
}

FragmentTable::Index FragmentTable::find(const Name& name) const {
    const auto is_it = [&](const Datagram& datagram) {
        if (datagram.tag != name.tag()) return false;
        std::uint64_t differ = 0;
        for (std::size_t i = 0; i < name.key.size(); ++i) differ |= datagram.key[i] ^ name.key[i];
        return differ == 0;
    };
    Index index = chains_[name.chain()];
    while (index != kNone && !is_it(datagrams_[index])) index = datagrams_[index].chain;
    return index;
}

FragmentTable::Index FragmentTable::remember(const Name& name, Reason followers, Instant now) {
    if (free_datagram_ == kNone) {
        const Index oldest = decided_.oldest != kNone ? decided_.oldest : waiting_.oldest;
        release(oldest, Reason::fragment_table_full);
        forget(oldest);
    }
    const bool waits = followers == Reason::live;
    const Index index = free_datagram_;
    Datagram& datagram = datagrams_[index];
    free_datagram_ = std::exchange(datagram.chain, std::exchange(chains_[name.chain()], index));
    --free_count_;
    datagram.key = name.key;
    datagram.tag = name.tag();
    datagram.chain_number = static_cast<std::uint16_t>(name.chain());
    datagram.deadline = now + (waits ? kFirstFragmentWait : kDatagramMemory);
    datagram.followers = followers;
    datagram.rule = kNoRule;
    append(index, list_of(datagram));
    return index;
}

// Requires: no frame waits for it.
void FragmentTable::forget(Index index) {
    Datagram& datagram = datagrams_[index];
    Index* link = &chains_[datagram.chain_number];
    while (*link != index) link = &datagrams_[*link].chain;
    *link = datagram.chain;
    unlink(index);
    datagram.extent.clear();
    datagram.chain = std::exchange(free_datagram_, index);
    ++free_count_;
}

void FragmentTable::append(Index index, AgeList& list) {
    Datagram& datagram = datagrams_[index];
    datagram.older = list.youngest;
    datagram.younger = kNone;
    if (list.youngest == kNone)
        list.oldest = index;
    else
        datagrams_[list.youngest].younger = index;
    list.youngest = index;
}

void FragmentTable::unlink(Index index) {
    const Datagram& datagram = datagrams_[index];
    AgeList& list = list_of(datagram);
    (datagram.older == kNone ? list.oldest : datagrams_[datagram.older].younger) = datagram.younger;
    (datagram.younger == kNone ? list.youngest : datagrams_[datagram.younger].older) =
        datagram.older;
}

}  // namespace nlb
