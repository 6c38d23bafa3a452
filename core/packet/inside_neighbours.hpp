// Asking servers that are not this kernel for their MAC, on the inside port: ARP and IPv6 neighbour
// discovery by the port itself. The questions claim no address of the cluster or of a host: ARP's
// sender is 0.0.0.0 (RFC 5227), neighbour discovery's is the port's own link-local address, which a
// server that looks for duplicates does not take for one. The answers stay inside. It keeps
// nothing: dataplane/inside/server_learner does.
#pragma once

#include <optional>
#include <vector>

#include "core/packet/burst.hpp"
#include "core/packet/headers.hpp"

namespace nlb {

// fe80::/64 with the interface identifier that follows from a MAC (RFC 4291, appendix A).
[[nodiscard]] IpAddress link_local_of(const MacAddress& mac);

// "Who has `target`?", from the inside port of that MAC: an untagged frame of at least 60 bytes.
[[nodiscard]] std::vector<Byte> build_inside_question(const IpAddress& target,
                                                      const MacAddress& port);

// Whether a frame from inside answers such a question: it does not leave then.
[[nodiscard]] bool answers_inside_question(const ArpPacket& packet, const MacAddress& port);
// Requires: the ICMPv6 message is of that type, sent to `destination`.
[[nodiscard]] bool answers_inside_question(std::uint8_t type, const IpAddress& destination,
                                           const MacAddress& port);

struct InsideAnswer {
    IpAddress address;
    MacAddress mac;
};
// Nothing when the frame is no well-formed answer, or names a group as the MAC.
[[nodiscard]] std::optional<InsideAnswer> read_inside_answer(const Frame& frame,
                                                             const MacAddress& port);

}  // namespace nlb
