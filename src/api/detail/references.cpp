#include "api/detail/references.h"

#include "cases/reference.h"

namespace escucha::api {

Attempt<std::string> take_reference(Call& call) {
    std::int64_t counter = 0;
    cases::ReferenceKey key{};
    const CompanyId company = call.company();
    ESC_TRY(call.services.journal.write([&](store::Connection& connection) -> Result<void> {
        ESC_TRY(counter, store::reserve_reference_block(connection, company, 1));
        ESC_TRY(const auto row,
                connection.query_one("SELECT reference_key FROM company WHERE id = ?", {company}));
        if (!row) return fail(store::Errc::Constraint, "company");
        ESC_TRY(const auto number, row->get<std::int64_t>(0));
        key = store::reference_key_bits(number);
        return ok();
    }));
    ESC_TRY(auto reference, cases::make_reference(key, static_cast<std::uint64_t>(counter)));
    return reference;
}

}  // namespace escucha::api
