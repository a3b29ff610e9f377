#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/detail/call.h"

namespace escucha::api {

// Rows as the contract shows them. Each function sees only the call's company.

/// "Case". Errors: `NotFound`.
Attempt<boost::json::object> case_record(Call& call, CaseId id);
/// "CaseDetail": with what the caller gave, notes, contacts and recordings.
Attempt<boost::json::object> case_detail(Call& call, CaseId id);
/// Cases of a customer that somebody still works on, newest first.
Attempt<boost::json::array> live_cases_of(Call& call, const std::string& customer);
/// A page of cases: a condition on case_file `f`, its parameters, in order of id, newest first.
Attempt<boost::json::array> case_records(Call& call,
                                         const std::string& where,
                                         std::vector<store::Param> params,
                                         std::int64_t limit);

/// "Contact" rows; condition on contact `t`.
Attempt<boost::json::array> contact_records(Call& call,
                                            const std::string& where,
                                            std::vector<store::Param> params,
                                            std::int64_t limit);
/// "ContactLive" of a contact that has ended, for the wrap-up.
Attempt<boost::json::value> ended_contact(Call& call, ContactId id);

/// The data of a contact as the journal has them; sensitive ones masked.
Attempt<boost::json::array> context_of(Call& call, ContactId id);

/// "Customer". Errors: `NotFound`.
Attempt<boost::json::object> customer_record(Call& call, CustomerId id);

/// "Recording" rows the caller may hear; condition on recording `r` and contact `t`.
Attempt<boost::json::array> recording_records(Call& call,
                                              const std::string& where,
                                              std::vector<store::Param> params,
                                              std::int64_t limit);

/// "Note" rows of a case, oldest first.
Attempt<boost::json::array> note_records(Call& call, CaseId id);
/// One note; none when there is none.
Attempt<std::optional<boost::json::object>> note_record(Call& call, NoteId id);

/// {"items": the first `limit`, "next_cursor": the last one's `key` when there are more}.
/// The query must have asked for `limit + 1` rows.
net::Response page(boost::json::array items, std::int64_t limit, std::string_view key = "id");
/// A page of what customers have ("customer" in each), or of customers: who is in it has been seen.
net::Response page_of_customers(Call& call, boost::json::array items);

/// The cursor as an id to be below; the greatest id without one.
template <typename Tag>
Attempt<Id<Tag>> before(const Call& call) {
    const auto cursor = call.query_text("cursor");
    if (!cursor) return Id<Tag>{Uuid{~0ULL, ~0ULL}};
    const auto id = Id<Tag>::parse(*cursor);
    if (!id) return Problem{Code::BadCursor};
    return *id;
}

/// `%` and `_` lose their meaning; for LIKE ? ESCAPE '!'.
std::string like_text(std::string_view text);

}  // namespace escucha::api
