#pragma once

#include <filesystem>
#include <string>

#include "net/http.h"

namespace escucha::net {

/// The built web application, from one folder. Nothing outside it is ever served.
///
/// Files below assets/ carry the hash of their content in their name and may be kept for ever; the
/// rest is asked for again. A path without a dot in its last segment is a page of the application
/// and gets index.html. A .br or .gz beside a file is sent to those who accept it.
class StaticFiles {
public:
    explicit StaticFiles(std::filesystem::path root) : root_{std::move(root)} {}

    /// For GET and HEAD. 404 with plain text when there is no such file.
    [[nodiscard]] Response serve(const Request& request) const;

private:
    std::filesystem::path root_;
};

}  // namespace escucha::net
