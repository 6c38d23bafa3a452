// The grammar is made here, and who waits for stderr: nobody. Time, level, the queue and the thread
// are spdlog's.
#include "config/daemon/log.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <poll.h>
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

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

// A pipe that says it can be written to takes so much at once (pipe(7)).
constexpr std::size_t kWritableAtOnce = PIPE_BUF;

// Whether stderr takes bytes now. A file does always; a pipe, a terminal or a socket whose reader
// is slow does not.
bool is_writable() {
    pollfd stderr_now{STDERR_FILENO, POLLOUT, 0};
    return poll(&stderr_now, 1, 0) == 1 && (stderr_now.revents & POLLOUT) != 0;
}

// Gives each line to stderr whole and at once, or not at all. How many were lost is the first thing
// that is said when it takes lines again. Owned by: the logger.
class WillingStderr : public spdlog::sinks::base_sink<std::mutex> {
protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (lost_ != 0 && is_writable()) {
            spdlog::details::log_msg told = message;
            const std::string text =
                format_line("log_lines_lost", {{"lines", std::to_string(lost_)}});
            told.payload = text;
            told.level = spdlog::level::warn;
            lost_ = 0;
            write_line(told);
        }
        write_line(message);
    }
    void flush_() override {}

private:
    void write_line(const spdlog::details::log_msg& message) {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        if (line.size() > kWritableAtOnce) {
            line.resize(kWritableAtOnce);
            line[kWritableAtOnce - 1] = '\n';
        }
        if (!is_writable() || !write_all(line.data(), line.size())) ++lost_;
    }
    static bool write_all(const char* data, std::size_t size) {
        ssize_t written = 0;
        do {
            written = write(STDERR_FILENO, data, size);
        } while (written < 0 && errno == EINTR);
        return written == static_cast<ssize_t>(size);
    }
    std::uint64_t lost_ = 0;
};

// systemd gives device and inode of what it made stderr (systemd.exec(5)); a program that was given
// another one since knows by them.
bool stderr_is_journal() {
    const char* const told = std::getenv("JOURNAL_STREAM");
    struct stat about {};
    if (told == nullptr || fstat(STDERR_FILENO, &about) != 0) return false;
    return told == std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino);
}

// The level as syslog's number between angle brackets.
class JournalPriority : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& into) override {
        const std::string_view prefix = message.level == spdlog::level::err    ? kErrorPrefix
                                        : message.level == spdlog::level::warn ? "<4>"
                                                                               : "<6>";
        into.append(prefix.data(), prefix.data() + prefix.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JournalPriority>();
    }

    static constexpr std::string_view kErrorPrefix = "<3>";
};

std::unique_ptr<spdlog::formatter> formatter() {
    auto made = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    made->add_flag<JournalPriority>('*').set_pattern(
        stderr_is_journal() ? "%*%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v");
    return made;
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
    // A reader of the log that is gone is no reason to end.
    std::signal(SIGPIPE, SIG_IGN);
    auto sink = std::make_shared<WillingStderr>();
    if (writer == LogWriter::thread) {
        spdlog::init_thread_pool(kLinesPendingMax, 1);
        logger =
            std::make_shared<spdlog::async_logger>("nlb", std::move(sink), spdlog::thread_pool(),
                                                   spdlog::async_overflow_policy::overrun_oldest);
    } else {
        logger = std::make_shared<spdlog::logger>("nlb", std::move(sink));
    }
    logger->set_formatter(formatter());
    logger->flush_on(spdlog::level::info);
}

void stop_log() {
    logger.reset();
    spdlog::shutdown();
}

void complain(std::string_view text) {
    const std::string_view prefix =
        stderr_is_journal() ? JournalPriority::kErrorPrefix : std::string_view{};
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line{text.substr(begin, end - begin)};
        std::fprintf(stderr, "%s%s\n", std::string{prefix}.c_str(), line.c_str());
        begin = end + 1;
    }
}

void log(Level level, std::string_view name, const Fields& fields) {
    if (logger) logger->log(level_of(level), "{}", format_line(name, fields));
}

}  // namespace nlb::daemon
