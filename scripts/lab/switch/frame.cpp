#include "scripts/lab/switch/frame.hpp"

namespace nlb::lab {
namespace {

constexpr std::uint16_t kCustomerTag = 0x8100;
constexpr std::uint16_t kServiceTag = 0x88A8;

std::uint16_t word_at(View frame, std::size_t offset) {
    return static_cast<std::uint16_t>(frame[offset] << 8 | frame[offset + 1]);
}

bool is_tag(std::uint16_t type) {
    return type == kCustomerTag || type == kServiceTag;
}

}  // namespace

std::uint64_t mac_at(View frame, std::size_t offset) {
    std::uint64_t mac = 0;
    for (std::size_t at = 0; at < kMacBytes; ++at) {
        mac = mac << 8 | frame[offset + at];
    }
    return mac;
}

std::uint16_t ethertype_of(View frame) {
    std::size_t at = kMacsBytes;
    while (at + 2 <= frame.size()) {
        const std::uint16_t type = word_at(frame, at);
        if (!is_tag(type)) {
            return type;
        }
        at += kTagBytes;
    }
    return 0;
}

bool is_group(std::uint64_t mac) {
    return (mac >> 40 & 1) != 0;
}

void push_tag(Bytes& frame, std::uint16_t vlan) {
    const std::uint8_t tag[kTagBytes] = {kCustomerTag >> 8, kCustomerTag & 0xFF,
                                         static_cast<std::uint8_t>(vlan >> 8),
                                         static_cast<std::uint8_t>(vlan & 0xFF)};
    frame.insert(frame.begin() + kMacsBytes, tag, tag + kTagBytes);
}

void pop_tag(Bytes& frame) {
    if (frame.size() >= kFrameBytesMin + kTagBytes && is_tag(word_at(frame, kMacsBytes))) {
        frame.erase(frame.begin() + kMacsBytes, frame.begin() + kMacsBytes + kTagBytes);
    }
}

}  // namespace nlb::lab
