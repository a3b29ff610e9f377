// Cases: every contact hangs from one, and one matter has only one.

#include <fmt/format.h>

#include "calendar/zone.h"
#include "cases/matter.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

std::optional<speech::Date> local_date(WallTime time, const std::string& zone) {
    const auto local = calendar::to_local_parts(time, zone);
    if (!local) return std::nullopt;
    return speech::make_date(int{local.value().date.year()},
                             static_cast<int>(unsigned{local.value().date.month()}),
                             static_cast<int>(unsigned{local.value().date.day()}));
}

std::optional<speech::Date> parse_date(std::string_view text) {
    auto value = flow::parse_value(flow::Type::Date, text);
    if (!value) return std::nullopt;
    const auto* date = std::get_if<speech::Date>(&value.value());
    return date != nullptr ? std::optional{*date} : std::nullopt;
}

std::vector<cases::KnownCase> for_decision(const std::vector<KnownCase>& known) {
    std::vector<cases::KnownCase> result;
    result.reserve(known.size());
    for (const KnownCase& one : known) {
        const auto status = cases::parse_status(one.status);
        if (!status) continue;
        result.push_back({.id = one.id,
                          .reference = one.reference,
                          .status = *status,
                          .matter = {.customer = one.customer,
                                     .caller = one.caller,
                                     .kind = one.kind,
                                     .topic = one.topic},
                          .last_contact = one.last_contact});
    }
    return result;
}

}  // namespace

flow::CaseSummary Centre::Impl::summary_of(const Call& call, const KnownCase& known) const {
    return flow::CaseSummary{.id = known.id,
                             .reference = known.reference,
                             .kind = known.kind,
                             .topic = known.topic,
                             .status = known.status,
                             .subject = known.subject,
                             .opened = local_date(known.opened, call.line->company->zone),
                             .due = parse_date(known.due)};
}

flow::CaseReply Centre::Impl::open_case(Call& call, const flow::OpenCase& wanted, Turn turn) {
    const cases::Matter matter{.customer = call.customer,
                               .caller = call.caller,
                               .kind = wanted.kind,
                               .topic = wanted.topic};
    const auto known = for_decision(call.known_cases);
    const auto decision = cases::open_or_reuse(matter, known, turn.now.wall);
    if (const auto* reuse = std::get_if<cases::ReuseCase>(&decision)) {
        for (const KnownCase& one : call.known_cases) {
            if (one.id != reuse->id) continue;
            call.matter =
                CaseOfCall{.id = one.id, .reference = one.reference, .subject = one.subject};
            turn.out.events.push_back(fact("case_linked", call, turn)
                                          .with("reference", one.reference)
                                          .with("how", "open_matter"));
            note(call, "decision", "same matter: case " + one.reference + " is reused", turn.now);
            for (const flow::Datum& datum : wanted.fields) record_in_case(call, datum, turn);
            return {.status = flow::CaseReply::Status::Ok, .summary = summary_of(call, one)};
        }
    }
    auto reference = take_reference(*call.line->company, turn);
    if (!reference) {
        note(call, "decision", "no case number left: the case cannot be opened", turn.now);
        return {};
    }
    KnownCase opened{.id = CaseId::make(turn.now.wall, rng_),
                     .reference = std::move(*reference),
                     .kind = wanted.kind,
                     .topic = wanted.topic,
                     .status = std::string{cases::word(cases::Status::Open)},
                     .subject = wanted.subject,
                     .opened = turn.now.wall,
                     .last_contact = turn.now.wall,
                     .customer = call.customer,
                     .caller = call.caller,
                     .due = {}};
    call.matter =
        CaseOfCall{.id = opened.id, .reference = opened.reference, .subject = opened.subject};
    turn.out.events.push_back(fact("case_opened", call, turn)
                                  .with("reference", opened.reference)
                                  .with("kind", opened.kind)
                                  .with("topic", opened.topic)
                                  .with("subject", opened.subject)
                                  .with("opened_by", "flow"));
    note(call,
         "decision",
         fmt::format("case {} opened: {}", opened.reference, opened.kind),
         turn.now);
    for (const flow::Datum& datum : wanted.fields) record_in_case(call, datum, turn);
    auto summary = summary_of(call, opened);
    call.known_cases.push_back(std::move(opened));
    touch(call);
    return {.status = flow::CaseReply::Status::Ok, .summary = std::move(summary)};
}

void Centre::Impl::record_in_case(const Call& call, const flow::Datum& datum, Turn turn) {
    Event recorded = fact("case_datum_recorded", call, turn);
    recorded.with("name", datum.name).with("type", flow::to_text(datum.type));
    if (!datum.is_masked()) recorded.with("value", datum.shown());
    turn.out.events.push_back(recorded.with("given_by", flow::to_text(datum.given_by))
                                  .with("verified", datum.verified)
                                  .with("sensitivity", to_text(datum.sensitivity))
                                  .with_flag("sensitive", datum.is_masked()));
}

bool Centre::Impl::ensure_case(Call& call,
                               std::string_view kind,
                               std::string_view opened_by,
                               Turn turn) {
    if (call.matter) return false;
    auto reference = take_reference(*call.line->company, turn);
    // Only when the store has not answered for a thousand cases; the contact itself is kept.
    if (!reference) return false;
    call.matter = CaseOfCall{.id = CaseId::make(turn.now.wall, rng_),
                             .reference = std::move(*reference),
                             .subject = call.line->name};
    turn.out.events.push_back(fact("case_opened", call, turn)
                                  .with("reference", call.matter->reference)
                                  .with("kind", kind)
                                  .with("topic", "")
                                  .with("subject", call.matter->subject)
                                  .with("opened_by", opened_by));
    if (call.run) {
        // No author chose what goes in: what the caller gave so far, without personal data.
        for (const flow::Datum& datum : call.run->context().data()) {
            const bool is_callers = datum.given_by == flow::GivenBy::Caller;
            if (is_callers && !datum.is_sensitive()) record_in_case(call, datum, turn);
        }
    }
    touch(call);
    return true;
}

}  // namespace escucha::control
