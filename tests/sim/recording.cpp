#include "tests/sim/recording.hpp"

#include <cstdio>
#include <filesystem>

#include "core/base/assert.hpp"

namespace nlb::sim {

RecordedLife::RecordedLife(std::string directory, std::uint32_t life, Duration segment_lasts,
                           controlplane::MessageSink& messages, controlplane::EventSink& events)
    : directory_(std::move(directory)),
      life_(life),
      recorder_(messages, events, *this, "simulated", segment_lasts) {
    std::filesystem::create_directories(directory_);
}

void RecordedLife::look(Instant now, Duration wall) {
    if (flushed_at_ != kLongAgo && now - flushed_at_ < kFlushEvery) return;
    flushed_at_ = now;
    flush(now, wall);
}

bool RecordedLife::begin(const controlplane::SegmentHead& head) {
    char name[64];
    std::snprintf(name, sizeof name, "/%04u-%06u.flight", life_, segments_++);
    file_ = std::ofstream{directory_ + name, std::ios::binary};
    encoder_ = std::make_unique<controlplane::SegmentEncoder>();
    write(encoder_->begin(head));
    return true;
}

bool RecordedLife::append(std::vector<Byte> records) {
    write(encoder_->append(records));
    return true;
}

void RecordedLife::write(const std::vector<Byte>& bytes) {
    file_.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(bytes.size()));
    NLB_ASSERT(file_.good());
    file_.flush();
}

}  // namespace nlb::sim
