// Frames as a crowd of clients would send them to virtual addresses, in the cluster's VLAN: who
// speaks next, what he says, how long it is. Seeded: the same wishes give the same frames. It asks
// the production stages whose a client is, and sends nothing itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/prng.hpp"
#include "core/base/result.hpp"
#include "core/tables/tables.hpp"
#include "perf/client_draw.hpp"

namespace nlb::perf {

struct TrafficWishes {
    std::uint32_t clients = 1024;
    Spread spread = Spread::sequential;
    double zipf_exponent = 1.0;
    bool udp = false;
    bool v6 = false;
    std::uint16_t port = 80;
    // Destinations take turns: so many ports from `port` on, and so many of the tables' VIPs.
    std::uint32_t ports = 1;
    std::uint32_t vips = 1;
    bool foreign = false;     // to an address that is none of the cluster's
    bool unbalanced = false;  // what the tables do not balance is welcome, too
    // Packets of one TCP flow: so many SYNs, then data, then FINs; then the client begins again
    // from another port.
    std::array<std::uint32_t, 3> mix{0, 1, 0};
    // RSTs in the slot of FINs: a flow ends without the server's word, and a capture can be played
    // again
    bool resets = false;
    // bytes of a frame without its check sequence; one is drawn for each frame
    std::vector<std::uint16_t> sizes{64};
    std::uint32_t fragments_percent = 0;  // of the packets are cut in two (IPv4)
    // of the clients are this host's; nothing: as it comes
    std::optional<std::uint32_t> owned_percent;
    // the last bytes tell rxonly when and as its client's which one the frame was sent
    bool stamped = false;
    // generators of one run that share no client differ in this
    std::uint32_t first_client = 0;
    std::uint64_t seed = 1;
};
inline constexpr std::size_t kFrameBytesMax = 1518;

// What a stamped frame ends with. A TCP frame of 64 bytes has room for no more.
struct Stamp {
    std::uint16_t mark;
    std::uint32_t sequence;  // of the client's frames
    std::uint32_t sent_ns;   // modulo 2^32
};
inline constexpr std::uint16_t kStampMark = 0x6e6c;
inline constexpr std::size_t kStampBytes = 10;
[[nodiscard]] std::optional<Stamp> read_stamp(const Byte* frame, std::size_t length);
// The last four bytes of the source address, which tell the clients of a generator apart. Requires:
// read_stamp() found a stamp.
[[nodiscard]] std::uint32_t client_of(const Byte* frame);

class Traffic {
public:
    // Requires: the tables have as many VIPs of the family as wished for; otherwise the error says
    // so.
    static Result<Traffic> make(const TrafficWishes& wishes, const Tables& tables);

    // Writes the next frame and returns its length. Requires: kFrameBytesMax writable bytes.
    std::size_t next(Byte* frame, std::uint32_t now_ns = 0);

    [[nodiscard]] std::size_t clients() const { return clients_.size(); }

private:
    struct Template {
        std::vector<Byte> frame;
        std::size_t l4 = 0;
    };
    // A flow's next packet is told by how many it has sent; its port by how often it has begun.
    struct Client {
        std::uint32_t number;
        std::uint16_t round = 0;
        std::uint16_t sent = 0;
        std::uint32_t sequence = 0;
    };

    Traffic(const TrafficWishes& wishes, const Tables& tables);
    Status build_templates();
    Status choose_clients(const Tables& tables);
    std::size_t write(Byte* frame, Client& client, std::uint32_t now_ns);
    void turn_to_next_destination(Byte* frame, Byte* l4, Byte* checksum);
    std::size_t cut(Byte* frame, std::size_t length);
    [[nodiscard]] std::uint8_t next_flags(Client& client) const;
    static void stamp(Byte* frame, std::size_t length, Byte* checksum, const Stamp& stamp);

    TrafficWishes wishes_;
    std::vector<IpAddress> vips_;
    std::uint32_t turn_ = 0;  // of the destinations
    MacAddress destination_;
    std::uint16_t vlan_;
    std::size_t l3_;
    Prng random_;
    ClientDraw draw_;
    std::vector<Template> templates_;
    std::vector<Client> clients_;
    std::vector<Byte> second_half_;  // of the packet that was cut last
    std::uint16_t identification_ = 0;
};

}  // namespace nlb::perf
