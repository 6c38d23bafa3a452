// Order of decoding: shape, key, tag, and only then the fields.
#include "core/wire/frame_codec.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/byte_stream.hpp"
#include "core/wire/next_version.hpp"

namespace nlb {
namespace {

constexpr std::uint32_t kMagic = 0x4e4c4248;  // "NLBH"
constexpr std::uint8_t kTypeHeartbeat = 1;
constexpr std::uint8_t kTypeMap = 2;
constexpr std::uint8_t kTypeConfig = 3;
constexpr std::uint8_t kTypeGrants = 4;
constexpr std::size_t kLengthOffset = 8;
constexpr std::size_t kTagOffset = 12;
// What shares a word or a byte on the wire.
constexpr unsigned kRuleStateShift = kBuckets;
constexpr unsigned kReportFlagShift = 5;
constexpr std::uint8_t kReportIdMask = (1U << kReportFlagShift) - 1U;
static_assert(kHostsMax <= kReportIdMask + 1U);

bool is_host(HostId id) {
    return id >= 1 && id <= kHostsMax;
}

void write_header(ByteWriter& out, const FrameHeader& header, std::uint8_t type,
                  std::uint16_t key) {
    out.u32(kMagic);
    out.u8(header.version);
    out.u8(type);
    out.u16(key);
    out.u16(0);  // the length, known at the end
    out.u8(header.spoken.newest);
    out.u8(header.spoken.least);
    out.zeros(kTagBytes);
    out.u32(header.cluster);
    out.u8(header.id);
    out.u8(static_cast<std::uint8_t>(header.state));
    out.u8(header.flags);
    out.u8(header.slots);
    out.u32(header.incarnation.boot);
    out.u32(header.incarnation.term);
    out.u64(header.sequence);
    out.u32(header.epoch.counter);
    out.u32(header.epoch.boot);
    out.u8(header.epoch.coordinator);
    out.zeros(3);
    NLB_ASSERT(out.size() == kFrameHeaderBytes);
}

void write_body(ByteWriter& out, const Heartbeat& beat) {
    out.u32(beat.view.bits());
    out.u64(beat.config_digest);
    out.u64(beat.generation);
    out.u64(beat.map_digest);
    out.u64(beat.staged.digest);
    out.u8(static_cast<std::uint8_t>(beat.peers.size()));
    out.u8(beat.staged.slots);
    out.zeros(2);
    for (std::uint8_t slot = 0; slot < beat.header.slots; ++slot) {
        const RuleReport& rule = beat.rules[rule_of_wire_slot(slot, beat.header.slots)];
        out.u64(rule.own | static_cast<std::uint64_t>(rule.state) << kRuleStateShift);
        out.u64(rule.dirty);
        out.u8(rule.offer);
    }
    for (const PeerReport& peer : beat.peers) {
        NLB_ASSERT(is_host(peer.id) && peer.flags < 1U << (8 - kReportFlagShift));
        out.u8(static_cast<std::uint8_t>((peer.id - 1U) | peer.flags << kReportFlagShift));
        out.u32(peer.heard.boot);
        out.u32(peer.heard.term);
        out.u64(peer.sequence);
    }
    for (std::uint8_t slot = 0; slot < beat.staged.slots; ++slot)
        out.u8(beat.staged.offers[rule_of_wire_slot(slot, beat.staged.slots)]);
    write_next_field(out, beat.header);
}

void write_body(ByteWriter& out, const MapPart& part) {
    out.u64(part.map_digest);
    out.u64(part.inputs_digest);
    out.u64(part.config_digest);
    out.u64(part.generation);
    out.u64(part.next_digest);
    out.u8(part.part);
    out.u8(part.parts);
    out.u8(static_cast<std::uint8_t>(part.members.size()));
    out.u8(part.first_slot);
    out.u8(static_cast<std::uint8_t>(part.targets.size()));
    out.zeros(3);
    for (const MemberEntry& member : part.members) {
        out.u8(member.id);
        out.u32(member.incarnation.boot);
        out.u32(member.incarnation.term);
    }
    for (const auto& owners : part.targets) out.run(owners);
}

void write_body(ByteWriter& out, const ConfigPart& part) {
    out.u64(part.digest);
    out.u8(part.part);
    out.u8(part.parts);
    out.zeros(2);
    out.run({reinterpret_cast<const Byte*>(part.text.data()), part.text.size()});
}

void write_body(ByteWriter& out, const GrantList& list) {
    out.u8(static_cast<std::uint8_t>(list.grants.size()));
    out.zeros(3);
    for (const Grant& grant : list.grants) {
        out.u8(grant.host);
        out.u8(grant.rule);
        out.u8(grant.bucket);
        out.u8(0);
        out.u32(grant.incarnation.boot);
        out.u32(grant.incarnation.term);
        out.u64(grant.sequence);
        out.u64(grant.client);
        out.u32(grant.timeout_ms);
    }
}

bool read_header(ByteReader& in, FrameHeader& header) {
    header.cluster = in.u32();
    header.id = in.u8();
    header.state = static_cast<MemberState>(in.u8());
    header.flags = in.u8();
    header.slots = in.u8();
    header.incarnation.boot = in.u32();
    header.incarnation.term = in.u32();
    header.sequence = in.u64();
    header.epoch.counter = in.u32();
    header.epoch.boot = in.u32();
    header.epoch.coordinator = in.u8();
    in.skip(3);
    const bool state_known =
        header.state == MemberState::join || header.state == MemberState::member;
    const bool epoch_known = is_host(header.epoch.coordinator) || header.epoch == Epoch{};
    return in.ok() && state_known && epoch_known && is_host(header.id) && header.slots >= 1 &&
           header.slots <= kRuleSlots && header.spoken.include(header.version);
}

bool read_body(ByteReader& in, Heartbeat& beat) {
    beat.view = HostSet{in.u32()};
    beat.config_digest = in.u64();
    beat.generation = in.u64();
    beat.map_digest = in.u64();
    beat.staged.digest = in.u64();
    const std::size_t peers = in.u8();
    beat.staged.slots = in.u8();
    in.skip(2);
    if (peers > kPeerReportsMax || beat.staged.slots > kRuleSlots) return false;
    for (std::uint8_t slot = 0; slot < beat.header.slots; ++slot) {
        RuleReport& rule = beat.rules[rule_of_wire_slot(slot, beat.header.slots)];
        const std::uint64_t own = in.u64();
        const auto state = static_cast<std::uint8_t>(own >> kRuleStateShift);
        rule.own = own & kAllBuckets;
        rule.dirty = in.u64();
        rule.offer = in.u8();
        if ((rule.dirty & ~kAllBuckets) != 0 ||
            state > static_cast<std::uint8_t>(RuleState::failed))
            return false;
        rule.state = static_cast<RuleState>(state);
    }
    for (std::size_t i = 0; i < peers; ++i) {
        PeerReport peer;
        const std::uint8_t id_and_flags = in.u8();
        peer.id = static_cast<HostId>((id_and_flags & kReportIdMask) + 1U);
        peer.flags = id_and_flags >> kReportFlagShift;
        peer.heard.boot = in.u32();
        peer.heard.term = in.u32();
        peer.sequence = in.u64();
        beat.peers.push_back(peer);
    }
    for (std::uint8_t slot = 0; slot < beat.staged.slots; ++slot)
        beat.staged.offers[rule_of_wire_slot(slot, beat.staged.slots)] = in.u8();
    return read_next_field(in, beat.header) && in.ok() && in.left() == 0;
}

bool read_body(ByteReader& in, MapPart& part) {
    part.map_digest = in.u64();
    part.inputs_digest = in.u64();
    part.config_digest = in.u64();
    part.generation = in.u64();
    part.next_digest = in.u64();
    part.part = in.u8();
    part.parts = in.u8();
    const std::size_t members = in.u8();
    part.first_slot = in.u8();
    const std::size_t slots = in.u8();
    in.skip(3);
    if (members > kHostsMax || slots > kSlotsPerMapPart ||
        part.first_slot + slots > part.header.slots)
        return false;
    // receivers keep a bit for each part
    if (part.part >= part.parts || part.parts > kMapPartsMax) return false;
    HostId former = kNoHost;
    for (std::size_t i = 0; i < members; ++i) {
        MemberEntry member;
        member.id = in.u8();
        member.incarnation.boot = in.u32();
        member.incarnation.term = in.u32();
        if (!is_host(member.id) || member.id <= former) return false;  // by id, each once
        former = member.id;
        part.members.push_back(member);
    }
    for (std::size_t i = 0; i < slots; ++i) {
        auto& owners = part.targets.emplace_back();
        for (HostId& owner : owners) {
            owner = in.u8();
            if (owner > kHostsMax) return false;
        }
    }
    return in.ok() && in.left() == 0;
}

bool read_body(ByteReader& in, ConfigPart& part) {
    part.digest = in.u64();
    part.part = in.u8();
    part.parts = in.u8();
    in.skip(2);
    const auto text = in.rest();
    part.text.assign(text.begin(), text.end());
    return in.ok() && part.part < part.parts && part.parts <= kConfigPartsMax &&
           text.size() <= kConfigTextBytesMax;
}

bool read_body(ByteReader& in, GrantList& list) {
    const std::size_t grants = in.u8();
    in.skip(3);
    if (grants > kGrantsPerFrame) return false;
    for (std::size_t i = 0; i < grants; ++i) {
        Grant grant;
        grant.host = in.u8();
        grant.rule = in.u8();
        grant.bucket = in.u8();
        in.skip(1);
        grant.incarnation.boot = in.u32();
        grant.incarnation.term = in.u32();
        grant.sequence = in.u64();
        grant.client = in.u64();
        grant.timeout_ms = in.u32();
        // The default rule, which is always single, grants nothing.
        if (!is_host(grant.host) || grant.rule + 1U >= list.header.slots ||
            grant.bucket >= kBuckets || grant.client == 0)
            return false;
        list.grants.push_back(grant);
    }
    return in.ok() && in.left() == 0;
}

template <class Body>
DecodedFrame decode_body(ByteReader& in, const FrameHeader& header) {
    Body body;
    body.header = header;
    if (!read_body(in, body)) return {FrameFault::field, {}};
    return {FrameFault::none, std::move(body)};
}

// Every byte is looked at whatever the first difference is, so that time tells a forger nothing.
bool same_tag(std::span<const Byte> a, std::span<const Byte> b) {
    Byte difference = 0;
    for (std::size_t i = 0; i < kTagBytes; ++i)
        difference = static_cast<Byte>(difference | (a[i] ^ b[i]));
    return difference == 0;
}

// The tag does not cover the seal, and yet no bit of a frame may be another's.
bool seal_is_right(std::span<const Byte> bytes, const Authenticator& authenticator) {
    const SealKeys keys = authenticator.seal_keys();
    const auto borne = bytes.subspan(kSealOffset, kSealBytes);
    return keys.count != 0
               ? is_sealed(bytes, keys)
               : std::all_of(borne.begin(), borne.end(), [](Byte byte) { return byte == 0; });
}

bool tag_is_right(std::span<const Byte> bytes, std::uint16_t key,
                  const Authenticator& authenticator) {
    std::array<Byte, kClusterFrameBytesMax> unsigned_bytes;
    std::copy(bytes.begin(), bytes.end(), unsigned_bytes.begin());
    std::fill_n(unsigned_bytes.begin() + kTagOffset, kTagBytes, Byte{0});
    std::fill_n(unsigned_bytes.begin() + kSealOffset, kSealBytes, Byte{0});
    const auto expected = authenticator.tag(key, std::span{unsigned_bytes}.first(bytes.size()));
    return same_tag(bytes.subspan(kTagOffset, kTagBytes), expected);
}

}  // namespace

std::string_view name_of(FrameFault fault) {
    static constexpr std::array<std::string_view, kFrameFaults> kNames{
        "none",          "truncated",
        "magic",         "version",
        "other_version", "type",
        "key",           "tag",
        "cluster",       "field",
        "own",           "replayed",
        "unbelieved",    "buried_incarnation",
        "unknown_host",  "config"};
    return kNames[static_cast<std::size_t>(fault)];
}

FrameVersions frame_versions() {
    // What a build with a new version still writes for its predecessors: docs/protocol.md.
    constexpr std::uint8_t kLeastVersion = 3;
    return {kLeastVersion, kNewestVersion};
}

std::optional<UnverifiedHeader> read_unverified_header(std::span<const Byte> bytes) {
    ByteReader in(bytes);
    if (bytes.size() < kFrameHeaderBytes || in.u32() != kMagic) return std::nullopt;
    UnverifiedHeader header;
    header.version = in.u8();
    in.skip(1);
    header.key_id = in.u16();
    in.skip(kTagOffset + kTagBytes - 8);
    header.cluster = in.u32();
    header.host = in.u8();
    if (!is_host(header.host)) header.host = kNoHost;
    header.member = in.u8() == static_cast<std::uint8_t>(MemberState::member);
    return header;
}

DecodedFrame decode_frame(std::span<const Byte> bytes, std::uint32_t cluster,
                          const Authenticator& authenticator, const FrameVersions& versions) {
    if (bytes.size() < kFrameHeaderBytes) return {FrameFault::truncated, {}};
    ByteReader prelude(bytes);
    if (prelude.u32() != kMagic) return {FrameFault::magic, {}};
    FrameHeader header;
    header.version = prelude.u8();
    const std::uint8_t type = prelude.u8();
    const std::uint16_t key = prelude.u16();
    const std::size_t length = prelude.u16();
    header.spoken.newest = prelude.u8();
    header.spoken.least = prelude.u8();
    if (!versions.include(header.version)) {
        const bool will_do =
            header.spoken.include(header.version) && common(versions, header.spoken).has_value();
        return {will_do ? FrameFault::other_version : FrameFault::version, {}};
    }
    if (type < kTypeHeartbeat || type > kTypeGrants) return {FrameFault::type, {}};
    if (length < kFrameHeaderBytes || length > bytes.size() || length > kClusterFrameBytesMax)
        return {FrameFault::truncated, {}};
    if (!authenticator.holds(key)) return {FrameFault::key, {}};
    bytes = bytes.first(length);
    if (!seal_is_right(bytes, authenticator) || !tag_is_right(bytes, key, authenticator))
        return {FrameFault::tag, {}};
    ByteReader in(bytes.subspan(kTagOffset + kTagBytes));
    header.key_id = key;
    if (!read_header(in, header)) return {FrameFault::field, {}};
    if (header.cluster != cluster) return {FrameFault::cluster, {}};
    if (type == kTypeHeartbeat) return decode_body<Heartbeat>(in, header);
    if (type == kTypeMap) return decode_body<MapPart>(in, header);
    return type == kTypeConfig ? decode_body<ConfigPart>(in, header)
                               : decode_body<GrantList>(in, header);
}

std::vector<Byte> encode_frame(const ClusterFrame& frame, const Authenticator& authenticator) {
    ByteWriter out;
    const std::uint16_t key = authenticator.sending_key();
    // in the variant's order
    const auto type = static_cast<std::uint8_t>(kTypeHeartbeat + frame.index());
    std::visit(
        [&](const auto& body) {
            write_header(out, body.header, type, key);
            write_body(out, body);
        },
        frame);
    NLB_ASSERT(out.size() <= kClusterFrameBytesMax);
    out.overwrite_u16(kLengthOffset, static_cast<std::uint16_t>(out.size()));
    out.overwrite(kTagOffset, authenticator.tag(key, out.bytes()));
    std::vector<Byte> bytes = out.take();
    if (const SealKeys keys = authenticator.seal_keys(); keys.count != 0)
        seal(bytes, keys.keys.front());
    return bytes;
}

}  // namespace nlb
