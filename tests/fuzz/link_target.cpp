// What the two processes of a host say to each other: any datagram taken apart, each body read, and
// the block of memory that a restarted control plane goes on from. Promises: nothing is read beyond
// the datagram, what was read is written alike, and a membership that starts from any block that
// decodes keeps its own bounds.
//
// An input: a byte; odd: the rest is a datagram; even: the rest is a block of memory, behind a byte
// of what the dataplane adds to it.
#include "core/cluster/membership.hpp"
#include "core/ipc/messages.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/sim/cheap_authenticator.hpp"

namespace nlb::fuzz {
namespace {

template <class Body>
void read_body(const ipc::MessageView& message) {
    const auto body = message.body<Body>();
    if (!body) return;
    require(message.rest_after<Body>().size() + sizeof(Body) == message.payload.size(),
            "body and rest are the payload");
    const auto again = ipc::write_message(message.type, message.cluster, ipc::bytes_of(*body),
                                          message.rest_after<Body>());
    const auto read = ipc::read_message(again);
    require(read && std::ranges::equal(read->payload, message.payload),
            "what was read is written alike");
}

void check_datagram(std::span<const Byte> rest) {
    std::vector<Byte> datagram(rest.begin(), rest.end());
    // A true length half of the time: without it hardly any input is a message.
    if (datagram.size() >= sizeof(ipc::MessageHeader) && (datagram[0] & 64U) == 0) {
        const auto length = static_cast<std::uint32_t>(datagram.size());
        std::memcpy(datagram.data() + offsetof(ipc::MessageHeader, bytes), &length, sizeof length);
    }
    const auto message = ipc::read_message(datagram);
    if (!message) return;
    require(message->cluster < kClustersMax, "a message is of a cluster that can be");
    read_body<ipc::Hello>(*message);
    read_body<ipc::Installed>(*message);
    read_body<ipc::Punted>(*message);
    read_body<ipc::Status>(*message);
    read_body<ipc::CountersReport>(*message);
    read_body<ipc::Install>(*message);
    read_body<ipc::Lease>(*message);
}

MembershipParams params() {
    MembershipParams params;
    params.self = 2;
    params.cluster = 1;
    params.slots = 3;
    params.configured = HostSet::first(3);
    params.timing = Timing::from(std::chrono::milliseconds{100}, 5);
    params.config_digest = 42;
    return params;
}

// What a membership desired for must be good bytes, whatever it remembers.
void check(const Actions& actions, const Authenticator& authenticator) {
    for (const Action& action : actions) {
        if (const auto* sent = std::get_if<SendFrame>(&action)) {
            require(encode_frame(sent->frame, authenticator).size() <= kClusterFrameBytesMax,
                    "a frame fits");
        } else if (const auto* block = std::get_if<StoreCheckpoint>(&action)) {
            require(encode_checkpoint(block->checkpoint).size() <= ipc::kBlockBytesMax,
                    "a block fits what the dataplane keeps");
        }
    }
}

void check_block(std::span<const Byte> bytes, std::uint8_t dataplane) {
    const auto block = decode_checkpoint(bytes);
    if (!block) return;
    const auto again = decode_checkpoint(encode_checkpoint(*block));
    require(again && *again == *block, "a block that was read is written and read again");
    const sim::CheapAuthenticator authenticator({{.id = 1, .secret = 1}});
    const Instant start{std::chrono::hours{1}};
    DataplaneMemory memory{*block, start + std::chrono::milliseconds{dataplane}, {}, {}};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        memory.own[slot] = dataplane & kAllBuckets;
    Membership member(params(), {});
    check(member.on_start(start, 77, memory), authenticator);
    for (int tick = 1; tick <= 40; ++tick) {
        const Instant now = start + tick * params().timing.tick;
        member.on_dataplane_alive(now, now, 0);
        check(member.on_tick(now), authenticator);
        check(member.on_installed(now, static_cast<std::uint64_t>(tick), {}), authenticator);
    }
}

std::vector<Byte> good_block() {
    Checkpoint checkpoint;
    checkpoint.member = true;
    checkpoint.incarnation = {7, 1};
    checkpoint.config_digest = 42;
    checkpoint.map.epoch = {3, 1, 5};
    for (HostId id = 1; id <= 3; ++id)
        checkpoint.map.members.push_back({id, {id == 2 ? 7U : 5U, 1}});
    for (auto& owners : checkpoint.map.targets)
        for (std::size_t b = 0; b < kBuckets; ++b) owners[b] = static_cast<HostId>(1 + b % 3);
    checkpoint.peers = {{1, {5, 1}, 9}, {3, {5, 1}, 9}};
    checkpoint.beats = {Instant{std::chrono::hours{1}}};
    return encode_checkpoint(checkpoint);
}

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nlb::fuzz::Choices choices({data, size});
    const bool datagram = (choices.u8() & 1U) != 0;
    if (datagram) {
        nlb::fuzz::check_datagram(choices.rest());
    } else {
        const std::uint8_t dataplane = choices.u8();
        nlb::fuzz::check_block(choices.rest(), dataplane);
    }
    return 0;
}

// Blind changes, but now and then the whole becomes a good block, which chance would not find.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    nlb::Prng chance(seed);
    if (!chance.chance(2'000)) return LLVMFuzzerMutate(data, size, max_size);
    auto bytes = good_block();
    bytes.insert(bytes.begin(), {0, static_cast<nlb::Byte>(chance.next())});
    return hand_over(bytes, data, max_size);
}
