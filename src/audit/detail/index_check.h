#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "audit/entry.h"
#include "store/sql.h"

namespace escucha::audit::detail {

/// Whether `audit_subject`, by which a customer's entries are found, has a row for each customer of
/// each entry and no other: else somebody could hide a reading from its customer and leave the
/// chain alone.
///
/// Keeps a sum of keyed hashes for each range of numbers, made from the entries and again from the
/// rows. The key is fresh, so nobody can make other rows with the same sums.
class IndexCheck {
public:
    /// For the entries 1 to `last`.
    explicit IndexCheck(std::int64_t last);

    void add(const Entry& entry);
    /// Reads the company's rows. The first number of which they say something else, if any.
    Result<std::optional<std::int64_t>> compare(store::Connection& connection, CompanyId company);

private:
    [[nodiscard]] std::size_t range_of(std::int64_t number) const;
    [[nodiscard]] std::uint64_t hash(const CustomerId& customer, std::int64_t number) const;

    std::int64_t last_;
    std::int64_t width_;
    std::array<std::uint8_t, 16> key_{};
    std::vector<std::uint64_t> sums_;
};

}  // namespace escucha::audit::detail
