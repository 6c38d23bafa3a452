// By which tables a lane judges. A packet is everybody's, and must be judged by all hosts as of one
// moment: what was received before new tables were published is still judged by the former ones,
// however late its turn comes. Otherwise a host that hears "I have let go of this bucket" through
// one queue could accept, from another queue, a packet that the former owner has accepted long ago.
//
// So new tables wait until each source of the lane was found empty, or has given as many frames as
// it can hold. Where lanes hand frames over to one another, all of them come to that point before
// any takes the new tables. Thread: the lane's worker; drained_for() and adopted() anybody's.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/fastpath/tables_index.hpp"

namespace nlb::dataplane {

class TablesInUse {
public:
    // A poll begins. `newest`: what main has published last. What the poll judges by.
    // `others_have_drained`: every lane that hands frames over to this one has drained_for(newest).
    [[nodiscard]] const IndexedTables& begin(const IndexedTables* newest,
                                             bool others_have_drained) {
        if (in_use_ == nullptr) adopt(newest);
        if (newest == in_use_) return *in_use_;
        if (newest != next_) {
            next_ = newest;
            judged_ = 0;
        }
        others_have_drained_ = others_have_drained;
        return *in_use_;
    }
    // The poll ends: it judged so many frames, and `emptied` tells that no source had more.
    // `backlog`: as many frames as all sources can hold.
    void end(std::uint32_t frames, bool emptied, std::uint32_t backlog) {
        if (next_ == nullptr) return;
        judged_ += frames;
        if (!emptied && judged_ < backlog) return;
        if (drained_for() != next_) {
            judged_ = 0;
            drained_for_.store(next_, std::memory_order_release);
            if (!alone_) return;
        } else if (!others_have_drained_) {
            return;
        }
        adopt(next_);
    }
    // No other lane hands frames over to this one.
    void set_alone(bool alone) { alone_ = alone; }

    // New tables wait; whoever sleeps meanwhile keeps main waiting.
    [[nodiscard]] bool waits() const { return next_ != nullptr; }
    // What was received by this lane before these were published has been judged or handed over.
    [[nodiscard]] const IndexedTables* drained_for() const {
        return drained_for_.load(std::memory_order_acquire);
    }
    // Nothing older is in use here, and nothing older will be.
    [[nodiscard]] const IndexedTables* adopted() const {
        return adopted_.load(std::memory_order_acquire);
    }

private:
    void adopt(const IndexedTables* tables) {
        in_use_ = tables;
        next_ = nullptr;
        drained_for_.store(tables, std::memory_order_release);
        adopted_.store(tables, std::memory_order_release);
    }

    const IndexedTables* in_use_ = nullptr;
    const IndexedTables* next_ = nullptr;  // they wait
    std::uint32_t judged_ = 0;             // frames since the last step
    bool others_have_drained_ = false;
    bool alone_ = true;
    // Publishes what was judged before; another lane's worker reads it.
    std::atomic<const IndexedTables*> drained_for_{nullptr};
    // Publishes that the former tables are read no more; main reads it.
    std::atomic<const IndexedTables*> adopted_{nullptr};
};

}  // namespace nlb::dataplane
