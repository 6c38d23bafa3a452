#include "cli/windows/heartbeat_frame.hpp"

#include <algorithm>

namespace nlb::cli::windows {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kTagBytes = 4;
constexpr std::size_t kTagsMax = 2;
constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kElementHeaderBytes = 8;
constexpr std::size_t kNamePaddingBytes = 6;
constexpr std::size_t kNameUnitsMax = 256;
constexpr std::uint16_t kFamilyIpv4 = 2;
constexpr std::uint16_t kFamilyIpv6 = 0x17;

// Reads from the front; past the end everything is zero and `short_of_bytes` says so.
class Reader {
public:
    explicit Reader(std::span<const Byte> bytes) : bytes_(bytes) {}

    template <class Integer>
    Integer little() {
        Integer value = 0;
        const auto taken = take(sizeof(Integer));
        for (std::size_t i = taken.size(); i-- > 0;)
            value = static_cast<Integer>(value << 8 | taken[i]);
        return taken.size() == sizeof(Integer) ? value : Integer{0};
    }

    template <class Integer, std::size_t kCount>
    void little(std::array<Integer, kCount>& into) {
        for (Integer& one : into) one = little<Integer>();
    }

    IpAddress ipv4() {
        const auto taken = take(4);
        std::uint32_t value = 0;
        for (const Byte byte : taken) value = value << 8 | byte;
        return IpAddress::v4(taken.size() == 4 ? value : 0);
    }

    IpAddress ipv6() {
        IpAddress address;
        const auto taken = take(address.bytes.size());
        std::copy(taken.begin(), taken.end(), address.bytes.begin());
        return address;
    }

    std::span<const Byte> take(std::size_t count) {
        if (count > bytes_.size()) short_of_bytes_ = true;
        const auto taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }

    [[nodiscard]] bool short_of_bytes() const { return short_of_bytes_; }
    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

private:
    std::span<const Byte> bytes_;
    bool short_of_bytes_ = false;
};

// Where the payload begins; 0: another ethertype.
std::size_t payload_of(std::span<const Byte> frame) {
    std::size_t at = kEthernetBytes;
    for (std::size_t tags = 0; tags <= kTagsMax && frame.size() >= at; ++tags) {
        const auto ethertype = static_cast<std::uint16_t>(frame[at - 2] << 8 | frame[at - 1]);
        if (ethertype == kHeartbeatEthertype) return at;
        if (ethertype != 0x8100 && ethertype != 0x88a8) return 0;
        at += kTagBytes;
    }
    return 0;
}

HeartbeatHeader read_header(Reader& reader) {
    HeartbeatHeader header;
    header.signature = reader.little<std::uint32_t>();
    header.version = reader.little<std::uint32_t>();
    header.host_id = reader.little<std::uint32_t>();
    header.cluster = reader.ipv4();
    header.host = reader.ipv4();
    return header;
}

MembershipBody read_membership(Reader& reader) {
    MembershipBody body;
    body.host_id = reader.little<std::uint16_t>();
    body.default_host_id = reader.little<std::uint16_t>();
    body.convergence_state = reader.little<std::uint16_t>();
    body.port_rules = reader.little<std::uint16_t>();
    body.host_code = reader.little<std::uint32_t>();
    body.packets_handled = reader.little<std::uint32_t>();
    body.teaming = reader.little<std::uint32_t>();
    reader.take(sizeof(std::uint32_t));
    reader.little(body.rule_codes);
    reader.little(body.current_map);
    reader.little(body.new_map);
    reader.little(body.idle_map);
    reader.little(body.ready_map);
    reader.little(body.load_weights);
    reader.take(kRuleSlots * sizeof(std::uint32_t));
    return body;
}

void append_utf8(std::string& text, unsigned unit) {
    // Control characters, C1 too, would drive the terminal of whoever looks.
    const bool control = unit < 0x20 || (unit >= 0x7f && unit < 0xa0);
    if (control || (unit >= 0xd800 && unit < 0xe000)) unit = '?';
    if (unit < 0x80) {
        text += static_cast<char>(unit);
    } else if (unit < 0x800) {
        text += static_cast<char>(0xc0U | unit >> 6);
        text += static_cast<char>(0x80U | (unit & 0x3fU));
    } else {
        text += static_cast<char>(0xe0U | unit >> 12);
        text += static_cast<char>(0x80U | (unit >> 6 & 0x3fU));
        text += static_cast<char>(0x80U | (unit & 0x3fU));
    }
}

std::string read_name(Reader& reader) {
    std::string name;
    for (std::size_t i = 0; i < kNameUnitsMax && reader.left() >= 2; ++i) {
        const auto unit = reader.little<std::uint16_t>();
        if (unit == 0) break;
        append_utf8(name, unit);
    }
    return name;
}

// The length of an element has no public unit: it is passed over, as Wireshark does.
IdentityBody read_identity(Reader& reader) {
    IdentityBody body;
    while (reader.left() >= kElementHeaderBytes) {
        const auto type = reader.little<std::uint8_t>();
        reader.take(kElementHeaderBytes - 1);
        if (type == 1) {
            body.name = read_name(reader);
            reader.take(std::min(kNamePaddingBytes, reader.left()));
            continue;
        }
        if (type != 2) break;
        const auto family = reader.little<std::uint16_t>();
        if (family == kFamilyIpv4) body.addresses.push_back(reader.ipv4());
        if (family == kFamilyIpv6) body.addresses.push_back(reader.ipv6());
        break;
    }
    return body;
}

}  // namespace

FrameKind decode_heartbeat(std::span<const Byte> frame, WindowsHeartbeat& into) {
    const std::size_t payload = payload_of(frame);
    if (payload == 0) return FrameKind::other;
    std::copy_n(frame.begin(), into.destination.bytes.size(), into.destination.bytes.begin());
    std::copy_n(frame.begin() + 6, into.source.bytes.size(), into.source.bytes.begin());
    Reader reader(frame.subspan(payload));
    if (reader.left() < kHeaderBytes) return FrameKind::damaged;
    into.header = read_header(reader);
    switch (into.header.signature) {
        case kMembershipSignature:
            into.body = read_membership(reader);
            break;
        case kIdentitySignature:
            into.body = read_identity(reader);
            break;
        case kReliableSignature:
            into.body = std::monostate{};
            break;
        default:
            return FrameKind::other;
    }
    return reader.short_of_bytes() ? FrameKind::damaged : FrameKind::heartbeat;
}

}  // namespace nlb::cli::windows
