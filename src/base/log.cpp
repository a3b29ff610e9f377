#include "base/log.h"

#include <atomic>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace escucha::log {

namespace {

constexpr std::size_t kMaxLine = 4096;

std::atomic<Level> threshold{Level::Warn};

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::Debug: return spdlog::level::debug;
        case Level::Info: return spdlog::level::info;
        case Level::Warn: return spdlog::level::warn;
        case Level::Error: return spdlog::level::err;
    }
    return spdlog::level::err;
}

/// Values with blanks, quotes or control characters are quoted, so that a peer's text cannot
/// forge a field or a line.
void append_value(std::string& line, std::string_view value) {
    constexpr std::string_view kHex = "0123456789abcdef";
    bool plain = !value.empty();
    for (const char c : value) {
        if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == 0x7F) plain = false;
    }
    if (plain) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (byte < ' ' || byte == 0x7F) {
            line += "\\x";
            line += kHex[byte >> 4U];
            line += kHex[byte & 0xFU];
        } else {
            line += c;
        }
    }
    line += '"';
}

}  // namespace

void open(std::string_view program, Level level) {
    auto logger = spdlog::stderr_logger_mt(std::string{program});
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %n %l %v", spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
    threshold.store(level, std::memory_order_relaxed);
}

bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view name, std::initializer_list<Field> fields) {
    if (!enabled(level)) return;
    std::string line{name};
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += key;
        line += '=';
        append_value(line, value);
    }
    if (line.size() > kMaxLine) line.resize(kMaxLine);
    spdlog::log(to_spdlog(level), "{}", line);
}

}  // namespace escucha::log
