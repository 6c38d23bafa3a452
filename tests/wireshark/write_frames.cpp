// Writes cluster frames into a pcap file with core's own encoder, and beside it as JSON what each
// was meant to say, under the dissector's field names. The meaning comes from the values, never
// from the bytes; a test compares it with what tshark shows.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/prng.hpp"
#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"

namespace {

using namespace nlb;
using Json = nlohmann::json;

constexpr std::uint16_t kKey = 0x1234;
constexpr std::array<Byte, kTagBytes> kTag{0xa0, 1, 2,  3,  4,  5,  6,  7,
                                           8,    9, 10, 11, 12, 13, 14, 0xaf};

// The dissector cannot check a tag, so any does.
class SomeTag : public Authenticator {
public:
    [[nodiscard]] std::uint16_t sending_key() const override { return kKey; }
    [[nodiscard]] bool holds(std::uint16_t) const override { return true; }
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t,
                                                  std::span<const Byte>) const override {
        return kTag;
    }
};

template <class Numbers>
std::string ranges(const Numbers& numbers) {
    std::string text;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        text += (text.empty() ? "" : ", ") + std::to_string(numbers[i]);
        if (last != i) text += "-" + std::to_string(numbers[last]);
        i = last + 1;
    }
    return text.empty() ? "none" : text;
}

std::vector<unsigned> buckets_in(BucketMask mask) {
    std::vector<unsigned> buckets;
    for (unsigned bucket = 0; bucket < kBuckets; ++bucket)
        if ((mask >> bucket & 1) != 0) buckets.push_back(bucket);
    return buckets;
}

std::string dotted(std::uint32_t address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8)
        text += std::to_string(address >> shift & 0xff) + (shift == 0 ? "" : ".");
    return text;
}

void add(Json& meaning, const char* field, const Json& value) {
    meaning["nlb." + std::string{field}].push_back(value);
}

void mean_flags(Json& meaning, const std::string& field, unsigned flags,
                const std::vector<const char*>& names) {
    add(meaning, field.c_str(), flags);
    for (std::size_t bit = 0; bit < names.size(); ++bit)
        add(meaning, (field + "." + names[bit]).c_str(), flags >> bit & 1);
}

void mean_header(Json& meaning, const FrameHeader& header, int type) {
    add(meaning, "magic", "NLBH");
    add(meaning, "version", unsigned{header.version});
    add(meaning, "newest", unsigned{header.spoken.newest});
    add(meaning, "least", unsigned{header.spoken.least});
    add(meaning, "type", type);
    add(meaning, "key_id", kKey);
    add(meaning, "cluster", dotted(header.cluster));
    add(meaning, "host", header.id);
    add(meaning, "state", static_cast<int>(header.state));
    mean_flags(meaning, "flags", header.flags,
               {"leaving", "goodbye", "deaf", "listened", "draining", "unready", "previous",
                "hears_clients"});
    add(meaning, "slots", header.slots);
    add(meaning, "boot", header.incarnation.boot);
    add(meaning, "term", header.incarnation.term);
    add(meaning, "sequence", header.sequence);
    add(meaning, "epoch.counter", header.epoch.counter);
    add(meaning, "epoch.boot", header.epoch.boot);
    add(meaning, "epoch.coordinator", header.epoch.coordinator);
}

void mean_slot(Json& meaning, std::size_t slot, const RuleReport& rule) {
    add(meaning, "slot", slot);
    add(meaning, "slot.own", rule.own);
    add(meaning, "slot.own.count", buckets_in(rule.own).size());
    add(meaning, "slot.own.buckets", ranges(buckets_in(rule.own)));
    add(meaning, "slot.dirty", rule.dirty);
    add(meaning, "slot.dirty.count", buckets_in(rule.dirty).size());
    add(meaning, "slot.dirty.buckets", ranges(buckets_in(rule.dirty)));
    add(meaning, "slot.offer", rule.offer);
    add(meaning, "slot.state", static_cast<int>(rule.state));
}

Json meaning_of(const Heartbeat& beat) {
    Json meaning;
    mean_header(meaning, beat.header, 1);
    std::vector<unsigned> hosts;
    for (unsigned id = 1; id <= kHostsMax; ++id)
        if (beat.view.contains(static_cast<HostId>(id))) hosts.push_back(id);
    add(meaning, "view", beat.view.bits());
    add(meaning, "view.hosts", ranges(hosts));
    add(meaning, "config_digest", beat.config_digest);
    add(meaning, "generation", beat.generation);
    add(meaning, "map_digest", beat.map_digest);
    add(meaning, "staged_digest", beat.staged.digest);
    add(meaning, "staged_slots", beat.staged.slots);
    for (std::uint8_t slot = 0; slot < beat.staged.slots; ++slot)
        add(meaning, "staged.offer",
            beat.staged.offers[slot + 1U == beat.staged.slots ? kDefaultRule : slot]);
    add(meaning, "reports", beat.peers.size());
    for (std::size_t slot = 0; slot + 1 < beat.header.slots; ++slot)
        mean_slot(meaning, slot, beat.rules[slot]);
    mean_slot(meaning, beat.header.slots - 1U, beat.rules[kDefaultRule]);
    for (const PeerReport& peer : beat.peers) {
        add(meaning, "report.host", peer.id);
        mean_flags(meaning, "report.flags", peer.flags, {"buried", "silent", "candidate"});
        add(meaning, "report.boot", peer.heard.boot);
        add(meaning, "report.term", peer.heard.term);
        add(meaning, "report.sequence", peer.sequence);
    }
    return meaning;
}

std::string owners_text(const std::array<HostId, kBuckets>& targets) {
    std::string text;
    for (unsigned host = 0; host <= kHostsMax; ++host) {
        std::vector<unsigned> buckets;
        for (unsigned bucket = 0; bucket < kBuckets; ++bucket)
            if (targets[bucket] == host) buckets.push_back(bucket);
        if (buckets.empty()) continue;
        text += (text.empty() ? "" : "; ") + (host == 0 ? "nobody" : std::to_string(host)) + ": " +
                ranges(buckets);
    }
    return text;
}

Json meaning_of(const MapPart& part) {
    Json meaning;
    mean_header(meaning, part.header, 2);
    add(meaning, "map_digest", part.map_digest);
    add(meaning, "inputs_digest", part.inputs_digest);
    add(meaning, "config_digest", part.config_digest);
    add(meaning, "generation", part.generation);
    add(meaning, "next_digest", part.next_digest);
    add(meaning, "part", part.part);
    add(meaning, "parts", part.parts);
    add(meaning, "members", part.members.size());
    add(meaning, "first_slot", part.first_slot);
    add(meaning, "map_slots", part.targets.size());
    for (const MemberEntry& member : part.members) {
        add(meaning, "member.host", member.id);
        add(meaning, "member.boot", member.incarnation.boot);
        add(meaning, "member.term", member.incarnation.term);
    }
    for (std::size_t i = 0; i < part.targets.size(); ++i) {
        add(meaning, "target.slot", part.first_slot + i);
        add(meaning, "target.owners", owners_text(part.targets[i]));
    }
    return meaning;
}

Json meaning_of(const ConfigPart& part) {
    Json meaning;
    mean_header(meaning, part.header, 3);
    add(meaning, "text_digest", part.digest);
    add(meaning, "part", part.part);
    add(meaning, "parts", part.parts);
    if (!part.text.empty()) add(meaning, "text", part.text);
    return meaning;
}

Json meaning_of(const GrantList& list) {
    Json meaning;
    mean_header(meaning, list.header, 4);
    add(meaning, "grants", list.grants.size());
    for (const Grant& grant : list.grants) {
        add(meaning, "grant.host", grant.host);
        add(meaning, "grant.rule", grant.rule);
        add(meaning, "grant.bucket", grant.bucket);
        add(meaning, "grant.boot", grant.incarnation.boot);
        add(meaning, "grant.term", grant.incarnation.term);
        add(meaning, "grant.sequence", grant.sequence);
        add(meaning, "grant.client", grant.client);
        add(meaning, "grant.timeout", grant.timeout_ms);
    }
    return meaning;
}

class PcapWriter {
public:
    explicit PcapWriter(const char* path) : file_(path, std::ios::binary) {
        for (const std::uint32_t word : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 65535U, 1U}) put(word);
    }
    void write(const std::vector<Byte>& frame) {
        const auto bytes = static_cast<std::uint32_t>(frame.size());
        for (const std::uint32_t word : {0U, 0U, bytes, bytes}) put(word);
        file_.write(reinterpret_cast<const char*>(frame.data()),
                    static_cast<std::streamsize>(frame.size()));
    }
    [[nodiscard]] bool good() { return file_.flush().good(); }

private:
    void put(std::uint32_t word) { file_.write(reinterpret_cast<const char*>(&word), sizeof word); }
    std::ofstream file_;
};

struct Out {
    PcapWriter pcap;
    Json meanings = Json::array();

    // `vlan` puts an 802.1Q tag in front, `padding` so many bytes behind.
    void frame(const ClusterFrame& frame, bool vlan = false, std::size_t padding = 0) {
        std::vector<Byte> bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, 192, 0, 2, 80};
        if (vlan) bytes.insert(bytes.end(), {0x81, 0x00, 0x00, 0x2a});
        bytes.insert(bytes.end(), {0x88, 0xb5});
        const std::vector<Byte> body = encode_frame(frame, SomeTag{});
        bytes.insert(bytes.end(), body.begin(), body.end());
        bytes.insert(bytes.end(), padding, Byte{0xee});
        pcap.write(bytes);
        Json meaning = std::visit([](const auto& value) { return meaning_of(value); }, frame);
        add(meaning, "length", body.size());
        if (padding != 0) add(meaning, "padding", std::string(2 * padding, 'e'));
        meanings.push_back(std::move(meaning));
    }
};

std::uint8_t small(Prng& chance, std::uint64_t bound) {
    return static_cast<std::uint8_t>(chance.below(bound));
}

FrameHeader some_header(Prng& chance, std::uint8_t slots) {
    FrameHeader header;
    header.spoken = {static_cast<std::uint8_t>(1 + small(chance, kFrameVersion)),
                     static_cast<std::uint8_t>(kFrameVersion + small(chance, 3))};
    header.cluster = static_cast<std::uint32_t>(chance.next());
    header.id = static_cast<HostId>(1 + small(chance, kHostsMax));
    header.state = chance.chance(500'000) ? MemberState::member : MemberState::join;
    header.flags = small(chance, 128);
    header.slots = slots;
    header.incarnation = {static_cast<std::uint32_t>(chance.next()),
                          static_cast<std::uint32_t>(chance.next())};
    header.sequence = chance.next();
    if (header.state == MemberState::member)
        header.epoch = {static_cast<std::uint32_t>(chance.next()),
                        static_cast<HostId>(1 + small(chance, kHostsMax)),
                        static_cast<std::uint32_t>(chance.next())};
    return header;
}

// As many of the reports as fit.
Heartbeat some_heartbeat(Prng& chance, std::uint8_t slots, std::size_t reports) {
    Heartbeat beat;
    beat.header = some_header(chance, slots);
    beat.view = HostSet{static_cast<std::uint32_t>(chance.next() & chance.next())};
    beat.config_digest = chance.next();
    beat.generation = chance.next();
    beat.map_digest = chance.next();
    for (RuleReport& rule : beat.rules)
        rule = {chance.next() & kAllBuckets, chance.next() & chance.next() & kAllBuckets,
                small(chance, 101), static_cast<RuleState>(small(chance, 4))};
    beat.staged.digest = chance.next();
    beat.staged.slots = small(chance, 3) == 0 ? small(chance, slots + 1U) : std::uint8_t{0};
    for (std::uint8_t slot = 0; slot < beat.staged.slots; ++slot)
        beat.staged.offers[slot + 1U == beat.staged.slots ? kDefaultRule : slot] =
            small(chance, 101);
    for (std::size_t i = 0; i < std::min(reports, peer_reports_most(slots, beat.staged.slots)); ++i)
        beat.peers.push_back(
            {static_cast<HostId>(1 + i % kHostsMax),
             small(chance, 8),
             {static_cast<std::uint32_t>(chance.next()), static_cast<std::uint32_t>(i)},
             chance.next()});
    return beat;
}

void write_map(Out& out, Prng& chance, std::uint8_t slots, std::size_t members) {
    ClusterMap map;
    const FrameHeader header = some_header(chance, slots);
    map.epoch = header.epoch;
    map.inputs_digest = chance.next();
    map.config_digest = chance.next();
    map.generation = chance.next();
    map.next_digest = chance.next();
    for (std::size_t id = 1; id <= members; ++id)
        map.members.push_back(
            {static_cast<HostId>(id),
             {static_cast<std::uint32_t>(chance.next()), static_cast<std::uint32_t>(id)}});
    for (auto& targets : map.targets)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            targets[bucket] =
                static_cast<HostId>(chance.chance(100'000) ? 0 : 1 + bucket * members / kBuckets);
    for (const MapPart& part : split_map(map, header)) out.frame(part);
}

void write_configuration(Out& out, Prng& chance, std::size_t bytes) {
    ConfigPart part;
    part.header = some_header(chance, 2);
    part.digest = chance.next();
    part.parts = 3;
    part.part = small(chance, part.parts);
    for (std::size_t i = 0; i < bytes; ++i) part.text += static_cast<char>('a' + chance.below(26));
    out.frame(part);
}

void write_grants(Out& out, Prng& chance, std::size_t count) {
    GrantList list;
    list.header = some_header(chance, kRuleSlots);
    for (std::size_t i = 0; i < count; ++i)
        list.grants.push_back(
            {static_cast<HostId>(1 + small(chance, kHostsMax)),
             small(chance, kRulesMax),
             small(chance, kBuckets),
             {static_cast<std::uint32_t>(chance.next()), static_cast<std::uint32_t>(i)},
             chance.next(),
             chance.next() | 1U,
             static_cast<std::uint32_t>(chance.next())});
    out.frame(list);
}

void write_all(Out& out) {
    Prng chance{1};
    out.frame(some_heartbeat(chance, kRuleSlots, peer_reports_most(kRuleSlots, kRuleSlots)));
    out.frame(some_heartbeat(chance, 3, kPeerReportsMax));
    out.frame(some_heartbeat(chance, 1, 0));
    for (std::uint8_t bit = 0; bit < 8; ++bit) {
        Heartbeat beat = some_heartbeat(chance, 2, 3);
        beat.header.flags = static_cast<std::uint8_t>(1U << bit);
        for (std::size_t i = 0; i < beat.peers.size(); ++i)
            beat.peers[i].flags = static_cast<std::uint8_t>(1U << i);
        out.frame(beat);
    }
    Heartbeat plain = some_heartbeat(chance, 3, 2);
    plain.rules[0] = {kAllBuckets, 0, 100, RuleState::enabled};
    plain.rules[1] = {0xfffff, 1ULL << 59 | 1, 0, RuleState::draining};
    out.frame(plain);
    out.frame(plain, true);
    out.frame(plain, false, 18);
    write_map(out, chance, kRuleSlots, kHostsMax);
    write_map(out, chance, 2, 3);
    for (const std::size_t bytes : {0UL, 1UL, 300UL, kConfigTextBytesMax})
        write_configuration(out, chance, bytes);
    for (const std::size_t grants : {0UL, 1UL, kGrantsPerFrame}) write_grants(out, chance, grants);
    for (int i = 0; i < 100; ++i) {
        out.frame(some_heartbeat(chance, static_cast<std::uint8_t>(1 + chance.below(kRuleSlots)),
                                 chance.below(kPeerReportsMax + 1)));
        write_map(out, chance, static_cast<std::uint8_t>(1 + chance.below(kRuleSlots)),
                  1 + chance.below(kHostsMax));
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: write_frames FRAMES.pcap MEANINGS.json\n");
        return 2;
    }
    Out out{PcapWriter{arguments[1]}};
    write_all(out);
    std::ofstream json{arguments[2]};
    json << out.meanings;
    return out.pcap.good() && json.flush().good() ? 0 : 1;
}
