// `flight`: the recordings of this host, listed, or a piece of one, for `nlb bundle`.
#include "config/daemon/clock.hpp"
#include "controlplane/loop/control_plane.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

std::string hex_of(const std::vector<Byte>& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const Byte byte : bytes) {
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 15]);
    }
    return text;
}

}  // namespace

// Whoever lists gets what has happened up to now: it is written first.
void ControlPlane::answer_recordings(const Request& request, const CommandService::Answer& answer) {
    if (!request.file) {
        record(daemon::monotonic_now());
        return flight_.list([answer, host = host_name_](const auto& files) {
            Json list = Json::array();
            for (const RecordedFile& file : files.value())
                list.push_back({{"name", file.name}, {"bytes", file.bytes}});
            answer(encode_answer({}, Json::array(), {{"host", host}, {"files", std::move(list)}}));
        });
    }
    const std::uint64_t offset = request.offset;
    flight_.read(*request.file, offset, [answer, offset](const auto& bytes) {
        if (!bytes)
            return answer(
                encode_answer({ReturnValue::not_found, bytes.error().message}, Json::array()));
        answer(
            encode_answer({}, Json::array(), {{"offset", offset}, {"hex", hex_of(bytes.value())}}));
    });
}

}  // namespace nlb::controlplane
