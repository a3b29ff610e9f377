#pragma once

#include <optional>

#include "api/detail/problem.h"
#include "store/value.h"

namespace escucha::api {

/// Reads a row's columns in order; the first that cannot be read is remembered, and asked for once.
class Columns {
public:
    explicit Columns(const store::Row& row) : row_{row} {}

    template <typename T>
    T next() {
        auto value = row_.get<T>(at_++);
        if (value) return std::move(value).value();
        if (!error_) error_ = std::move(value).error();
        return T{};
    }
    /// An empty text for NULL.
    std::string text() { return next<std::optional<std::string>>().value_or(""); }

    [[nodiscard]] Attempt<void> done() const {
        if (error_) return Problem{*error_};
        return BOOST_OUTCOME_V2_NAMESPACE::success();
    }

private:
    const store::Row& row_;
    std::size_t at_ = 0;
    std::optional<Error> error_;
};

}  // namespace escucha::api
