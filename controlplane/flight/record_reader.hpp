// The records of a segment, one after the other. It believes no byte: what is no record ends it.
#pragma once

#include <optional>
#include <span>

#include "controlplane/flight/differences.hpp"
#include "controlplane/flight/record.hpp"

namespace nlb::controlplane {

class RecordReader {
public:
    // `records` outlive it; the times are the segment's.
    RecordReader(std::span<const Byte> records, Instant begun_at, std::int64_t wall_ns)
        : in_(records), last_(begun_at), wall_minus_clock_(minus_clock(wall_ns, begun_at)) {}
    // Nothing at the end, or where no record is; ok() tells which.
    [[nodiscard]] std::optional<Record> next();
    [[nodiscard]] bool ok() const { return in_.ok(); }

private:
    // They wrap, so that no byte is undefined behaviour.
    [[nodiscard]] static std::uint64_t minus_clock(std::int64_t wall_ns, Instant clock) {
        return static_cast<std::uint64_t>(wall_ns) -
               static_cast<std::uint64_t>(clock.time_since_epoch().count());
    }
    void read_body(Record& record);
    void read_message(Record& record);
    void read_outputs(Record& record);

    FlightReader in_;
    Instant last_;
    std::uint64_t wall_minus_clock_;
    Differences differences_;
};

}  // namespace nlb::controlplane
