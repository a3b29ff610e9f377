#include "api/detail/case_answer.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "api/detail/references.h"
#include "cases/sensitive_text.h"
#include "cases/status.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

Attempt<void> check_owner(Call& call, const std::string& owner) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT id FROM app_user WHERE company_id = ? AND id = ?"
                              " UNION ALL SELECT id FROM team WHERE company_id = ? AND id = ?",
                              {call.company(), owner, call.company(), owner}));
    if (row) return BOOST_OUTCOME_V2_NAMESPACE::success();
    return Problem::field(
        "/owner",
        {"No hay nadie así en su empresa.", "There is nobody like that in your company."});
}

Attempt<void> check_version(const Call& call, const json::object& matter) {
    const std::string_view given = call.request.header("if-match");
    if (given.empty()) return Problem{Code::VersionRequired};
    const std::string present = '"' + std::string{matter.at("version").as_string()} + '"';
    if (given != present) return Problem{Code::VersionConflict};
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<void> check_status(const json::object& matter, std::string_view wanted) {
    const auto from = cases::parse_status(std::string{matter.at("status").as_string()});
    const auto to = cases::parse_status(wanted);
    if (!from || !to) return Problem{Code::WrongState};
    ESC_TRY(cases::check_transition(*from, *to));
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

}  // namespace

Answer create_case(Call& call) {
    Event opened = fact(call, "case_opened");
    const auto id = call.services.ids.make<CaseId>(call.now);
    opened.case_id = id;
    call.seen.made = id.to_string();
    if (call.has("customer_id")) {
        const auto customer = CustomerId::parse(call.text("customer_id"));
        if (!customer) return Problem{Code::NotFound};
        ESC_TRY(customer_record(call, *customer));
        opened.customer = customer;
    }
    std::optional<ContactId> contact;
    if (call.has("contact_id")) {
        contact = ContactId::parse(call.text("contact_id"));
        if (!contact) return Problem{Code::NotFound};
        ESC_TRY(const auto view, call.services.port.contact(call.company(), *contact));
        if (view.agent != opened.agent) return Problem{Code::Forbidden};
        if (!opened.customer) opened.customer = view.customer;
    }
    ESC_TRY(const auto reference, take_reference(call));
    const std::string kind = call.has("kind") ? call.text("kind") : "matter";
    opened.with("reference", reference)
        .with("kind", kind)
        .with("topic", call.text("topic"))
        .with("subject", cases::mask_sensitive(call.text("subject")))
        .with("opened_by", "agent");
    std::vector<Event> events;
    events.push_back(std::move(opened));
    ESC_TRY(commit(call, std::move(events)));
    if (contact) {
        ESC_TRY(call.services.port.command(
            call.company(), server::LinkCase{call.who.agent, *contact, id, reference}));
    }
    return case_answer(call, id, 201);
}

Answer update_case(Call& call) {
    ESC_TRY(const auto id, call.id<CaseTag>(0));
    ESC_TRY(const auto matter, case_record(call, id));
    ESC_TRY(check_version(call, matter));
    if (call.has("status")) {
        ESC_TRY(check_status(matter, call.text("status")));
    }
    if (!call.text("owner").empty()) {
        ESC_TRY(check_owner(call, call.text("owner")));
    }
    Event updated = fact(call, "case_updated");
    updated.case_id = id;
    // null takes the value away.
    for (const char* name : {"status", "topic", "owner", "due"}) {
        if (call.has(name)) updated.with(name, call.text(name));
    }
    for (const char* name : {"subject", "next_step"}) {
        if (call.has(name)) updated.with(name, cases::mask_sensitive(call.text(name)));
    }
    std::vector<Event> events;
    events.push_back(std::move(updated));
    ESC_TRY(commit(call, std::move(events)));
    return case_answer(call, id, 200);
}

Answer close_case(Call& call) {
    ESC_TRY(const auto id, call.id<CaseTag>(0));
    ESC_TRY(const auto matter, case_record(call, id));
    const auto present = cases::parse_status(std::string{matter.at("status").as_string()});
    if (!present || *present == cases::Status::Closed) return Problem{Code::WrongState};
    std::vector<Event> events;
    // A case is resolved on its way to closed, also when one button does both.
    if (*present != cases::Status::Resolved) {
        Event resolved = fact(call, "case_updated");
        resolved.case_id = id;
        resolved.with("status", cases::word(cases::Status::Resolved));
        events.push_back(std::move(resolved));
    }
    Event closed = fact(call, "case_closed");
    closed.case_id = id;
    closed.with("outcome", call.text("outcome"));
    events.push_back(std::move(closed));
    ESC_TRY(commit(call, std::move(events)));
    return case_answer(call, id, 200);
}

}  // namespace escucha::api
