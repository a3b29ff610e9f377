#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace escucha::sip::detail {

bool iequals(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
/// Digits only, at least one, at most `max`; else nullopt.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);
bool is_token(std::string_view text);
/// No control characters: safe as a header value.
bool is_line(std::string_view text);

/// Cuts the first element of a comma-separated list off `rest`, minding quotes and angle brackets.
/// False at the end. Empty elements are skipped.
bool next_element(std::string_view& rest, std::string_view& element);

/// Two separators of elements or parameters with nothing between, as in "a;;b" or "a;,b".
bool has_stray_separator(std::string_view list);

/// One `;name=value` of a parameter list.
struct Param {
    std::string_view name;
    std::string_view value;  ///< Still quoted, if it was; empty for a flag.
};
/// Cuts the first parameter off `rest` (which may start with ';'); false at the end.
bool next_param(std::string_view& rest, Param& param);
/// The named parameter's value ("" for a flag); nullopt when absent.
std::optional<std::string_view> find_param(std::string_view params, std::string_view name);

/// The text between the quotes with backslashes resolved; unquoted text comes back trimmed.
std::string unquote(std::string_view text);
/// With quotes, and with '"' and '\' escaped; control characters become spaces.
std::string quote(std::string_view text);
/// %XX decoding of a URI's user part; a bad escape stays as it is.
std::string unescape_user(std::string_view text);
/// Takes off what people write between the digits of a number (RFC 3966 §5.1.1).
void drop_separators(std::string& number);
/// Everything RFC 3261's `user` does not allow becomes %XX.
std::string escape_user(std::string_view text);

}  // namespace escucha::sip::detail
