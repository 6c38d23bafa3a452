// How a rule's server is checked, and programs that the operator names. Whether a program may be
// run is for whoever runs it to find out, on its own machine.
#include <algorithm>

#include "config/format.hpp"
#include "config/parse.hpp"

namespace nlb::config {
namespace {

bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return byte < 0x20 || byte == 0x7f;
    });
}

// Text that may stand in a request or a command line. `wanted` names it.
bool read_line(const Cursor& at, std::string& into, const std::string& wanted) {
    const bool right = at.is_scalar() && !at.scalar().empty() &&
                       at.scalar().size() <= kCheckTextMax && is_printable(at.scalar());
    if (right)
        into = at.scalar();
    else
        at.expected(wanted + " of at most " + std::to_string(kCheckTextMax) +
                    " bytes without control characters");
    return right;
}

bool is_in(std::string_view text, std::string_view allowed) {
    return std::all_of(text.begin(), text.end(), [allowed](char character) {
        const bool letter = (character >= 'a' && character <= 'z') ||
                            (character >= 'A' && character <= 'Z') ||
                            (character >= '0' && character <= '9');
        return letter || allowed.find(character) != std::string_view::npos;
    });
}

void parse_path(const Cursor& at, std::string& into) {
    constexpr std::string_view kWanted =
        "a path that begins with / and holds no blank, such as /health";
    const bool right = at.is_scalar() && !at.scalar().empty() && at.scalar().front() == '/' &&
                       at.scalar().find_first_of(" #") == std::string::npos;
    if (!right) return at.expected(kWanted);
    read_line(at, into, "a path");
}

void parse_host_name(const Cursor& at, std::string& into) {
    const bool right = at.is_scalar() && !at.scalar().empty() && at.scalar().size() <= 253 &&
                       is_in(at.scalar(), "-._");
    if (!right) return at.expected("a host name such as www.example.com, without a port");
    into = at.scalar();
}

void parse_unit(const Cursor& at, std::string& into) {
    const bool right = at.is_scalar() && !at.scalar().empty() && at.scalar().size() <= 255 &&
                       at.scalar().front() != '-' && is_in(at.scalar(), ":-_.\\@");
    if (!right) return at.expected("the name of a systemd unit such as nginx.service");
    into = at.scalar();
}

void parse_request(const Mapping& keys, Health& health) {
    if (const Cursor* path = keys.find("path")) parse_path(*path, health.path);
    if (const Cursor* host = keys.find("host")) parse_host_name(*host, health.host);
    if (const Cursor* status = keys.find("status"))
        status->read(health.status, &parse_status_range, "a status or a range in 100-599");
    if (const Cursor* body = keys.find("body")) read_line(*body, health.body, "a text");
    if (const Cursor* sni = keys.find("sni")) parse_host_name(*sni, health.sni);
    if (const Cursor* verify = keys.find("verify")) verify->read_flag(health.verify);
}

void parse_pace(const Mapping& keys, Health& health) {
    if (const Cursor* interval = keys.find("interval"))
        interval->read_duration(health.interval, kCheckIntervalMin, kCheckIntervalMax);
    if (const Cursor* timeout = keys.find("timeout"))
        timeout->read_duration(health.timeout, kCheckTimeoutMin, kCheckIntervalMax);
    if (const Cursor* rise = keys.find("rise")) rise->read_number(health.rise, 1, kChecksInRowMax);
    if (const Cursor* fall = keys.find("fall")) fall->read_number(health.fall, 1, kChecksInRowMax);
    if (const Cursor* slow = keys.find("slow_start"))
        slow->read_duration(health.slow_start, Duration::zero(), kSlowStartMax);
    if (const Cursor* on_fail = keys.find("on_fail")) on_fail->read_word(health.on_fail);
    if (const Cursor* all = keys.find("all_failed")) all->read_word(health.all_failed);
}

}  // namespace

std::vector<std::string> parse_program(const Cursor& at) {
    std::vector<std::string> program;
    for (const Cursor& item : at.items("a file and its arguments", 1, kProgramWordsMax)) {
        std::string word;
        const bool read = read_line(item, word, "a word");
        if (read && program.empty() && word.front() != '/')
            item.expected("the file's path from /, because no shell looks for it");
        program.push_back(word);
    }
    return program;
}

void parse_health(const Cursor& at, std::optional<Health>& into) {
    const Mapping keys(
        at, "a health check",
        {"check", "port", "address", "path", "host", "status", "body", "sni", "verify", "program",
         "unit", "interval", "timeout", "rise", "fall", "slow_start", "on_fail", "all_failed"});
    if (!at.is_mapping()) return;
    Health health;
    if (const Cursor* check = keys.require("check", "tcp, http, https, exec or unit"))
        check->read_word(health.check);
    if (const Cursor* port = keys.find("port")) {
        std::uint16_t number = 0;
        port->read_number(number, 1, 65535);
        health.port = number;
    }
    if (const Cursor* address = keys.find("address"))
        address->read(health.address.emplace(), &parse_ip, "an IP address");
    parse_request(keys, health);
    if (const Cursor* program = keys.find("program")) health.program = parse_program(*program);
    if (const Cursor* unit = keys.find("unit")) parse_unit(*unit, health.unit);
    parse_pace(keys, health);
    into = health;
}

}  // namespace nlb::config
