// A terminal's colours 16 to 231 are a cube of six steps, 232 to 255 are greys (xterm).
#include "config/host_colours.hpp"

#include "core/base/assert.hpp"
#include "core/base/limits.hpp"

namespace nlb::config {
namespace {

constexpr std::array<int, 6> kCubeSteps{0, 95, 135, 175, 215, 255};

std::string hexadecimal_byte(int value) {
    constexpr const char* kDigits = "0123456789abcdef";
    return {kDigits[value / 16], kDigits[value % 16]};
}

}  // namespace

int terminal_colour(HostId host) {
    NLB_ASSERT(host != kNoHost);
    return kHostColours[(host - 1U) % kHostColours.size()];
}

std::string web_colour(HostId host) {
    const int colour = terminal_colour(host);
    if (colour >= 232) {
        const std::string grey = hexadecimal_byte(8 + 10 * (colour - 232));
        return "#" + grey + grey + grey;
    }
    const int cube = colour - 16;
    const auto part = [](int step) {
        return hexadecimal_byte(kCubeSteps[static_cast<std::size_t>(step)]);
    };
    return "#" + part(cube / 36) + part(cube / 6 % 6) + part(cube % 6);
}

char host_digit(HostId host) {
    if (host == kNoHost) return '.';
    if (host < 10) return static_cast<char>('0' + host);
    return host <= kHostsMax ? static_cast<char>('a' + host - 10) : '?';
}

}  // namespace nlb::config
