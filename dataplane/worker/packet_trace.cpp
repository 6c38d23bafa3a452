// A classic BPF program made native by rte_bpf, and two rings of places. The rings lie in plain memory: a trace must not need what EAL
// has set aside for frames.
#define ALLOW_EXPERIMENTAL_API  // rte_bpf_convert() is older than its promise to stay
#include "dataplane/worker/packet_trace.hpp"

#include <algorithm>
#include <cstring>
#include <pcap/bpf.h>
#include <rte_bpf.h>
#include <rte_malloc.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

// What an idle second saves up for a burst of matches.
constexpr std::int64_t kCreditMost_ns = 100'000'000;

static_assert(sizeof(trace::Instruction) == sizeof(bpf_insn) && offsetof(bpf_insn, k) == offsetof(trace::Instruction, operand) &&
              offsetof(bpf_insn, jt) == offsetof(trace::Instruction, jump_true));

// A word that one thread writes and another reads now and then.
void add(std::atomic<std::uint64_t>& word, std::uint64_t by) {
    word.store(word.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

void Tap::FreeBpf::operator()(rte_bpf* program) const {
    rte_bpf_destroy(program);
}

Tap::PlaceRing Tap::make_places_ring(unsigned flags) {
    const auto bytes = static_cast<std::size_t>(rte_ring_get_memsize(kPlaces * 2));
    const std::size_t lines = (bytes + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE;
    PlaceRing ring(static_cast<rte_ring*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, lines * RTE_CACHE_LINE_SIZE)));
    NLB_ASSERT(ring != nullptr && rte_ring_init(ring.get(), "nlb trace", kPlaces * 2, flags) == 0);
    return ring;
}

Tap::Tap(const trace::Request& request, std::size_t lanes)
    : request_(request),
      price_ns_(static_cast<std::int64_t>(1'000'000'000 * lanes / request.packets_per_second)),
      places_(kPlaces),
      free_(make_places_ring(RING_F_SP_ENQ)),
      taken_(make_places_ring(RING_F_SC_DEQ)),
      accounts_(lanes) {
    for (Taken& place : places_) give_back(&place);
}

Tap::~Tap() = default;

Result<std::unique_ptr<Tap>> Tap::create(const trace::Request& request, std::span<const trace::Instruction> filter, std::size_t lanes) {
    std::vector<bpf_insn> instructions(filter.size());
    std::memcpy(instructions.data(), filter.data(), filter.size_bytes());
    const bpf_program classic{static_cast<u_int>(instructions.size()), instructions.data()};
    const std::unique_ptr<rte_bpf_prm, void (*)(void*)> extended(rte_bpf_convert(&classic), rte_free);
    if (!extended) return Error{"the filter is no valid classic BPF program"};
    std::unique_ptr<Tap> tap(new Tap(request, lanes));
    tap->filter_.reset(rte_bpf_load(extended.get()));
    if (!tap->filter_) return Error{"the filter was refused by DPDK's verifier: use a shorter or simpler one"};
    rte_bpf_jit native{};
    if (rte_bpf_get_jit(tap->filter_.get(), &native) == 0) tap->compiled_ = native.func;
    return tap;
}

bool Tap::wants(rte_mbuf* buffer) const {
    return (compiled_ != nullptr ? compiled_(buffer) : rte_bpf_exec(filter_.get(), buffer)) != 0;
}

bool Tap::look(const Burst& burst, rte_mbuf* const* buffers, const Snapshot& snapshot, trace::Direction direction) {
    if ((static_cast<std::uint32_t>(direction) & static_cast<std::uint32_t>(request_.direction)) == 0) return false;
    Account& account = accounts_[snapshot.lane];
    if (account.paid == kLongAgo) account.paid = snapshot.now - Duration{kCreditMost_ns};
    account.credit_ns = std::min(account.credit_ns + (snapshot.now - account.paid).count(), std::max(kCreditMost_ns, price_ns_));
    account.paid = snapshot.now;
    bool any = false;
    std::uint32_t place = 0;
    for (; place < burst.count && account.credit_ns >= price_ns_; ++place) {
        // What goes on to another lane is settled there.
        if (output_of(burst.reasons[place]) == Output::lane || !wants(buffers[place])) continue;
        if (!copy(burst, place, snapshot, direction)) break;
        account.credit_ns -= price_ns_;
        any = true;
    }
    add(account.looked_at, place);
    add(account.passed_by, burst.count - place);
    return any;
}

bool Tap::copy(const Burst& burst, std::uint32_t place, const Snapshot& snapshot, trace::Direction direction) {
    void* free = nullptr;
    if (rte_ring_dequeue(free_.get(), &free) != 0) return false;
    Taken& taken = *static_cast<Taken*>(free);
    const PacketInfo& info = burst.info[place];
    const Frame& frame = burst.frames[place];
    taken.packet = {};
    taken.packet.info = info;
    taken.packet.time_ns = snapshot.now.time_since_epoch().count();
    taken.packet.epoch = snapshot.tables.epoch;
    taken.packet.direction = direction;
    taken.packet.length = frame.length;
    taken.packet.lane = snapshot.lane;
    taken.packet.reason = burst.reasons[place];
    taken.packet.owner = info.rule < kRuleSlots ? snapshot.tables.owner[info.rule][info.bucket] : kNoHost;
    taken.captured = std::min<std::uint32_t>(frame.length, request_.snap_bytes);
    std::memcpy(taken.bytes.data(), frame.data, taken.captured);
    return rte_ring_enqueue(taken_.get(), free) == 0;
}

Tap::Taken* Tap::take() {
    void* taken = nullptr;
    return rte_ring_dequeue(taken_.get(), &taken) == 0 ? static_cast<Taken*>(taken) : nullptr;
}

void Tap::give_back(Taken* taken) {
    NLB_ASSERT(rte_ring_enqueue(free_.get(), taken) == 0);
}

trace::Progress Tap::progress() const {
    trace::Progress progress{};
    for (const Account& account : accounts_) {
        progress.looked_at += account.looked_at.load(std::memory_order_relaxed);
        progress.passed_by += account.passed_by.load(std::memory_order_relaxed);
    }
    return progress;
}

}  // namespace nlb::dataplane
