#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace escucha::store {

/// What a column can hold on both engines.
///
/// Booleans are the integers 0 and 1, instants are microseconds UTC as integers, ids are their 36
/// characters as text: readable in any SQL shell and the same in JSON, URLs and logs, for 20 bytes
/// a column more than the binary form.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

/// One bound parameter. Text is cleaned on its way in: a byte that is not UTF-8, or a zero byte,
/// becomes U+FFFD, because PostgreSQL refuses what SQLite would store.
class Param {
public:
    Param(std::nullptr_t) {}
    Param(std::nullopt_t) {}
    Param(bool value) : cell_{std::int64_t{value ? 1 : 0}} {}
    template <std::integral T>
    requires(!std::same_as<T, bool> && sizeof(T) <= sizeof(std::int64_t)) Param(T value)
        : cell_{static_cast<std::int64_t>(value)} {}
    Param(double value) : cell_{value} {}
    Param(const char* text) : Param{std::string_view{text}} {}
    Param(std::string_view text);
    Param(const std::string& text) : Param{std::string_view{text}} {}
    Param(Bytes bytes) : cell_{std::move(bytes)} {}
    Param(WallTime time) : cell_{to_micros(time)} {}
    template <typename Tag>
    Param(const Id<Tag>& id) : cell_{id.to_string()} {}
    template <typename T>
    Param(const std::optional<T>& value) {
        if (value) cell_ = Param{*value}.cell_;
    }

    [[nodiscard]] const Cell& cell() const { return cell_; }

private:
    Cell cell_;
};

/// `text` with every byte that is not UTF-8, and every zero byte, replaced by U+FFFD.
std::string clean_text(std::string_view text);

/// What customers are searched by: lower case, accents and punctuation taken off, single spaces.
/// "José Núñez-Peña" -> "jose nunez pena".
std::string search_key(std::string_view text);

namespace detail {
Result<void> read_cell(const Cell& cell, std::int64_t& out);
Result<void> read_cell(const Cell& cell, double& out);
Result<void> read_cell(const Cell& cell, bool& out);
Result<void> read_cell(const Cell& cell, std::string& out);
Result<void> read_cell(const Cell& cell, Bytes& out);
Result<void> read_cell(const Cell& cell, WallTime& out);
Result<void> read_id(const Cell& cell, Uuid& out);
template <typename Tag>
Result<void> read_cell(const Cell& cell, Id<Tag>& out) {
    Uuid uuid;
    ESC_TRY(read_id(cell, uuid));
    out = Id<Tag>{uuid};
    return ok();
}
template <typename T>
Result<void> read_cell(const Cell& cell, std::optional<T>& out) {
    out.reset();
    if (std::holds_alternative<std::monostate>(cell)) return ok();
    return read_cell(cell, out.emplace());
}
}  // namespace detail

/// One row of a result, owning its cells. Columns are counted from 0.
class Row {
public:
    explicit Row(std::vector<Cell> cells) : cells_{std::move(cells)} {}

    [[nodiscard]] std::size_t size() const { return cells_.size(); }

    /// Column `index` as `T`: std::int64_t, double, bool, std::string, Bytes, WallTime, an Id, or
    /// an optional of these for a column that may be null. Error: `TypeMismatch`.
    template <typename T>
    [[nodiscard]] Result<T> get(std::size_t index) const {
        if (index >= cells_.size()) return missing(index);
        T value{};
        if (auto read = detail::read_cell(cells_[index], value); !read) {
            return at_column(std::move(read).error(), index);
        }
        return value;
    }

    /// The first columns in order, in one step:
    /// `ESC_TRY(auto [id, name], (row.as<AgentId, std::string>()))` reads two.
    template <typename... Ts>
    [[nodiscard]] Result<std::tuple<Ts...>> as() const {
        std::tuple<Ts...> values;
        ESC_TRY(fill(values, std::index_sequence_for<Ts...>{}));
        return values;
    }

private:
    static Error missing(std::size_t index);
    static Error at_column(Error error, std::size_t index);

    template <typename Tuple, std::size_t... Is>
    Result<void> fill(Tuple& values, std::index_sequence<Is...>) const {
        Result<void> outcome = ok();
        const auto read_one = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            auto value = get<std::tuple_element_t<I, Tuple>>(I);
            if (!value) {
                outcome = std::move(value).error();
                return false;
            }
            std::get<I>(values) = std::move(value).value();
            return true;
        };
        static_cast<void>((read_one(std::integral_constant<std::size_t, Is>{}) && ...));
        return outcome;
    }

    std::vector<Cell> cells_;
};

using Rows = std::vector<Row>;

}  // namespace escucha::store
