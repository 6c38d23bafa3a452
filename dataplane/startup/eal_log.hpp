// What DPDK would print, kept instead: its newest lines explain a failure, and main logs the rest
// one by one. It never prints. Thread: any may write through DPDK, main takes.
#pragma once

#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace nlb::dataplane {

class EalLog {
public:
    // From here on DPDK's log ends here. One per process, for its whole life.
    static EalLog& capture();

    // For the stream that DPDK writes to: any piece of text, lines or parts of lines.
    void write(std::string_view text);
    // Whole lines since the last call, oldest first; at most kLinesMax, older ones are forgotten.
    [[nodiscard]] std::vector<std::string> take();

    // Sets aside what EAL said while it looked at adapters: it is about devices that nobody has
    // asked for yet.
    void keep_probe() { probe_ = take(); }
    [[nodiscard]] const std::vector<std::string>& probe() const { return probe_; }

    static constexpr std::size_t kLinesMax = 64;

private:
    std::mutex mutex_;
    std::deque<std::string> lines_;
    std::string partial_;
    std::vector<std::string> probe_;  // main's alone
};

}  // namespace nlb::dataplane
