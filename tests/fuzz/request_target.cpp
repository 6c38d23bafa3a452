// Lines on the control socket. Promises: whatever a client writes gives a request within its limits
// or a sentence, nothing throws, and an answer that quotes it is one line.
#include <algorithm>

#include "controlplane/api/request.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb::controlplane;
    using nlb::fuzz::require;
    const std::string line(reinterpret_cast<const char*>(data), size);
    const auto request = parse_request(line);
    const std::string sentence = request ? line : request.error().message;
    require(!sentence.empty(), "a refusal says why");
    if (request) {
        require(request.value().verb <= Verb::metrics, "a verb is known");
        require(request.value().timeout >= nlb::Duration::zero() &&
                    request.value().timeout <= kTimeoutMax,
                "a time-out is within bounds");
    }
    const std::string answer =
        encode_answer({ReturnValue::refused, sentence}, nlohmann::json::array());
    require(std::count(answer.begin(), answer.end(), '\n') == 1 && answer.back() == '\n',
            "an answer is one line");
    require(nlohmann::json::parse(answer, nullptr, false).is_object(), "an answer is JSON");
    return 0;
}
