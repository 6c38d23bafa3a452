// The grammar is made here; time, level, the queue and the thread are spdlog's.
#include "config/daemon/log.hpp"

#include <algorithm>
#include <memory>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace nlb::daemon {
namespace {

std::shared_ptr<spdlog::logger> logger;

bool is_control(unsigned char c) {
    return c < ' ' || c == 0x7f;
}

std::string quoted_if_needed(const std::string& value) {
    const bool plain =
        !value.empty() && std::none_of(value.begin(), value.end(), [](unsigned char c) {
            return c == ' ' || c == '"' || c == '=' || c == '\\' || is_control(c);
        });
    if (plain) return value;
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += is_control(static_cast<unsigned char>(c)) ? ' ' : c;
    }
    return text + '"';
}

spdlog::level::level_enum level_of(Level level) {
    if (level == Level::error) return spdlog::level::err;
    return level == Level::warning ? spdlog::level::warn : spdlog::level::info;
}

}  // namespace

std::string format_line(std::string_view name, const Fields& fields) {
    std::string line = "name=" + std::string{name};
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += key;
        line += '=';
        line += quoted_if_needed(value);
    }
    return line;
}

void start_log(LogWriter writer) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    if (writer == LogWriter::thread) {
        spdlog::init_thread_pool(kLinesPendingMax, 1);
        logger =
            std::make_shared<spdlog::async_logger>("nlb", std::move(sink), spdlog::thread_pool(),
                                                   spdlog::async_overflow_policy::overrun_oldest);
    } else {
        logger = std::make_shared<spdlog::logger>("nlb", std::move(sink));
    }
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::info);
}

void stop_log() {
    logger.reset();
    spdlog::shutdown();
}

void log(Level level, std::string_view name, const Fields& fields) {
    if (logger) logger->log(level_of(level), "{}", format_line(name, fields));
}

}  // namespace nlb::daemon
