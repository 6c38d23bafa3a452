// Moves the frames of one queue between the kernel and two rings, in a thread of its own: what a
// server takes and gives costs no time of the core that has to reject a flood. Offloads that the
// other port does not take are done here. It decides nothing about a packet. A ring or a pool that
// is full holds the kernel up; what a worker gives and the kernel refuses is counted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <span>
#include <sys/uio.h>
#include <thread>
#include <vector>

#include "dataplane/frames/doorbell.hpp"
#include "dataplane/tap/joined.hpp"
#include "dataplane/tap/offload_notes.hpp"

namespace nlb::dataplane {

// Of one queue, since it was made.
struct PumpCounters {
    std::uint64_t to_kernel = 0;       // frames
    std::uint64_t from_kernel = 0;     // frames, before any was cut
    std::uint64_t kernel_refused = 0;  // frames: the interface is down
    std::uint64_t malformed = 0;       // from the kernel: longer than a buffer, or notes that lie
    std::uint64_t no_buffer = 0;       // from the kernel: none was left for the segments of a frame
};

// The longest frame, Ethernet header included: one buffer's, whose length has 16 bits.
inline constexpr std::uint32_t kTapFrameBytesMax = 65535 - RTE_PKTMBUF_HEADROOM;
// What the kernel is told, with room for tags in front: it means frames with their headers.
inline constexpr std::uint32_t kGsoBytesMax = 65000;
// How many segments a frame is cut into; the kernel gives none that would have more.
inline constexpr std::uint32_t kSegmentsMost = 128;

class Pump {
public:
    struct Ends {
        rte_ring* to_kernel;
        rte_ring* from_kernel;
        rte_mempool* small;  // buffers for frames of `room` bytes
        rte_mempool* large;  // of kTapFrameBytesMax
        std::uint16_t room;
    };
    explicit Pump(const Ends& ends) : ends_(ends) {}
    ~Pump() { stop(); }
    Pump(const Pump&) = delete;
    Pump& operator=(const Pump&) = delete;

    // Who is woken when frames came: the worker that takes them. Thread: main.
    void set_reader(Doorbell* reader) { reader_.store(reader, std::memory_order_release); }
    // What the port takes that the kernel's frames go to. Thread: main, while it is stopped.
    void set_offloads(const Offloads& offloads) { offloads_ = offloads; }
    // `cpus`: where the thread may run; empty: where main does. Requires: it is stopped, `fd`
    // stays open until stop().
    void start(int fd, const std::vector<std::uint16_t>& cpus);
    void stop();
    // Rung by the worker after it left frames in the ring to the kernel.
    [[nodiscard]] Doorbell& bell() { return bell_; }
    [[nodiscard]] PumpCounters counters() const;

private:
    // As many frames as one turn takes of either direction.
    static constexpr std::uint32_t kTurn = Joins::kFramesMost;
    enum class Read : std::uint8_t { frame, nothing, no_room };

    void run();
    // How many frames there were.
    std::uint32_t write_frames();
    std::uint32_t read_frames();
    void write_frame(rte_mbuf& frame);
    void write_joined(std::uint32_t first);
    void hand_over(std::span<const iovec> parts, std::uint32_t frames);
    [[nodiscard]] Read read_frame();
    [[nodiscard]] bool refill();
    void take_frame(const VirtioHeader& header, std::size_t bytes);
    void settle(rte_mbuf* frame, const VirtioHeader& header);
    void cut(rte_mbuf* frame, const OffloadNotes& notes);
    void flush();
    void wait();
    void count(std::atomic<std::uint64_t>& counter, std::uint32_t frames) {
        counter.store(counter.load(std::memory_order_relaxed) + frames, std::memory_order_relaxed);
    }
    void count_one(std::atomic<std::uint64_t>& counter) { count(counter, 1); }

    const Ends ends_;
    Offloads offloads_;
    std::atomic<Doorbell*> reader_{nullptr};  // publishes the bell, which outlives the thread
    Doorbell bell_;
    int fd_ = -1;
    std::atomic<bool> stopping_{false};  // publishes nothing but itself
    bool held_up_ = false;               // the last read found no room
    Joins joins_;                        // of this turn
    // Buffers for the next frame, and frames for the ring.
    rte_mbuf* small_ = nullptr;
    rte_mbuf* large_ = nullptr;
    static constexpr std::uint32_t kReadyMost = 2 * kSegmentsMost;
    std::array<rte_mbuf*, kReadyMost> ready_;
    std::uint32_t ready_count_ = 0;
    // Written by the thread, read by main; they publish nothing but themselves.
    std::atomic<std::uint64_t> to_kernel_{0};
    std::atomic<std::uint64_t> from_kernel_{0};
    std::atomic<std::uint64_t> kernel_refused_{0};
    std::atomic<std::uint64_t> malformed_{0};
    std::atomic<std::uint64_t> no_buffer_{0};
    std::thread thread_;
};

}  // namespace nlb::dataplane
