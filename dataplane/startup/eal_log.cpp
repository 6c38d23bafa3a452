// A stdio stream whose writes land in the EalLog; rte_openlog_stream takes nothing else.
#include "dataplane/startup/eal_log.hpp"

#include <rte_log.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

ssize_t write_to_log(void* log, const char* text, std::size_t bytes) {
    static_cast<EalLog*>(log)->write({text, bytes});
    return static_cast<ssize_t>(bytes);
}

}  // namespace

EalLog& EalLog::capture() {
    static EalLog log;
    static std::FILE* const stream =
        fopencookie(&log, "w", {nullptr, write_to_log, nullptr, nullptr});
    NLB_ASSERT(stream != nullptr);
    NLB_ASSERT(std::setvbuf(stream, nullptr, _IOLBF, BUFSIZ) == 0);
    rte_openlog_stream(stream);
    return log;
}

void EalLog::write(std::string_view text) {
    const std::lock_guard guard(mutex_);
    for (const char c : text) {
        if (c != '\n') {
            partial_ += c;
            continue;
        }
        if (!partial_.empty()) lines_.push_back(std::move(partial_));
        partial_.clear();
        if (lines_.size() > kLinesMax) lines_.pop_front();
    }
}

std::vector<std::string> EalLog::take() {
    const std::lock_guard guard(mutex_);
    std::vector<std::string> taken(lines_.begin(), lines_.end());
    lines_.clear();
    return taken;
}

}  // namespace nlb::dataplane
