#include "controlplane/manager/event_stream.hpp"

namespace nlb::controlplane {

std::string event_text(std::string_view name, std::string_view data) {
    std::string text = "event: " + std::string{name} + "\n";
    for (;;) {
        const std::size_t end = data.find_first_of("\r\n");
        text += "data: " + std::string{data.substr(0, end)} + "\n";
        if (end == std::string_view::npos) break;
        const bool both = data[end] == '\r' && end + 1 < data.size() && data[end + 1] == '\n';
        data.remove_prefix(end + (both ? 2 : 1));
    }
    return text + "\n";
}

}  // namespace nlb::controlplane
