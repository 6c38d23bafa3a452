#include "core/wire/map_parts.hpp"

#include <algorithm>

namespace nlb {

std::uint64_t digest_of(const ClusterMap& map, std::uint8_t slots) {
    // FNV-1a: tells maps apart, authenticates nothing (the tag does)
    std::uint64_t digest = 0xcbf29ce484222325ULL;
    const auto mix = [&digest](std::uint64_t word) {
        for (int i = 0; i < 8; ++i) digest = (digest ^ (word >> (8 * i) & 0xff)) * 0x100000001b3ULL;
    };
    mix(map.epoch.counter);
    mix(map.epoch.coordinator);
    mix(map.epoch.boot);
    mix(map.config_digest);
    mix(map.generation);
    mix(map.next_digest);
    mix(map.version);
    for (const MemberEntry& member : map.members) {
        mix(member.id);
        mix(std::uint64_t{member.incarnation.boot} << 32 | member.incarnation.term);
    }
    for (std::uint8_t slot = 0; slot < slots; ++slot)
        for (const HostId owner : map.targets[rule_of_wire_slot(slot, slots)]) mix(owner);
    return digest;
}

std::vector<MapPart> split_map(const ClusterMap& map, const FrameHeader& header) {
    std::vector<MapPart> parts;
    const std::size_t count = (header.slots + kSlotsPerMapPart - 1) / kSlotsPerMapPart;
    for (std::size_t p = 0; p < count; ++p) {
        MapPart part;
        part.header = header;
        part.map_digest = digest_of(map, header.slots);
        part.inputs_digest = map.inputs_digest;
        part.config_digest = map.config_digest;
        part.generation = map.generation;
        part.next_digest = map.next_digest;
        part.part = static_cast<std::uint8_t>(p);
        part.parts = static_cast<std::uint8_t>(count);
        part.first_slot = static_cast<std::uint8_t>(p * kSlotsPerMapPart);
        part.members = map.members;
        for (std::size_t slot = part.first_slot;
             slot < header.slots && part.targets.size() < kSlotsPerMapPart; ++slot)
            part.targets.push_back(map.targets[rule_of_wire_slot(slot, header.slots)]);
        parts.push_back(std::move(part));
    }
    return parts;
}

std::vector<ConfigPart> split_config(std::uint64_t digest, std::string_view text,
                                     const FrameHeader& header) {
    const std::size_t needed = (text.size() + kConfigTextBytesMax - 1) / kConfigTextBytesMax;
    std::vector<ConfigPart> parts(std::clamp<std::size_t>(needed, 1, kConfigPartsMax));
    for (std::size_t p = 0; p < parts.size(); ++p)
        parts[p] = {header, digest, static_cast<std::uint8_t>(p),
                    static_cast<std::uint8_t>(parts.size()),
                    std::string{text.substr(p * kConfigTextBytesMax, kConfigTextBytesMax)}};
    return parts;
}

}  // namespace nlb
