// What one `nlb trace` takes from the workers of a cluster: packets that its filter wants, copied
// with what was decided about them into slots made beforehand. Packets per second and slots are
// bounded; what is beyond is not copied, but counted. While nobody traces, a worker pays one load
// per burst for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <rte_ring.h>
#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/trace_messages.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "dataplane/worker/trace_filter.hpp"

namespace nlb::dataplane {

class PacketTrace {
public:
    struct Taken {
        trace::Packet packet;  // its time is this host's monotonic one
        std::array<Byte, trace::kSnapBytesMax> bytes;
        std::uint32_t captured;
    };

    // `lanes`: of the cluster. Requires: the request's numbers are within their bounds. An error is
    // about the filter or memory.
    static Result<std::unique_ptr<PacketTrace>> create(const trace::Request& request,
                                                       std::span<const trace::Instruction> filter,
                                                       std::size_t lanes);
    ~PacketTrace();
    PacketTrace(const PacketTrace&) = delete;
    PacketTrace& operator=(const PacketTrace&) = delete;

    // Thread: the lane's worker, when the burst is settled and before its frames go their ways.
    // True: main has something to take.
    bool look(const Burst& burst, const BurstContext& context, trace::Direction direction);

    // Thread: main. The oldest packet, nullptr when there is none; its slot is used again once it
    // is given back.
    [[nodiscard]] Taken* take();
    void give_back(Taken* taken);
    [[nodiscard]] trace::Progress progress() const;

    static constexpr unsigned kSlots = 1024;

private:
    // The worker's own; main reads the counts, relaxed.
    struct alignas(64) Account {
        std::int64_t credit_ns = 0;  // of time in which packets may be looked at
        Instant paid = kLongAgo;     // until when
        // Each publishes nothing but itself.
        std::atomic<std::uint64_t> looked_at{0};
        std::atomic<std::uint64_t> passed_by{0};
    };
    PacketTrace(const trace::Request& request, TraceFilter filter, std::size_t lanes);
    bool copy(const Burst& burst, std::uint32_t slot, const BurstContext& context,
              trace::Direction direction);

    struct FreeMemory {
        void operator()(void* memory) const { std::free(memory); }
    };
    using SlotRing = std::unique_ptr<rte_ring, FreeMemory>;
    [[nodiscard]] static SlotRing make_slot_ring(unsigned flags);

    const trace::Request request_;
    const TraceFilter filter_;
    const std::int64_t price_ns_;  // of a packet, for one lane
    std::vector<Taken> slots_;
    SlotRing free_;   // main puts, workers take
    SlotRing taken_;  // workers put, main takes
    std::vector<Account> accounts_;
};

}  // namespace nlb::dataplane
