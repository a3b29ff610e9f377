#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace escucha::exports {

/// A text that no spreadsheet takes for a formula: an apostrophe goes before one that begins, after
/// spaces and signs nobody sees, with = + - @ | %, a tab, a line's end, or the full-width forms of
/// the first four. Numbers below zero and telephone numbers get it too: a rule without exceptions
/// is one that nobody finds a way through.
std::string neutralised(std::string_view text);

/// One line of RFC 4180 with its CR LF; every field in quotes.
std::string csv_line(std::span<const std::string> fields);

/// Begins a file, so that spreadsheets read it as UTF-8.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A text file that is read back to look for marks; longer ones are cut up by whoever has them.
inline constexpr std::size_t kMaxTableBytes = 64UL * 1'024 * 1'024;

using Line = std::vector<std::string>;
/// Reads what a spreadsheet saved: commas, semicolons or tabs between, quotes or none, UTF-8 or
/// Windows-1252, any end of lines. Error: `TooLarge`.
Result<std::vector<Line>> read_table(std::string_view text);

}  // namespace escucha::exports
