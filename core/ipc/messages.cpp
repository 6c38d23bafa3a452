// Datagrams taken apart and put together; see messages.hpp. What a body means is its reader's
// business.
#include "core/ipc/messages.hpp"

namespace nlb::ipc {

std::optional<MessageView> read_message(std::span<const Byte> datagram) {
    MessageHeader header;
    if (datagram.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.bytes != datagram.size() || header.cluster >= kClustersMax) return std::nullopt;
    return MessageView{static_cast<MessageType>(header.type), header.cluster,
                       datagram.subspan(sizeof header)};
}

std::vector<Byte> write_message(MessageType type, std::uint16_t cluster, std::span<const Byte> body,
                                std::span<const Byte> rest) {
    const MessageHeader header{
        static_cast<std::uint16_t>(type), cluster,
        static_cast<std::uint32_t>(sizeof(MessageHeader) + body.size() + rest.size())};
    const auto head = bytes_of(header);
    std::vector<Byte> datagram;
    datagram.reserve(header.bytes);
    datagram.insert(datagram.end(), head.begin(), head.end());
    datagram.insert(datagram.end(), body.begin(), body.end());
    datagram.insert(datagram.end(), rest.begin(), rest.end());
    return datagram;
}

}  // namespace nlb::ipc
