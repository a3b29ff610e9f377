#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace escucha::log {

/// error: a human must act. warn: degraded or dropped. info: life cycle. debug: per message.
enum class Level { Debug, Info, Warn, Error };

using Field = std::pair<std::string_view, std::string>;

/// Starts logging to standard error. Lines below `level` cost a comparison. Any thread.
void open(std::string_view program, Level level);

/// Writes `name key=value ...`. `name` is a stable snake_case event name; never personal data,
/// secrets or digits in the fields (base/redact.h). Any thread.
void write(Level level, std::string_view name, std::initializer_list<Field> fields);

inline void debug(std::string_view name, std::initializer_list<Field> fields = {}) {
    write(Level::Debug, name, fields);
}
inline void info(std::string_view name, std::initializer_list<Field> fields = {}) {
    write(Level::Info, name, fields);
}
inline void warn(std::string_view name, std::initializer_list<Field> fields = {}) {
    write(Level::Warn, name, fields);
}
inline void error(std::string_view name, std::initializer_list<Field> fields = {}) {
    write(Level::Error, name, fields);
}

/// Before building costly fields.
bool enabled(Level level);

}  // namespace escucha::log
