// The checkpoint's bytes. Everything read back is checked: a dataplane may hold the checkpoint of
// another build.
#include "core/cluster/checkpoint.hpp"

#include <algorithm>

#include "core/base/byte_stream.hpp"

namespace nlb {
namespace {

constexpr std::uint32_t kMagic = 0x4e4c4242;  // "NLBB"
constexpr std::uint8_t kVersion = 3;

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

bool ids_are_sound(const Checkpoint& checkpoint) {
    const auto sound = [](HostId id) { return id >= 1 && id <= kHostsMax; };
    for (const auto& entry : checkpoint.map.members)
        if (!sound(entry.id)) return false;
    for (const auto& entry : checkpoint.buried)
        if (!sound(entry.id)) return false;
    for (const auto& peer : checkpoint.peers)
        if (!sound(peer.id)) return false;
    for (const auto& owners : checkpoint.map.targets)
        for (const HostId owner : owners)
            if (owner > kHostsMax) return false;
    return true;
}

}  // namespace

std::vector<Byte> encode_checkpoint(const Checkpoint& checkpoint) {
    ByteWriter out;
    out.u32(kMagic);
    out.u8(kVersion);
    out.u8(checkpoint.member ? 1 : 0);
    write_incarnation(out, checkpoint.incarnation);
    out.u64(checkpoint.sequence);
    out.u32(checkpoint.highest_counter);
    out.u64(checkpoint.config_digest);
    out.u32(checkpoint.map.epoch.counter);
    out.u32(checkpoint.map.epoch.boot);
    out.u8(checkpoint.map.epoch.coordinator);
    out.u64(checkpoint.map.inputs_digest);
    out.u64(checkpoint.map.config_digest);
    out.u64(checkpoint.map.generation);
    out.u64(checkpoint.map.next_digest);
    out.u8(checkpoint.map.version);
    write_entries(out, checkpoint.map.members);
    for (const auto& owners : checkpoint.map.targets) out.run(owners);
    write_entries(out, checkpoint.buried);
    out.u8(static_cast<std::uint8_t>(checkpoint.peers.size()));
    for (const PeerSequence& peer : checkpoint.peers) {
        out.u8(peer.id);
        write_incarnation(out, peer.incarnation);
        out.u64(peer.sequence);
    }
    out.u8(static_cast<std::uint8_t>(checkpoint.beats.size()));
    for (const Instant beat : checkpoint.beats)
        out.u64(static_cast<std::uint64_t>(beat.time_since_epoch().count()));
    return out.take();
}

std::optional<Checkpoint> decode_checkpoint(std::span<const Byte> bytes) {
    ByteReader in(bytes);
    if (in.u32() != kMagic || in.u8() != kVersion) return std::nullopt;
    Checkpoint checkpoint;
    checkpoint.member = in.u8() != 0;
    checkpoint.incarnation = read_incarnation(in);
    checkpoint.sequence = in.u64();
    checkpoint.highest_counter = in.u32();
    checkpoint.config_digest = in.u64();
    checkpoint.map.epoch.counter = in.u32();
    checkpoint.map.epoch.boot = in.u32();
    checkpoint.map.epoch.coordinator = in.u8();
    checkpoint.map.inputs_digest = in.u64();
    checkpoint.map.config_digest = in.u64();
    checkpoint.map.generation = in.u64();
    checkpoint.map.next_digest = in.u64();
    checkpoint.map.version = in.u8();
    checkpoint.map.members = read_entries(in);
    for (auto& owners : checkpoint.map.targets)
        for (HostId& owner : owners) owner = in.u8();
    checkpoint.buried = read_entries(in);
    checkpoint.peers.resize(in.u8());
    for (PeerSequence& peer : checkpoint.peers) {
        peer.id = in.u8();
        peer.incarnation = read_incarnation(in);
        peer.sequence = in.u64();
    }
    checkpoint.beats.resize(std::min<std::size_t>(in.u8(), kBeatsKept));
    for (Instant& beat : checkpoint.beats)
        beat = Instant{Duration{static_cast<std::int64_t>(in.u64())}};
    const bool beats_are_sound = std::all_of(checkpoint.beats.begin(), checkpoint.beats.end(),
                                             [](Instant beat) { return beat >= Instant{}; });
    if (!in.ok() || in.left() != 0 || !ids_are_sound(checkpoint) || !beats_are_sound)
        return std::nullopt;
    return checkpoint;
}

}  // namespace nlb
