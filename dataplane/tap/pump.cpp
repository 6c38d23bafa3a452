// readv and writev until there is nothing left, then one ppoll for both directions.
#include "dataplane/tap/pump.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "core/base/assert.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/tap/segments.hpp"

namespace nlb::dataplane {
namespace {

constexpr long kHeldUpNs = 100'000;
// A frame that no single buffer held.
constexpr std::size_t kPartsMost = 32;

// Behind as many bytes as the small buffer takes: a frame that is longer than that gets these put
// before its rest.
Byte* rest_of(rte_mbuf& large, std::size_t room) {
    return rte_pktmbuf_mtod_offset(&large, Byte*, room);
}
std::size_t rest_bytes(const rte_mbuf& large, std::size_t room) {
    return std::size_t{large.buf_len} - large.data_off - room;
}

// What another kernel left unfinished, and what lies in several buffers, goes as it is.
std::span<const Byte> bytes_to_join(const rte_mbuf& frame) {
    if (frame.next != nullptr || notes_in(frame)) return {};
    return {rte_pktmbuf_mtod(&frame, const Byte*), frame.data_len};
}

void set_bytes(rte_mbuf& buffer, std::size_t bytes) {
    buffer.data_len = static_cast<std::uint16_t>(bytes);
    buffer.pkt_len = static_cast<std::uint32_t>(bytes);
}

}  // namespace

void Pump::start(int fd, const std::vector<std::uint16_t>& cpus) {
    NLB_ASSERT(!thread_.joinable() && fd >= 0);
    fd_ = fd;
    stopping_.store(false, std::memory_order_relaxed);
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "nlb-tap");
    if (cpus.empty()) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const std::uint16_t cpu : cpus) CPU_SET(cpu, &set);
    // Where it may not run there, it runs where main does.
    static_cast<void>(pthread_setaffinity_np(thread_.native_handle(), sizeof set, &set));
}

void Pump::stop() {
    if (!thread_.joinable()) return;
    stopping_.store(true, std::memory_order_relaxed);
    bell_.ring();
    thread_.join();
    for (rte_mbuf** const buffer : {&small_, &large_}) {
        rte_pktmbuf_free(*buffer);
        *buffer = nullptr;
    }
    rte_pktmbuf_free_bulk(ready_.data(), std::exchange(ready_count_, 0));
}

PumpCounters Pump::counters() const {
    return {to_kernel_.load(std::memory_order_relaxed),
            from_kernel_.load(std::memory_order_relaxed),
            kernel_refused_.load(std::memory_order_relaxed),
            malformed_.load(std::memory_order_relaxed), no_buffer_.load(std::memory_order_relaxed)};
}

void Pump::run() {
    while (!stopping_.load(std::memory_order_relaxed)) {
        const std::uint32_t written = write_frames();
        const std::uint32_t read = read_frames();
        if (written == 0 && read == 0) wait();
    }
}

void Pump::wait() {
    std::array<pollfd, 2> fds{{{bell_.fd(), POLLIN, 0}, {held_up_ ? -1 : fd_, POLLIN, 0}}};
    const timespec held_up{0, kHeldUpNs};
    if (ppoll(fds.data(), fds.size(), held_up_ ? &held_up : nullptr, nullptr) <= 0) return;
    if (fds[0].revents != 0) bell_.answer();
    // The interface is gone: somebody removed it. Only a new start brings it back.
    const timespec trouble{0, 1'000'000};
    if ((fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) nanosleep(&trouble, nullptr);
}

std::uint32_t Pump::write_frames() {
    std::array<rte_mbuf*, kTurn> frames;
    const std::uint32_t count = rte_ring_sc_dequeue_burst(
        ends_.to_kernel, reinterpret_cast<void**>(frames.data()), kTurn, nullptr);
    joins_.clear();
    for (std::uint32_t i = 0; i < count; ++i) joins_.add(bytes_to_join(*frames[i]));
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!joins_.is_first(i)) continue;
        if (joins_.behind(i) == Joins::kNone)
            write_frame(*frames[i]);
        else
            write_joined(i);
    }
    if (count != 0) rte_pktmbuf_free_bulk(frames.data(), count);
    return count;
}

void Pump::write_frame(rte_mbuf& frame) {
    VirtioHeader header{};
    if (const auto notes = notes_in(frame))
        header = header_of(*notes, {rte_pktmbuf_mtod(&frame, const Byte*), frame.data_len});
    std::array<iovec, kPartsMost + 1> parts;
    parts[0] = {&header, sizeof header};
    std::size_t count = 1;
    for (rte_mbuf* part = &frame; part != nullptr && count <= kPartsMost; part = part->next)
        parts[count++] = {rte_pktmbuf_mtod(part, void*), part->data_len};
    hand_over({parts.data(), count}, 1);
}

void Pump::write_joined(std::uint32_t first) {
    Joins::Head head = joins_.head_of(first);
    std::array<iovec, Joins::kFramesMost + 2> parts;
    parts[0] = {&head.note, sizeof head.note};
    parts[1] = {head.bytes.data(), head.count};
    std::size_t count = 2;
    for (std::uint32_t i = first; i != Joins::kNone; i = joins_.behind(i)) {
        const std::span<const Byte> payload = joins_.payload_of(i);
        parts[count++] = {const_cast<Byte*>(payload.data()), payload.size()};  // it is only read
    }
    hand_over({parts.data(), count}, static_cast<std::uint32_t>(count) - 2);
}

void Pump::hand_over(std::span<const iovec> parts, std::uint32_t frames) {
    ssize_t written = -1;
    do written = writev(fd_, parts.data(), static_cast<int>(parts.size()));
    while (written < 0 && errno == EINTR);
    count(written < 0 ? kernel_refused_ : to_kernel_, frames);
}

std::uint32_t Pump::read_frames() {
    flush();
    held_up_ = false;
    std::uint32_t frames = 0;
    while (frames < kTurn) {
        const Read read = read_frame();
        held_up_ = read == Read::no_room;
        if (read != Read::frame) break;
        ++frames;
    }
    flush();
    return frames;
}

// What the ring does not take waits here, and is taken before anything else.
void Pump::flush() {
    if (ready_count_ == 0) return;
    const std::uint32_t taken = rte_ring_mp_enqueue_burst(
        ends_.from_kernel, reinterpret_cast<void**>(ready_.data()), ready_count_, nullptr);
    Doorbell* const reader = reader_.load(std::memory_order_acquire);
    if (taken != 0 && reader != nullptr) reader->ring();
    std::copy(ready_.begin() + taken, ready_.begin() + ready_count_, ready_.begin());
    ready_count_ -= taken;
}

bool Pump::refill() {
    if (small_ == nullptr) small_ = rte_pktmbuf_alloc(ends_.small);
    if (large_ == nullptr) large_ = rte_pktmbuf_alloc(ends_.large);
    return small_ != nullptr && large_ != nullptr;
}

Pump::Read Pump::read_frame() {
    // Of a frame that is cut so many segments come at once.
    if (ready_count_ + kSegmentsMost > kReadyMost) flush();
    if (ready_count_ + kSegmentsMost > kReadyMost || !refill()) return Read::no_room;
    if (!offloads_.segments && rte_mempool_avail_count(ends_.small) < kSegmentsMost)
        return Read::no_room;
    VirtioHeader header;
    const std::array<iovec, 3> parts{
        {{&header, sizeof header},
         {rte_pktmbuf_mtod(small_, void*), ends_.room},
         {rest_of(*large_, ends_.room), rest_bytes(*large_, ends_.room)}}};
    const ssize_t got = readv(fd_, parts.data(), parts.size());
    if (got < 0) return errno == EINTR ? Read::frame : Read::nothing;
    if (static_cast<std::size_t>(got) < sizeof header) return Read::nothing;
    take_frame(header, static_cast<std::size_t>(got) - sizeof header);
    return Read::frame;
}

void Pump::take_frame(const VirtioHeader& header, std::size_t bytes) {
    count_one(from_kernel_);
    // The kernel ends a frame where the buffer ends, and says nothing of the rest.
    if (bytes == 0 || bytes >= ends_.room + rest_bytes(*large_, ends_.room))
        return count_one(malformed_);
    rte_mbuf* const frame = std::exchange(bytes <= ends_.room ? small_ : large_, nullptr);
    if (bytes > ends_.room)
        std::memcpy(rte_pktmbuf_mtod(frame, void*), rte_pktmbuf_mtod(small_, void*), ends_.room);
    set_bytes(*frame, bytes);
    settle(frame, header);
}

void Pump::settle(rte_mbuf* frame, const VirtioHeader& header) {
    if (!asks(header)) {
        ready_[ready_count_++] = frame;
        return;
    }
    const std::span<Byte> bytes{rte_pktmbuf_mtod(frame, Byte*), frame->data_len};
    const auto notes = notes_of(header, bytes);
    if (notes && offloads_.take(*notes)) {
        put_notes(*frame, *notes);
        ready_[ready_count_++] = frame;
    } else if (notes && notes->segment_bytes != 0) {
        cut(frame, *notes);
    } else if (header.gso_type == kGsoNone &&
               complete_checksum(bytes, header.checksum_start, header.checksum_offset)) {
        ready_[ready_count_++] = frame;
    } else {
        count_one(malformed_);
        rte_pktmbuf_free(frame);
    }
}

void Pump::cut(rte_mbuf* frame, const OffloadNotes& notes) {
    const Segments segments({rte_pktmbuf_mtod(frame, const Byte*), frame->data_len}, notes);
    const std::uint32_t count = segments.count();
    std::array<rte_mbuf*, kSegmentsMost> buffers;
    // As a wire that loses: TCP sends it again, in smaller pieces.
    const bool fits = count <= kSegmentsMost && segments.bytes_max() <= ends_.room;
    if (!fits || rte_pktmbuf_alloc_bulk(ends_.small, buffers.data(), count) != 0) {
        count_one(fits ? no_buffer_ : malformed_);
        rte_pktmbuf_free(frame);
        return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        set_bytes(*buffers[i], segments.write(i, rte_pktmbuf_mtod(buffers[i], Byte*)));
        ready_[ready_count_++] = buffers[i];
    }
    rte_pktmbuf_free(frame);
}

}  // namespace nlb::dataplane
