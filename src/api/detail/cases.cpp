#include <boost/json/serialize.hpp>

#include "api/detail/case_answer.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "cases/reference.h"
#include "store/value.h"

namespace escucha::api {

Answer case_answer(Call& call, CaseId id, unsigned status) {
    ESC_TRY(auto detail, case_detail(call, id));
    const std::string version{detail.at("case").at("version").as_string()};
    auto response = json_response(detail, status);
    response.with("ETag", '"' + version + '"');
    return response;
}

Answer list_cases(Call& call) {
    ESC_TRY(const auto cursor, before<CaseTag>(call));
    std::string where = "f.id < ?";
    std::vector<store::Param> params{cursor};
    const auto add = [&](std::string_view condition, store::Param param) {
        where += condition;
        params.push_back(std::move(param));
    };
    if (const auto status = call.query_text("status")) {
        if (*status == "live") {
            where += " AND f.status NOT IN ('resolved', 'closed')";
        } else {
            add(" AND f.status = ?", *status);
        }
    }
    if (call.query_text("mine") == "true") add(" AND f.owner = ?", call.who.user);
    if (const auto customer = call.query_text("customer_id"))
        add(" AND f.customer_id = ?", *customer);
    if (const auto reference = call.query_text("reference")) {
        ESC_TRY(const auto digits, cases::parse_reference(*reference));
        add(" AND f.reference = ?", digits);
    }
    if (const auto text = call.query_text("text")) {
        const std::string words = store::search_key(*text);
        if (words.empty()) where += " AND FALSE";  // Signs alone are in no case.
        const std::string key = like_text(words);
        add(" AND (f.search_key LIKE ? ESCAPE '!'", key);
        add(" OR c.search_key LIKE ? ESCAPE '!')", key);
    }
    ESC_TRY(auto items, case_records(call, where, std::move(params), call.limit() + 1));
    return page_of_customers(call, std::move(items));
}

Answer get_case(Call& call) {
    ESC_TRY(const auto id, call.id<CaseTag>(0));
    return case_answer(call, id, 200);
}

Answer get_case_by_reference(Call& call) {
    ESC_TRY(const auto digits, cases::parse_reference(call.path.at(0)));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT id FROM case_file WHERE company_id = ? AND reference = ?",
                              {call.company(), digits}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto id, row->get<CaseId>(0));
    return case_answer(call, id, 200);
}

}  // namespace escucha::api
