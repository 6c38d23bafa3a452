// Requests on the trace socket, from their bytes to a filter that runs. Promises: a refusal says
// why, what is accepted is within its bounds, and a program that is accepted ends on every frame
// and reads nothing behind it (libpcap has no sanitizer, so each frame ends where its page does).
//
// An input: an action, and a request as core/ipc/trace_messages.hpp lays it out. The action says
// what is put right, so that inputs get past the first checks.
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/assert.hpp"
#include "dataplane/control/trace_request.hpp"
#include "dataplane/worker/trace_filter.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace nlb::fuzz {
namespace {

using trace::Instruction;

constexpr std::uint8_t kActionBuild = 1;   // of this program
constexpr std::uint8_t kActionBounds = 2;  // direction, rate, length, and an ended name
constexpr std::uint8_t kActionCount = 4;   // as many instructions as follow
constexpr std::uint8_t kActionsEnd = 8;
constexpr std::size_t kRequestBytes = sizeof(trace::Request);

// Memory whose end no program may read beyond.
class LastPage {
public:
    LastPage() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
        void* const memory =
            mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        NLB_ASSERT(memory != MAP_FAILED);
        begin_ = static_cast<Byte*>(memory);
        NLB_ASSERT(mprotect(begin_ + page_, page_, PROT_NONE) == 0);
    }
    // Requires: at most a page.
    Frame holding(std::span<const Byte> bytes) {
        Byte* const at = begin_ + page_ - bytes.size();
        std::copy(bytes.begin(), bytes.end(), at);
        const auto size = static_cast<std::uint16_t>(bytes.size());
        return {at, size, size};
    }

private:
    std::size_t page_;
    Byte* begin_ = nullptr;
};

void put_right(trace::Request& request, std::uint8_t action, std::size_t bytes_of_filter) {
    if ((action & kActionBuild) != 0) request.build = trace::build_of_this();
    if ((action & kActionBounds) != 0) {
        request.direction = trace::Direction::both;
        request.packets_per_second = 1 + request.packets_per_second % trace::kRateMax;
        request.snap_bytes = 14 + request.snap_bytes % (trace::kSnapBytesMax - 13);
        request.cluster.back() = 0;
    }
    if ((action & kActionCount) != 0)
        request.instruction_count =
            static_cast<std::uint32_t>(bytes_of_filter / sizeof(Instruction));
}

std::vector<Byte> datagram_of(std::span<const Byte> input) {
    Choices choices(input);
    const std::uint8_t action = choices.u8();
    trace::Request request{};
    const auto head = choices.take(kRequestBytes);
    if (!head.empty()) std::memcpy(&request, head.data(), head.size());
    std::span<const Byte> filter = choices.rest();
    if ((action & kActionCount) != 0)
        filter = filter.first(filter.size() / sizeof(Instruction) * sizeof(Instruction));
    filter =
        filter.first(std::min(filter.size(), 2 * trace::kInstructionsMax * sizeof(Instruction)));
    put_right(request, action, filter.size());
    return ipc::write_message(ipc::MessageType::trace_request, 0, ipc::bytes_of(request), filter);
}

void run(const dataplane::TraceFilter& filter, std::span<const Byte> input) {
    static LastPage page;
    std::vector<Byte> frame(1514);
    for (std::size_t i = 0; i < frame.size(); ++i)
        frame[i] = input.empty() ? Byte{0} : input[i % input.size()];
    for (const std::size_t size : {0UL, 1UL, 13UL, 14UL, 60UL, 1514UL})
        static_cast<void>(filter.wants(page.holding(std::span{frame}.first(size))));
}

// What compilers write, and what they do not: any code that is known, with any operand.
Instruction some_instruction(Prng& chance) {
    constexpr std::array<std::uint16_t, 24> kCodes{0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80, 0xb1,
                                                   0x00, 0x01, 0x60, 0x61, 0x02, 0x03, 0x05, 0x15,
                                                   0x25, 0x45, 0x1d, 0x34, 0x94, 0x3c, 0x06, 0x16};
    Instruction made{};
    made.code = kCodes[chance.below(kCodes.size())];
    made.jump_true = static_cast<std::uint8_t>(chance.below(4));
    made.jump_false = static_cast<std::uint8_t>(chance.below(4));
    const std::uint64_t kind = chance.below(4);
    made.operand = static_cast<std::uint32_t>(kind == 0   ? chance.next()
                                              : kind == 1 ? 0xffff'ffff - chance.below(16)
                                                          : chance.below(64));
    return made;
}

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb;
    using fuzz::require;
    std::vector<Byte> datagram = fuzz::datagram_of({data, size});
    datagram.shrink_to_fit();
    const auto read = dataplane::read_trace_request(datagram);
    if (!read) {
        require(!read.error().message.empty(), "a refusal says why");
        return 0;
    }
    const trace::Request& request = read.value().request;
    require(request.packets_per_second - 1 < trace::kRateMax, "a rate is within its bounds");
    require(request.snap_bytes <= trace::kSnapBytesMax, "a length is within its bounds");
    require(read.value().filter.size() == request.instruction_count &&
                request.instruction_count <= trace::kInstructionsMax,
            "a filter is as long as the request says");
    const auto filter = dataplane::TraceFilter::create(read.value().filter);
    if (filter)
        fuzz::run(filter.value(), {data, size});
    else
        require(!filter.error().message.empty(), "a refusal says why");
    return 0;
}

// Instructions come, go and change; sometimes the bytes change blindly.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    nlb::Prng chance(seed);
    if (chance.chance(200'000)) return LLVMFuzzerMutate(data, size, max_size);
    std::vector<nlb::Byte> input(data, data + size);
    constexpr std::size_t kFilterAt = 1 + kRequestBytes;
    constexpr std::size_t kStep = sizeof(nlb::trace::Instruction);
    input.resize(std::max(input.size(), kFilterAt));
    const bool mostly = chance.chance(900'000);
    input[0] = static_cast<nlb::Byte>(mostly ? kActionsEnd - 1 : chance.below(kActionsEnd));
    const std::size_t count = (input.size() - kFilterAt) / kStep;
    const auto at = [&](std::size_t place) {
        return input.begin() + static_cast<std::ptrdiff_t>(kFilterAt + place * kStep);
    };
    const nlb::trace::Instruction fresh = some_instruction(chance);
    const auto bytes = nlb::ipc::bytes_of(fresh);
    const std::uint64_t what = chance.below(4);
    if (count == 0 || what == 0)
        input.insert(at(chance.below(count + 1)), bytes.begin(), bytes.end());
    else if (what == 1 && count > 1)
        input.erase(at(count - 1), at(count));
    else
        std::copy(bytes.begin(), bytes.end(), at(chance.below(count)));
    return hand_over(input, data, max_size);
}
