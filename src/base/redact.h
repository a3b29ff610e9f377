#pragma once

#include <string>
#include <string_view>

namespace escucha {

/// "+34600123456" -> "+34***456". Short numbers, extensions among them, come back whole.
std::string redact_number(std::string_view number);

/// A name, document or address in a log: its first letter and its length.
std::string redact_text(std::string_view text);

}  // namespace escucha
