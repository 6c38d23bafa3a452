// A filter and two rings of slots. The rings lie in plain memory: a trace must not need what EAL
// has set aside for frames.
#include "dataplane/worker/packet_trace.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

// What an idle second saves up for a burst of matches.
constexpr std::int64_t kCreditMost_ns = 100'000'000;

// A word that one thread writes and another reads now and then.
void add(std::atomic<std::uint64_t>& word, std::uint64_t by) {
    word.store(word.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

PacketTrace::SlotRing PacketTrace::make_slot_ring(unsigned flags) {
    const auto bytes = static_cast<std::size_t>(rte_ring_get_memsize(kSlots * 2));
    const std::size_t lines = (bytes + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE;
    SlotRing ring(static_cast<rte_ring*>(
        std::aligned_alloc(RTE_CACHE_LINE_SIZE, lines * RTE_CACHE_LINE_SIZE)));
    NLB_ASSERT(ring != nullptr && rte_ring_init(ring.get(), "nlb trace", kSlots * 2, flags) == 0);
    return ring;
}

PacketTrace::PacketTrace(const trace::Request& request, TraceFilter filter, std::size_t lanes)
    : request_(request),
      filter_(std::move(filter)),
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
    auto sound = TraceFilter::create(filter);
    if (!sound) return sound.error();
    return std::unique_ptr<PacketTrace>(new PacketTrace(request, std::move(sound.value()), lanes));
}

bool PacketTrace::look(const Burst& burst, const BurstContext& context,
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
        if (output_of(burst.reasons[slot]) == Output::lane || !filter_.wants(burst.frames[slot]))
            continue;
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
