#include <boost/json/object.hpp>

#include "api/detail/commands.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/notes.h"
#include "base/errc.h"
#include "cases/sensitive_text.h"
#include "cases/status.h"

namespace escucha::api {
namespace {

/// The contact that is wrapped up and its case.
struct Wrapped {
    ContactId contact;
    CaseId case_id;
    cases::Status status = cases::Status::Open;
    bool is_in_wrap_up = false;
};

Attempt<Wrapped> find_wrapped(Call& call, AgentId agent) {
    ESC_TRY(const auto view, call.services.port.agent(call.company(), agent));
    Wrapped wrapped;
    wrapped.is_in_wrap_up = view.state == server::AgentState::WrapUp;
    std::optional<ContactId> contact = wrapped.is_in_wrap_up ? view.contact : std::nullopt;
    if (call.has("contact_id")) {
        const auto named = ContactId::parse(call.text("contact_id"));
        if (!named) return Problem{Code::NotFound};
        wrapped.is_in_wrap_up = contact == named;
        contact = named;
    }
    if (!contact) return Problem{Code::WrongState};
    // Whoever talked with the caller may say what came of it, also when the time is over.
    ESC_TRY(const auto row,
            call.db.query_one("SELECT f.id, f.status FROM contact t JOIN case_file f ON f.id ="
                              " t.case_id WHERE t.company_id = ? AND t.id = ? AND EXISTS"
                              " (SELECT 1 FROM event e WHERE e.contact_id = t.id"
                              " AND e.type = 'contact_connected' AND e.agent_id = ?)",
                              {call.company(), *contact, agent}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto fields, (row->as<CaseId, std::string>()));
    wrapped.contact = *contact;
    wrapped.case_id = std::get<0>(fields);
    wrapped.status = cases::parse_status(std::get<1>(fields)).value_or(cases::Status::Open);
    return wrapped;
}

Attempt<void> check_topic(Call& call, const std::string& topic) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT key FROM disposition_topic"
                              " WHERE company_id = ? AND key = ? AND is_active = 1",
                              {call.company(), topic}));
    if (row) return BOOST_OUTCOME_V2_NAMESPACE::success();
    return Problem::field("/topic", {"Elija un tema de la lista.", "Choose a topic of the list."});
}

Attempt<void> check(Call& call, const cases::Disposition& disposition) {
    ESC_TRY(check_topic(call, disposition.topic));
    ESC_TRY(const auto day, today(call));
    const auto errors = cases::check_disposition(disposition, day);
    if (errors.empty()) return BOOST_OUTCOME_V2_NAMESPACE::success();
    Problem problem{Code::BadField};
    for (const cases::DispositionError& error : errors) {
        problem.faults.push_back({"/" + std::string{error.field},
                                  {std::string{error.message_es}, std::string{error.message_en}}});
    }
    return problem;
}

Event case_event(const Call& call, const Wrapped& wrapped, AgentId agent, std::string_view type) {
    Event event = fact(call, type);
    event.contact = wrapped.contact;
    event.case_id = wrapped.case_id;
    event.agent = agent;
    return event;
}

}  // namespace

Answer agent_finish_wrap_up(Call& call) {
    ESC_TRY(const auto agent, commanded_agent(call));
    ESC_TRY(const auto wrapped, find_wrapped(call, agent));
    const cases::Disposition disposition{.topic = call.text("topic"),
                                         .outcome = call.text("outcome"),
                                         .next_step = cases::mask_sensitive(call.text("next_step")),
                                         .owner = call.text("owner"),
                                         .due = call.text("due")};
    ESC_TRY(check(call, disposition));
    std::vector<Event> events;
    if (call.has("note")) {
        const boost::json::object& note = call.body.at("note").as_object();
        const auto id = NoteId::parse(std::string{note.at("id").as_string()});
        if (!id) return Problem{Code::NotFound};
        ESC_TRY(
            auto saved,
            note_event(
                call,
                {.id = *id,
                 .case_id = wrapped.case_id,
                 .contact = wrapped.contact,
                 .version = note.at("version").to_number<std::int64_t>(),
                 .text = cases::mask_sensitive(std::string_view{note.at("text").as_string()})}));
        if (saved) events.push_back(std::move(*saved));
    }
    Event recorded = case_event(call, wrapped, agent, "disposition_recorded");
    recorded.with("topic", disposition.topic)
        .with("outcome", disposition.outcome)
        .with("next_step", disposition.next_step)
        .with("owner", disposition.owner)
        .with("due", disposition.due);
    events.push_back(std::move(recorded));
    const auto outcome = cases::parse_outcome(disposition.outcome);
    if (!outcome) return Problem{Code::BadField};
    const cases::Status status = cases::status_after(*outcome, wrapped.status);
    if (status != wrapped.status) {
        Event updated = case_event(call, wrapped, agent, "case_updated");
        updated.with("status", cases::word(status));
        events.push_back(std::move(updated));
    }
    ESC_TRY(commit(call, std::move(events)));
    if (wrapped.is_in_wrap_up) {
        // The timer may have ended it meanwhile; what was recorded stays recorded.
        const auto finished =
            call.services.port.command(call.company(), server::FinishWrapUp{agent});
        if (!finished && finished.error().code != escucha::Errc::Conflict) {
            return Problem{finished.error()};
        }
    }
    return agent_after(call, agent);
}

}  // namespace escucha::api
