#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.h"

namespace escucha::flow::detail {

/// Our text as a value of Boost.JSON, which has a view of its own.
inline boost::json::string text(std::string_view value) {
    return boost::json::string{value.data(), value.size()};
}

/// Reads one JSON object member by member. The first fault is kept with its JSON pointer and every
/// later read gives a harmless default, so a codec reads a whole object and asks once. Members
/// nobody read are refused by `finish`.
class JsonReader {
public:
    JsonReader(const boost::json::value& value, std::string pointer, std::optional<Error>& fault);

    [[nodiscard]] bool has(std::string_view name) const;
    /// The member, marked as read; nullptr when absent.
    const boost::json::value* member(std::string_view name);

    std::string text(std::string_view name, std::size_t most_bytes);
    std::string text_or(std::string_view name, std::string fallback, std::size_t most_bytes);
    std::int64_t integer_or(std::string_view name,
                            std::int64_t fallback,
                            std::int64_t least,
                            std::int64_t most);
    bool flag_or(std::string_view name, bool fallback);
    double number_or(std::string_view name, double fallback);
    /// Seconds, fractions allowed, in milliseconds.
    std::chrono::milliseconds seconds_or(std::string_view name,
                                         std::chrono::milliseconds fallback,
                                         std::chrono::milliseconds least,
                                         std::chrono::milliseconds most);
    /// One of the phone's keys out of `allowed`.
    char key_or(std::string_view name, char fallback, std::string_view allowed);
    /// A text or a list of texts.
    std::vector<std::string> texts_or_none(std::string_view name, std::size_t most_bytes);

    /// Refuses members that nobody read.
    void finish();
    void fault(std::string_view name, std::string message);
    [[nodiscard]] std::string pointer(std::string_view name) const;
    [[nodiscard]] const boost::json::object& object() const { return *object_; }
    [[nodiscard]] std::optional<Error>& fault_slot() { return fault_; }

private:
    const boost::json::object* object_;
    std::string pointer_;
    std::optional<Error>& fault_;
    std::vector<std::string_view> read_;
};

/// "~" and "/" as RFC 6901 §3 has them.
std::string escape_pointer(std::string_view token);

/// Parses with the limits of size and depth; the error names what was exceeded.
Result<boost::json::value> parse_json(std::string_view json,
                                      std::size_t most_bytes,
                                      std::size_t most_depth);

/// Indented by two spaces, members in their order, with a final newline.
std::string print_json(const boost::json::value& value);

}  // namespace escucha::flow::detail
