// A classic BPF program made native by rte_bpf, and two rings of slots. The rings lie in plain
// memory: a trace must not need what EAL has set aside for frames.
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

static_assert(sizeof(trace::Instruction) == sizeof(bpf_insn) &&
              offsetof(bpf_insn, k) == offsetof(trace::Instruction, operand) &&
              offsetof(bpf_insn, jt) == offsetof(trace::Instruction, jump_true));

// A word that one thread writes and another reads now and then.
void add(std::atomic<std::uint64_t>& word, std::uint64_t by) {
    word.store(word.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

void PacketTrace::FreeBpf::operator()(rte_bpf* program) const {
    rte_bpf_destroy(program);
}

PacketTrace::SlotRing PacketTrace::make_slot_ring(unsigned flags) {
    const auto bytes = static_cast<std::size_t>(rte_ring_get_memsize(kSlots * 2));
    const std::size_t lines = (bytes + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE;
    SlotRing ring(static_cast<rte_ring*>(
        std::aligned_alloc(RTE_CACHE_LINE_SIZE, lines * RTE_CACHE_LINE_SIZE)));
    NLB_ASSERT(ring != nullptr && rte_ring_init(ring.get(), "nlb trace", kSlots * 2, flags) == 0);
    return ring;
}

PacketTrace::PacketTrace(const trace::Request& request, std::size_t lanes)
    : request_(request),
      price_ns_(static_cast<std::int64_t>(1'000'000'000 * lanes / request.packets_per_second)),
      slots_(kSlots),
      free_(make_slot_ring(RING_F_SP_ENQ)),
      taken_(make_slot_ring(RING_F_SC_DEQ)),
      accounts_(lanes) {
    for (Taken& slot : slots_) give_back(&slot);
}

PacketTrace::~PacketTrace() = default;

Result<std::unique_ptr<PacketTrace>> PacketTrace::create(const trace::Request& request,
                                                         std::span<const trace::Instruction> filter,
                                                         std::size_t lanes) {
    std::vector<bpf_insn> instructions(filter.size());
    std::memcpy(instructions.data(), filter.data(), filter.size_bytes());
    const bpf_program classic{static_cast<u_int>(instructions.size()), instructions.data()};
    const std::unique_ptr<rte_bpf_prm, void (*)(void*)> extended(rte_bpf_convert(&classic),
                                                                 rte_free);
    if (!extended) return Error{"the filter is no valid classic BPF program"};
    std::unique_ptr<PacketTrace> trace(new PacketTrace(request, lanes));
    trace->filter_.reset(rte_bpf_load(extended.get()));
    if (!trace->filter_)
        return Error{"the filter was refused by DPDK's verifier: use a shorter or simpler one"};
    rte_bpf_jit native{};
    if (rte_bpf_get_jit(trace->filter_.get(), &native) == 0) trace->compiled_ = native.func;
    return trace;
}

bool PacketTrace::wants(rte_mbuf* buffer) const {
    return (compiled_ != nullptr ? compiled_(buffer) : rte_bpf_exec(filter_.get(), buffer)) != 0;
}

bool PacketTrace::look(const Burst& burst, rte_mbuf* const* buffers, const BurstContext& context,
                       trace::Direction direction) {
    if ((static_cast<std::uint32_t>(direction) & static_cast<std::uint32_t>(request_.direction)) ==
        0)
        return false;
    Account& account = accounts_[context.lane];
    if (account.paid == kLongAgo) account.paid = context.now - Duration{kCreditMost_ns};
    account.credit_ns = std::min(account.credit_ns + (context.now - account.paid).count(),
                                 std::max(kCreditMost_ns, price_ns_));
    account.paid = context.now;
    bool any = false;
    std::uint32_t slot = 0;
    for (; slot < burst.count && account.credit_ns >= price_ns_; ++slot) {
        // What goes on to another lane is settled there.
        if (output_of(burst.reasons[slot]) == Output::lane || !wants(buffers[slot])) continue;
        if (!copy(burst, slot, context, direction)) break;
        account.credit_ns -= price_ns_;
        any = true;
    }
    add(account.looked_at, slot);
    add(account.passed_by, burst.count - slot);
    return any;
}

bool PacketTrace::copy(const Burst& burst, std::uint32_t slot, const BurstContext& context,
                       trace::Direction direction) {
    void* free = nullptr;
    if (rte_ring_dequeue(free_.get(), &free) != 0) return false;
    Taken& taken = *static_cast<Taken*>(free);
    const PacketInfo& info = burst.info[slot];
    const Frame& frame = burst.frames[slot];
    taken.packet = {};
    taken.packet.info = info;
    taken.packet.time_ns = context.now.time_since_epoch().count();
    taken.packet.epoch = context.tables.epoch;
    taken.packet.direction = direction;
    taken.packet.length = frame.length;
    taken.packet.lane = context.lane;
    taken.packet.reason = burst.reasons[slot];
    taken.packet.owner =
        info.rule < kRuleSlots ? context.tables.owner[info.rule][info.bucket] : kNoHost;
    taken.captured = std::min<std::uint32_t>(frame.length, request_.snap_bytes);
    std::memcpy(taken.bytes.data(), frame.data, taken.captured);
    return rte_ring_enqueue(taken_.get(), free) == 0;
}

PacketTrace::Taken* PacketTrace::take() {
    void* taken = nullptr;
    return rte_ring_dequeue(taken_.get(), &taken) == 0 ? static_cast<Taken*>(taken) : nullptr;
}

void PacketTrace::give_back(Taken* taken) {
    NLB_ASSERT(rte_ring_enqueue(free_.get(), taken) == 0);
}

trace::Progress PacketTrace::progress() const {
    trace::Progress progress{};
    for (const Account& account : accounts_) {
        progress.looked_at += account.looked_at.load(std::memory_order_relaxed);
        progress.passed_by += account.passed_by.load(std::memory_order_relaxed);
    }
    return progress;
}

}  // namespace nlb::dataplane
