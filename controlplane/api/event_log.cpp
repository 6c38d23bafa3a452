#include "controlplane/api/event_log.hpp"

#include <algorithm>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace nlb::controlplane {
namespace {

constexpr std::size_t kLinesPendingMax = 4096;
std::shared_ptr<spdlog::logger> logger;

std::string quoted_if_needed(const std::string& value) {
    const bool plain =
        !value.empty() && std::none_of(value.begin(), value.end(), [](unsigned char c) {
            return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f;
        });
    if (plain) return value;
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
    }
    return text + '"';
}

spdlog::level::level_enum level_of(Severity severity) {
    if (severity == Severity::error) return spdlog::level::err;
    return severity == Severity::warn ? spdlog::level::warn : spdlog::level::info;
}

}  // namespace

std::string format_event(EventNumber number, std::string_view name, const Fields& fields) {
    std::string line;
    if (number != EventNumber::none)
        line = "event=" + std::to_string(static_cast<int>(number)) + " ";
    line += "name=" + std::string{name};
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += key;
        line += '=';
        line += quoted_if_needed(value);
    }
    return line;
}

void log_event(Severity severity, EventNumber number, std::string_view name, const Fields& fields) {
    if (logger) logger->log(level_of(severity), "{}", format_event(number, name, fields));
}

void start_log() {
    spdlog::init_thread_pool(kLinesPendingMax, 1);
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    logger = std::make_shared<spdlog::async_logger>("nlb", std::move(sink), spdlog::thread_pool(),
                                                    spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::info);
}

void stop_log() {
    logger.reset();
    spdlog::shutdown();
}

}  // namespace nlb::controlplane
