// The block's bytes. Everything read back is checked: a dataplane may hold the block of another
// build.
#include "core/cluster/checkpoint.hpp"

#include <algorithm>

#include "core/base/byte_stream.hpp"

namespace nlb {
namespace {

constexpr std::uint32_t kMagic = 0x4e4c4242;  // "NLBB"
constexpr std::uint8_t kVersion = 2;

void write_incarnation(ByteWriter& out, const Incarnation& incarnation) {
    out.u32(incarnation.boot);
    out.u32(incarnation.term);
}

Incarnation read_incarnation(ByteReader& in) {
    Incarnation incarnation;
    incarnation.boot = in.u32();
    incarnation.term = in.u32();
    return incarnation;
}

void write_entries(ByteWriter& out, const std::vector<MemberEntry>& entries) {
    out.u8(static_cast<std::uint8_t>(entries.size()));
    for (const MemberEntry& entry : entries) {
        out.u8(entry.id);
        write_incarnation(out, entry.incarnation);
    }
}

std::vector<MemberEntry> read_entries(ByteReader& in) {
    std::vector<MemberEntry> entries(in.u8());
    for (MemberEntry& entry : entries) {
        entry.id = in.u8();
        entry.incarnation = read_incarnation(in);
    }
    return entries;
}

bool ids_are_sound(const Checkpoint& block) {
    const auto sound = [](HostId id) { return id >= 1 && id <= kHostsMax; };
    for (const auto& entry : block.map.members)
        if (!sound(entry.id)) return false;
    for (const auto& entry : block.buried)
        if (!sound(entry.id)) return false;
    for (const auto& peer : block.peers)
        if (!sound(peer.id)) return false;
    for (const auto& owners : block.map.targets)
        for (const HostId owner : owners)
            if (owner > kHostsMax) return false;
    return true;
}

}  // namespace

std::vector<Byte> encode_block(const Checkpoint& block) {
    ByteWriter out;
    out.u32(kMagic);
    out.u8(kVersion);
    out.u8(block.member ? 1 : 0);
    write_incarnation(out, block.incarnation);
    out.u64(block.sequence);
    out.u32(block.highest_counter);
    out.u64(block.config_digest);
    out.u32(block.map.epoch.counter);
    out.u32(block.map.epoch.boot);
    out.u8(block.map.epoch.coordinator);
    out.u64(block.map.inputs_digest);
    out.u64(block.map.config_digest);
    out.u64(block.map.generation);
    out.u64(block.map.next_digest);
    write_entries(out, block.map.members);
    for (const auto& owners : block.map.targets) out.run(owners);
    write_entries(out, block.buried);
    out.u8(static_cast<std::uint8_t>(block.peers.size()));
    for (const PeerSequence& peer : block.peers) {
        out.u8(peer.id);
        write_incarnation(out, peer.incarnation);
        out.u64(peer.sequence);
    }
    out.u8(static_cast<std::uint8_t>(block.beats.size()));
    for (const Instant beat : block.beats)
        out.u64(static_cast<std::uint64_t>(beat.time_since_epoch().count()));
    return out.take();
}

std::optional<Checkpoint> decode_block(std::span<const Byte> bytes) {
    ByteReader in(bytes);
    if (in.u32() != kMagic || in.u8() != kVersion) return std::nullopt;
    Checkpoint block;
    block.member = in.u8() != 0;
    block.incarnation = read_incarnation(in);
    block.sequence = in.u64();
    block.highest_counter = in.u32();
    block.config_digest = in.u64();
    block.map.epoch.counter = in.u32();
    block.map.epoch.boot = in.u32();
    block.map.epoch.coordinator = in.u8();
    block.map.inputs_digest = in.u64();
    block.map.config_digest = in.u64();
    block.map.generation = in.u64();
    block.map.next_digest = in.u64();
    block.map.members = read_entries(in);
    for (auto& owners : block.map.targets)
        for (HostId& owner : owners) owner = in.u8();
    block.buried = read_entries(in);
    block.peers.resize(in.u8());
    for (PeerSequence& peer : block.peers) {
        peer.id = in.u8();
        peer.incarnation = read_incarnation(in);
        peer.sequence = in.u64();
    }
    block.beats.resize(std::min<std::size_t>(in.u8(), kBeatsKept));
    for (Instant& beat : block.beats) beat = Instant{Duration{static_cast<std::int64_t>(in.u64())}};
    const bool beats_are_sound = std::all_of(block.beats.begin(), block.beats.end(),
                                             [](Instant beat) { return beat >= Instant{}; });
    if (!in.ok() || in.left() != 0 || !ids_are_sound(block) || !beats_are_sound)
        return std::nullopt;
    return block;
}

}  // namespace nlb
