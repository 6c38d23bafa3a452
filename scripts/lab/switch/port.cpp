#include "scripts/lab/switch/port.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <unistd.h>
#include <utility>

namespace nlb::lab {
namespace {

constexpr int kQueueBytes = 32 << 20;

void put_word(std::uint8_t* at, unsigned value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value & 0xFF);
}

// The kernel takes the outermost tag out of a frame and tells it beside it.
const tpacket_auxdata* auxiliary(msghdr& header) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA) {
            return reinterpret_cast<const tpacket_auxdata*>(CMSG_DATA(part));
        }
    }
    return nullptr;
}

}  // namespace

struct Port::Buffers {
    struct Slot {
        std::uint8_t frame[kTagBytes + kFrameBytesMax];
        alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(tpacket_auxdata))];
        iovec part;
    };
    std::array<Slot, kBatch> slots;
    std::array<mmsghdr, kBatch> headers{};
};

std::variant<std::unique_ptr<Port>, std::string> Port::open(std::string name,
                                                            const std::string& device) {
    const unsigned index = if_nametoindex(device.c_str());
    if (index == 0) {
        return "there is no device " + device + " in this namespace";
    }
    const int opened = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0) {
        return std::string("a packet socket needs root: ") + std::strerror(errno);
    }
    std::unique_ptr<Port> port(new Port(std::move(name), opened));
    const int on = 1;
    for (const int option : {PACKET_IGNORE_OUTGOING, PACKET_AUXDATA, PACKET_QDISC_BYPASS}) {
        if (setsockopt(opened, SOL_PACKET, option, &on, sizeof on) != 0) {
            return "the kernel does not know packet option " + std::to_string(option);
        }
    }
    packet_mreq membership{};
    membership.mr_ifindex = static_cast<int>(index);
    membership.mr_type = PACKET_MR_PROMISC;
    setsockopt(opened, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership);
    setsockopt(opened, SOL_SOCKET, SO_RCVBUFFORCE, &kQueueBytes, sizeof kQueueBytes);
    setsockopt(opened, SOL_SOCKET, SO_SNDBUFFORCE, &kQueueBytes, sizeof kQueueBytes);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index);
    if (bind(opened, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return "device " + device + " cannot be bound: " + std::strerror(errno);
    }
    return port;
}

Port::Port(std::string name, int socket)
    : name_(std::move(name)), socket_(socket), buffers_(std::make_unique<Buffers>()) {
    for (unsigned at = 0; at < kBatch; ++at) {
        Buffers::Slot& slot = buffers_->slots[at];
        slot.part = {slot.frame + kTagBytes, kFrameBytesMax};
        msghdr& header = buffers_->headers[at].msg_hdr;
        header.msg_iov = &slot.part;
        header.msg_iovlen = 1;
        header.msg_control = slot.control;
    }
}

Port::~Port() {
    close(socket_);
}

std::span<const View> Port::receive() {
    for (mmsghdr& header : buffers_->headers) {
        header.msg_hdr.msg_controllen = sizeof(Buffers::Slot::control);
    }
    const int found = recvmmsg(socket_, buffers_->headers.data(), kBatch, 0, nullptr);
    unsigned kept = 0;
    for (unsigned at = 0; found > 0 && at < static_cast<unsigned>(found); ++at) {
        mmsghdr& header = buffers_->headers[at];
        std::uint8_t* frame = buffers_->slots[at].frame + kTagBytes;
        std::size_t size = header.msg_len;
        if (size < kFrameBytesMin || (header.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
            continue;
        }
        const tpacket_auxdata* told = auxiliary(header.msg_hdr);
        if (told != nullptr && (told->tp_status & TP_STATUS_VLAN_VALID) != 0) {
            const bool known = (told->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
            std::memmove(frame - kTagBytes, frame, kMacsBytes);
            frame -= kTagBytes;
            size += kTagBytes;
            put_word(frame + kMacsBytes, known ? told->tp_vlan_tpid : ETH_P_8021Q);
            put_word(frame + kMacsBytes + 2, told->tp_vlan_tci);
        }
        views_[kept++] = View(frame, size);
    }
    counts_.received += kept;
    return {views_.data(), kept};
}

void Port::send(View frame) {
    line_.push_back({const_cast<std::uint8_t*>(frame.data()), frame.size()});
    if (line_.size() >= kBatch) {
        flush();
    }
}

void Port::flush() {
    std::array<mmsghdr, kBatch> headers{};
    for (std::size_t at = 0; at < line_.size(); ++at) {
        headers[at].msg_hdr.msg_iov = &line_[at];
        headers[at].msg_hdr.msg_iovlen = 1;
    }
    std::size_t done = 0;
    while (done < line_.size()) {
        const auto left = static_cast<unsigned>(line_.size() - done);
        const int taken = sendmmsg(socket_, headers.data() + done, left, 0);
        if (taken > 0) {
            counts_.sent += static_cast<unsigned>(taken);
            done += static_cast<unsigned>(taken);
        } else {
            ++counts_
                  .lost;  // a link that is down, or a full queue: this frame is lost, not the next
            ++done;
        }
    }
    line_.clear();
}

const PortCounts& Port::counts() {
    tpacket_stats since{};
    socklen_t size = sizeof since;
    if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &since, &size) == 0) {
        counts_.missed += since.tp_drops;
    }
    return counts_;
}

}  // namespace nlb::lab
