#include "controlplane/flight/record_reader.hpp"

#include <algorithm>

namespace nlb::controlplane {
namespace {

constexpr std::uint32_t kMessageLikeness = 0x10000;
constexpr std::uint64_t kEventsMax = 4096;
constexpr std::uint64_t kEventFieldsMax = 64;
constexpr std::uint64_t kNeighboursMax = 4096;

template <class Enum>
Enum enum_below(FlightReader& in, std::uint8_t count) {
    const std::uint8_t value = in.u8();
    if (value < count) return static_cast<Enum>(value);
    in.fail();
    return Enum{};
}

std::vector<Byte> bytes_in(FlightReader& in) {
    const auto run = in.run();
    return {run.begin(), run.end()};
}

}  // namespace

std::optional<Record> RecordReader::next() {
    if (in_.at_end()) return std::nullopt;
    Record record;
    const std::uint8_t first = in_.u8();
    if ((first & 0x7f) >= kRecordKinds) in_.fail();
    record.kind = static_cast<RecordKind>(first & 0x7f);
    // Times are counted as they wrap, so that no byte is undefined behaviour.
    const auto since = static_cast<std::uint64_t>(last_.time_since_epoch().count()) +
                       static_cast<std::uint64_t>(in_.offset());
    record.now = last_ = Instant{Duration{static_cast<std::int64_t>(since)}};
    read_body(record);
    if ((first & 0x80) != 0) read_outputs(record);
    if (!in_.ok()) return std::nullopt;
    return record;
}

void RecordReader::read_outputs(Record& record) {
    record.outputs = in_.u32();
    const std::uint64_t events = in_.number();
    if (events > kEventsMax) return in_.fail();
    for (std::uint64_t e = 0; e < events && in_.ok(); ++e) {
        RecordedEvent& event = record.events.emplace_back();
        event.id = static_cast<std::uint16_t>(in_.number());
        const std::uint64_t fields = in_.number();
        if (fields > kEventFieldsMax) return in_.fail();
        for (std::uint64_t f = 0; f < fields && in_.ok(); ++f) {
            std::string name = in_.text();
            event.fields.emplace_back(std::move(name), in_.text());
        }
    }
}

void RecordReader::read_message(Record& record) {
    if (record.kind == RecordKind::hello) {
        record.type = ipc::MessageType::hello;
        record.same_layout = in_.u8() != 0;
        record.cluster = static_cast<std::uint16_t>(in_.number());
        record.payload = bytes_in(in_);
        if (record.cluster >= kClustersMax || record.payload.size() < sizeof(ipc::Hello))
            in_.fail();
    } else if (record.kind == RecordKind::frame) {
        record.type = ipc::MessageType::punted;
        record.verdict = enum_below<FrameFault>(in_, kFrameFaults);
        const auto received = static_cast<std::uint64_t>(record.now.time_since_epoch().count()) -
                              static_cast<std::uint64_t>(in_.offset());
        const ipc::Punted punted{static_cast<std::int64_t>(received)};
        const auto frame = differences_.read(static_cast<std::uint32_t>(in_.number()), in_);
        const auto body = ipc::bytes_of(punted);
        record.payload.assign(body.begin(), body.end());
        if (frame) record.payload.insert(record.payload.end(), frame->begin(), frame->end());
    } else {
        record.type = static_cast<ipc::MessageType>(in_.number());
        auto payload =
            differences_.read(kMessageLikeness + static_cast<std::uint32_t>(record.type), in_);
        if (payload) record.payload = std::move(*payload);
    }
}

void RecordReader::read_body(Record& record) {
    switch (record.kind) {
        case RecordKind::hello:
        case RecordKind::frame:
        case RecordKind::message:
            return read_message(record);
        case RecordKind::check:
            record.token = in_.number();
            record.result.outcome = enum_below<CheckResult::Outcome>(in_, 3);
            record.result.because = in_.text();
            record.result.took = Duration{in_.offset()};
            return;
        case RecordKind::host_command:
            record.command = enum_below<HostCommand>(in_, 5);
            return;
        case RecordKind::rule_command:
            record.rules = bytes_in(in_);
            record.wanted = enum_below<RuleState>(in_, 4);
            if (std::any_of(record.rules.begin(), record.rules.end(),
                            [](RuleId rule) { return rule >= kRuleSlots; }))
                in_.fail();
            return;
        case RecordKind::unknown_rule:
            record.text = in_.text();
            return;
        case RecordKind::local:
            record.settings = bytes_in(in_);
            return;
        case RecordKind::hold:
            record.settings = bytes_in(in_);
            record.key = static_cast<std::uint16_t>(in_.number());
            record.next_key = static_cast<std::uint16_t>(in_.number());
            return;
        case RecordKind::keys:
            record.key = static_cast<std::uint16_t>(in_.number());
            return;
        case RecordKind::neighbours: {
            const std::uint64_t count = in_.number();
            if (count > kNeighboursMax) return in_.fail();
            for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
                const auto raw = in_.raw(sizeof(IpAddress));
                if (in_.ok())
                    std::copy(raw.begin(), raw.end(),
                              record.neighbours.emplace_back().bytes.begin());
            }
            return;
        }
        case RecordKind::wall:
            record.wall_ns = static_cast<std::int64_t>(
                static_cast<std::uint64_t>(in_.offset()) + wall_minus_clock_ +
                static_cast<std::uint64_t>(record.now.time_since_epoch().count()));
            return;
        case RecordKind::tick:
        case RecordKind::lost:
        case RecordKind::checks_taken:
        case RecordKind::begin_alone:
        case RecordKind::drop_staged:
        case RecordKind::depart:
            return;
    }
}

}  // namespace nlb::controlplane
