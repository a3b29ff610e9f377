#pragma once

#include <string_view>

namespace escucha::identity {

/// common_passwords.txt without its comments, put into the program by the build: one a line.
std::string_view common_passwords();

}  // namespace escucha::identity
