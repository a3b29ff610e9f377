#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.h"

namespace escucha::demo::detail {

/// A place in one of the demo's JSON files; errors name the file and the place. Cheap to copy.
class Node {
public:
    /// Error: `InvalidArgument`, `NotFound`.
    static Result<Node> read(const std::string& path);

    /// The member; error when it is missing.
    Result<Node> at(std::string_view name) const;
    Result<std::vector<Node>> list(std::string_view name) const;
    Result<std::string> text(std::string_view name) const;
    Result<std::int64_t> integer(std::string_view name) const;
    Result<std::vector<std::string>> texts(std::string_view name) const;

    [[nodiscard]] bool has(std::string_view name) const;
    /// Empty or `fallback` when there is none.
    [[nodiscard]] std::string text_or(std::string_view name, std::string_view fallback) const;
    [[nodiscard]] std::int64_t integer_or(std::string_view name, std::int64_t fallback) const;
    [[nodiscard]] bool flag(std::string_view name) const;

    /// As JSON text.
    [[nodiscard]] std::string print() const;

private:
    Node(std::shared_ptr<const boost::json::value> root,
         const boost::json::value* value,
         std::string where);
    [[nodiscard]] const boost::json::value* find(std::string_view name) const;
    [[nodiscard]] Error wrong(std::string_view name, std::string_view what) const;

    // Shared: every place keeps the file it is in.
    std::shared_ptr<const boost::json::value> root_;
    const boost::json::value* value_;
    std::string where_;
};

Result<std::string> read_file(const std::string& path);

}  // namespace escucha::demo::detail
