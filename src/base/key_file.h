#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace escucha {

/// A small text file of secrets: mode 0600, a first line that says what it is, then lines of words,
/// `#` before what is for people. Whoever reads or writes one wipes the text from memory.

/// The whole text. Errors: `NotFound`, `Forbidden` when others may read it, `TooLarge`, `Io`.
Result<std::string> read_key_file(const std::filesystem::path& path, std::size_t most_bytes);

/// What becomes of a file that is there already.
enum class WhenThere { Replace, Keep };
/// Written aside and then put into its place: whenever the machine stops, it is whole or not there,
/// and of two programs that make one at once with `Keep` both find the same. Error: `Io`.
Result<void> write_key_file(const std::filesystem::path& path,
                            std::string_view text,
                            WhenThere there);

/// Takes one line of words; false when it is none.
using TakeKeyLine = std::function<bool(std::string_view line)>;
/// Error: `InvalidArgument` with the number of the line that is wrong ("line 3").
Result<void> parse_key_file(std::string_view text,
                            std::string_view first_line,
                            const TakeKeyLine& take);

/// Takes the next word off the front of the line, and the space after it.
std::string_view take_word(std::string_view& line);

}  // namespace escucha
