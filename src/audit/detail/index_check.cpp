#include "audit/detail/index_check.h"

#include <sodium.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"

namespace escucha::audit::detail {
namespace {

constexpr std::int64_t kRanges = 4'096;
constexpr std::int64_t kPage = 50'000;
static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == sizeof(std::uint64_t));

/// Who stands before the first row.
constexpr std::string_view kNobody;

}  // namespace

IndexCheck::IndexCheck(std::int64_t last)
    : last_{last}, width_{last / kRanges + 1}, sums_(static_cast<std::size_t>(kRanges) + 1) {
    randombytes_buf(key_.data(), key_.size());
}

std::size_t IndexCheck::range_of(std::int64_t number) const {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(number / width_, 0, kRanges));
}

std::uint64_t IndexCheck::hash(const CustomerId& customer, std::int64_t number) const {
    const std::array<std::uint64_t, 3> said{
        customer.value().high, customer.value().low, static_cast<std::uint64_t>(number)};
    std::uint64_t out = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&out),
                     reinterpret_cast<const unsigned char*>(said.data()),
                     sizeof said,
                     key_.data());
    return out;
}

void IndexCheck::add(const Entry& entry) {
    const std::size_t range = range_of(entry.number);
    if (entry.customers.size() == 1) {
        sums_[range] += hash(entry.customers.front(), entry.number);
        return;
    }
    for (const CustomerId& customer :
         std::set<CustomerId>{entry.customers.begin(), entry.customers.end()}) {
        sums_[range] += hash(customer, entry.number);
    }
}

Result<std::optional<std::int64_t>> IndexCheck::compare(store::Connection& connection,
                                                        CompanyId company) {
    std::string after{kNobody};
    std::int64_t after_number = 0;
    while (true) {
        ESC_TRY(const auto rows,
                connection.query("SELECT customer_id, number FROM audit_subject"
                                 " WHERE company_id = ? AND (customer_id, number) > (?, ?)"
                                 " ORDER BY customer_id, number LIMIT ?",
                                 {company, after, after_number, kPage}));
        for (const store::Row& row : rows) {
            ESC_TRY(auto fields, (row.as<std::string, std::int64_t>()));
            auto& [customer, number] = fields;
            after = std::move(customer);
            after_number = number;
            // Written since the walk began.
            if (number > last_) continue;
            const auto id = CustomerId::parse(after);
            sums_[range_of(number)] -= id ? hash(*id, number) : 1;
        }
        if (static_cast<std::int64_t>(rows.size()) < kPage) break;
    }
    const auto wrong = std::ranges::find_if(sums_, [](std::uint64_t sum) { return sum != 0; });
    if (wrong == sums_.end()) return std::optional<std::int64_t>{};
    return std::optional{std::max<std::int64_t>(1, (wrong - sums_.begin()) * width_)};
}

}  // namespace escucha::audit::detail
