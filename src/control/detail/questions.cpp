// What the flow asks, and what is answered from here or from the store.

#include <fmt/format.h>

#include "base/overloaded.h"
#include "control/detail/impl.h"

namespace escucha::control {

namespace {

flow::LookUpReply::Status status_of(ConnectorAnswer::Status status) {
    switch (status) {
        case ConnectorAnswer::Status::Ok:
            return flow::LookUpReply::Status::Ok;
        case ConnectorAnswer::Status::Stale:
            return flow::LookUpReply::Status::Stale;
        case ConnectorAnswer::Status::NotFound:
            return flow::LookUpReply::Status::NotFound;
        case ConnectorAnswer::Status::Failed:
            return flow::LookUpReply::Status::Failed;
        case ConnectorAnswer::Status::Timeout:
            return flow::LookUpReply::Status::Timeout;
    }
    return flow::LookUpReply::Status::Failed;
}

flow::LookUpReply look_up_reply(const ConnectorAnswer& answer) {
    flow::LookUpReply reply{.status = status_of(answer.status),
                            .fields = {},
                            .source = answer.source,
                            .as_of = answer.as_of};
    for (const auto& [name, text] : answer.fields) {
        reply.fields.push_back({.name = name, .text = text});
    }
    return reply;
}

}  // namespace

void Centre::Impl::ask(Call& call, const flow::Ask& wanted, Turn turn) {
    const flow::AskId id = wanted.id;
    std::visit(
        overloaded{
            [&](const flow::LookUp& look_up) { ask_connector(call, id, look_up, turn); },
            [&](const flow::IdentifyByNumber&) {
                if (!call.caller_facts) {
                    call.awaited_number = id;
                } else {
                    answer_identify(call, id, *call.caller_facts, turn);
                }
            },
            [&](const flow::IdentifyByDocument& document) {
                ask_store(
                    call, FindByDocument{.digits = document.digits}, IdentifyPurpose{id}, turn);
            },
            [&](const flow::OpenCase& open) {
                const auto opened = open_case(call, open, turn);
                if (open.reason == flow::OpenCase::Reason::Reached) reply(call, id, opened, turn);
            },
            [&](const flow::FindCase& find_case) {
                const auto reference = cases::parse_reference(find_case.reference);
                if (!reference) {
                    reply(
                        call,
                        id,
                        flow::CaseReply{.status = flow::CaseReply::Status::Mistyped, .summary = {}},
                        turn);
                    return;
                }
                ask_store(
                    call, FindCase{.reference = reference.value()}, FindCasePurpose{id}, turn);
            },
            [&](const flow::CheckHours& hours) { answer_hours(call, id, hours.calendar, turn); },
            [&](const flow::TakeVoicemail& voicemail) {
                call.voicemail = Voicemail{.ask = id, .wanted = voicemail, .beep = std::nullopt};
                stop_playing(call, turn);
                call.playing = Playing{.id = media::PlayId{++call.plays}, .is_prepared = true};
                call.voicemail->beep = call.playing->id;
                turn.act(media::Play{.endpoint = call.caller_leg.endpoint,
                                     .play = call.playing->id,
                                     .prompts = {kBeep},
                                     .repeat = media::Repeat::Once,
                                     .stop_on_digit = false});
            }},
        wanted.what);
}

void Centre::Impl::ask_connector(Call& call,
                                 flow::AskId id,
                                 const flow::LookUp& look_up,
                                 Turn turn) {
    if (const auto why = refusal(look_up.connector, turn.now.mono); !why.empty()) {
        ++counters_.connector_refusals;
        note(call,
             "decision",
             fmt::format("connector {} is not asked: {}", look_up.connector, why),
             turn.now);
        return reply(call, id, flow::LookUpReply{}, turn);
    }
    ask_store(call,
              AskConnector{.connector = look_up.connector,
                           .operation = look_up.operation,
                           .params = look_up.params,
                           .customer = call.customer,
                           .deadline = look_up.deadline},
              LookUpPurpose{.ask = id, .connector = look_up.connector},
              turn);
}

std::string_view Centre::Impl::refusal(const std::string& connector, Instant now) {
    if (!circuits_.contains(connector) && circuits_.size() >= kMostConnectors) {
        return "flows name too many connectors";
    }
    switch (circuits_[connector].ask(now)) {
        case Circuit::Verdict::Ask:
            return {};
        case Circuit::Verdict::Resting:
            return "it failed too often in a row and rests";
        case Circuit::Verdict::Busy:
            return "too many questions to it are under way";
    }
    return {};
}

// Counted whether or not the caller is still there: it is the connector's health, not the call's.
void Centre::Impl::settle(const std::string& connector, const Answer& answer, Instant now) {
    const auto* answered = std::get_if<ConnectorAnswer>(&answer);
    const bool failed = answered == nullptr || answered->status == ConnectorAnswer::Status::Timeout;
    if (failed) ++counters_.connector_failures;
    const auto outcome = failed ? Circuit::Outcome::Failed : Circuit::Outcome::Answered;
    if (circuits_[connector].settle(outcome, now) == Circuit::Change::Opened) {
        ++counters_.connector_rests;
    }
}

void Centre::Impl::ask_store(Call& call,
                             Question question,
                             decltype(AwaitedAnswer::purpose) why,
                             Turn turn) {
    const Ticket ticket{++tickets_};
    awaited_.emplace(ticket, AwaitedAnswer{.contact = call.id, .purpose = std::move(why)});
    turn.out.actions.emplace_back(
        AskStore{.ticket = ticket, .company = call.company(), .question = std::move(question)});
}

void Centre::Impl::handle_answer(Ticket ticket, const Answer& answer, Turn turn) {
    const auto found = awaited_.find(ticket);
    if (found == awaited_.end()) return;
    const AwaitedAnswer awaited = std::move(found->second);
    awaited_.erase(found);
    if (const auto* look_up = std::get_if<LookUpPurpose>(&awaited.purpose)) {
        settle(look_up->connector, answer, turn.now.mono);
    }
    if (const auto* secure = std::get_if<SecureInputPurpose>(&awaited.purpose)) {
        settle(secure->connector, answer, turn.now.mono);
    }
    Call* call = find(awaited.contact);
    if (call == nullptr) return;
    const auto* facts = std::get_if<CallerFacts>(&answer);
    std::visit(
        overloaded{[&](const PrefetchPurpose&) {
                       call->caller_facts = facts != nullptr ? *facts : CallerFacts{};
                       call->known_cases = call->caller_facts->open_cases;
                       if (!call->awaited_number) return;
                       const flow::AskId ask = *call->awaited_number;
                       call->awaited_number.reset();
                       if (facts == nullptr) {
                           reply(*call, ask, flow::IdentifyReply{}, turn);
                       } else {
                           answer_identify(*call, ask, *facts, turn);
                       }
                   },
                   [&](const IdentifyPurpose& purpose) {
                       if (facts == nullptr) {
                           reply(*call, purpose.ask, flow::IdentifyReply{}, turn);
                       } else {
                           answer_identify(*call, purpose.ask, *facts, turn);
                       }
                   },
                   [&](const FindCasePurpose& purpose) {
                       flow::CaseReply result;
                       if (const auto* found_case = std::get_if<CaseFound>(&answer)) {
                           result.status = flow::CaseReply::Status::NotFound;
                           if (found_case->found) {
                               result.status = flow::CaseReply::Status::Ok;
                               result.summary = summary_of(*call, *found_case->found);
                               call->known_cases.push_back(*found_case->found);
                           }
                       }
                       reply(*call, purpose.ask, std::move(result), turn);
                   },
                   [&](const LookUpPurpose& purpose) {
                       const auto* connector = std::get_if<ConnectorAnswer>(&answer);
                       reply(*call,
                             purpose.ask,
                             connector != nullptr ? look_up_reply(*connector) : flow::LookUpReply{},
                             turn);
                   },
                   [&](const SecureInputPurpose& purpose) {
                       secure_input_answered(*call, purpose.serial, answer, turn);
                   }},
        awaited.purpose);
    if (!call->is_over) touch(*call);
}

void Centre::Impl::answer_identify(Call& call,
                                   flow::AskId ask,
                                   const CallerFacts& facts,
                                   Turn turn) {
    using Status = flow::IdentifyReply::Status;
    flow::IdentifyReply identified{.status = Status::NotFound,
                                   .customer = {},
                                   .name = {},
                                   .group = {},
                                   .open_case = std::nullopt};
    if (facts.customers.size() > 1) {
        identified.status = Status::Ambiguous;
    } else if (facts.customers.size() == 1) {
        const KnownCustomer& customer = facts.customers.front();
        identified.status = Status::Found;
        identified.customer = customer.id;
        identified.name = customer.name;
        identified.group = customer.label;
        identified.language = speech::parse_language(customer.language);
        call.known_cases = facts.open_cases;
        for (const KnownCase& known : facts.open_cases) {
            if (known.customer != customer.id) continue;
            identified.open_case = summary_of(call, known);
            break;
        }
    }
    reply(call, ask, std::move(identified), turn);
}

void Centre::Impl::answer_hours(Call& call, flow::AskId ask, const std::string& name, Turn turn) {
    const Company& company = *call.line->company;
    flow::HoursReply hours;
    const auto found = company.calendars.find(name);
    if (found != company.calendars.end()) {
        const calendar::OpeningHours& calendar = *found->second;
        const bool is_open = calendar.is_open(turn.now.wall);
        hours.status = is_open ? flow::HoursReply::Status::Open : flow::HoursReply::Status::Closed;
        if (const auto next = is_open ? std::nullopt : calendar.next_opening(turn.now.wall)) {
            const auto local = calendar.zone().to_local(*next);
            hours.next_date = speech::make_date(int{local.date.year()},
                                                static_cast<int>(unsigned{local.date.month()}),
                                                static_cast<int>(unsigned{local.date.day()}));
            hours.next_time = speech::TimeOfDay{.hour = static_cast<int>(local.hour),
                                                .minute = static_cast<int>(local.minute)};
        }
    }
    reply(call, ask, hours, turn);
}

}  // namespace escucha::control
