#include <utility>

#include "base/overloaded.h"
#include "flow/detail/walk.h"

namespace escucha::flow {

namespace {

constexpr std::string_view kFailed = "look_up_failed";

std::string_view word_of(LookUpReply::Status status) {
    switch (status) {
        case LookUpReply::Status::Ok:
            return "ok";
        case LookUpReply::Status::Stale:
            return "stale";
        case LookUpReply::Status::NotFound:
            return "not_found";
        case LookUpReply::Status::Failed:
            return "failed";
        case LookUpReply::Status::Timeout:
            return "timeout";
    }
    return "failed";
}

/// The reply when it is of the kind the node asked for; else a failed one.
template <typename T>
T reply_as(const Reply& reply) {
    const auto* fitting = std::get_if<T>(&reply);
    return fitting == nullptr ? T{} : *fitting;
}

}  // namespace

void Run::Walk::answered(const Reply& reply, Now now, Effects& out) {
    // A kind of reply the node did not ask for counts as a failure: the default of every reply.
    std::visit(
        overloaded{
            [&](const LookUpNode& n) { looked_up(n, reply_as<LookUpReply>(reply), now, out); },
            [&](const IdentifyNode& n) { identified(n, reply_as<IdentifyReply>(reply), now, out); },
            [&](const OpenCaseNode& n) { case_opened(n, reply_as<CaseReply>(reply), now, out); },
            [&](const FindCaseNode& n) { case_found(n, reply_as<CaseReply>(reply), now, out); },
            [&](const HoursNode& n) { hours_known(n, reply_as<HoursReply>(reply), out); },
            [&](const VoicemailNode& n) {
                voicemail_taken(n, reply_as<VoicemailReply>(reply), out);
            },
            [&](const QueueNode& n) { queue_returned(n, reply_as<QueueReply>(reply), out); },
            [](const SayNode&) {},
            [](const MenuNode&) {},
            [](const CollectNode&) {},
            [](const BranchNode&) {},
            [](const TellStatusNode&) {},
            [](const SetNode&) {},
            [](const LanguageNode&) {},
            [](const EndNode&) {},
        },
        current().what);
}

void Run::Walk::unanswered(Now now, Effects& out) {
    if (std::holds_alternative<LookUpNode>(current().what)) {
        return answered(
            LookUpReply{
                .status = LookUpReply::Status::Timeout, .fields = {}, .source = {}, .as_of = {}},
            now,
            out);
    }
    // Any reply is a failure unless it says otherwise; the node's own kind is made from it.
    answered(LookUpReply{}, now, out);
}

void Run::Walk::looked_up(const LookUpNode& look, const LookUpReply& reply, Now now, Effects& out) {
    using Status = LookUpReply::Status;
    const auto asked = std::get<Waiting>(state).asked;
    auto status = reply.status;
    const bool is_old = look.max_age && reply.as_of && now.wall - *reply.as_of > *look.max_age;
    if (status == Status::Ok && is_old) status = Status::Stale;
    const bool has_values = status == Status::Ok || status == Status::Stale;
    if (has_values && !store_results(look, reply, now, out)) status = Status::Failed;
    journal(
        LookUpDone{.node = node,
                   .connector = look.connector,
                   .result = std::string{word_of(status)},
                   .took = std::chrono::duration_cast<std::chrono::milliseconds>(now.mono - asked)},
        out);
    switch (status) {
        case Status::Ok:
            progress_once("look_up:" + node);
            return advance(look.next, out);
        case Status::Stale:
            if (!look.stale.empty()) progress_once("look_up:" + node);
            return follow(look.stale.empty() ? look.failed : look.stale, kFailed, out);
        case Status::NotFound:
            return follow(look.not_found.empty() ? look.failed : look.not_found, kFailed, out);
        case Status::Failed:
        case Status::Timeout:
            return follow(look.failed, kFailed, out);
    }
}

/// All or nothing: an answer with one value of the wrong form is not to be trusted.
bool Run::Walk::store_results(const LookUpNode& look,
                              const LookUpReply& reply,
                              Now now,
                              Effects& out) {
    std::vector<Datum> data;
    for (const auto& [field, variable] : look.results) {
        for (const auto& [name, text] : reply.fields) {
            if (name != field) continue;
            const auto* declared = document->find_variable(variable);
            if (declared == nullptr) return false;
            auto value = parse_value(declared->type, text);
            if (!value) return false;
            auto datum = make_datum(variable, std::move(value).value(), GivenBy::System, now);
            datum.source = reply.source.substr(0, kMaxValueBytes);
            datum.as_of = reply.as_of;
            data.push_back(std::move(datum));
        }
    }
    // What this answer leaves out must not be spoken from an earlier one.
    for (const auto& result : look.results) context.forget(result.second);
    for (auto& datum : data) {
        const auto laps = visits;
        give(std::move(datum), out);
        visits = laps;  // Hearing the same answer again is no progress; `done` decides.
    }
    return true;
}

void Run::Walk::identified(const IdentifyNode& identify,
                           const IdentifyReply& reply,
                           Now now,
                           Effects& out) {
    const bool is_by_document = is_asking_document;
    if (is_by_document) is_document_tried = true;
    if (reply.status == IdentifyReply::Status::Found) {
        const std::string how = is_by_document ? "document" : "number";
        customer = reply.customer;
        const auto by = is_by_document ? GivenBy::System : GivenBy::Number;
        for (const auto& [name, text] :
             {std::pair{"caller.name", &reply.name}, std::pair{"caller.group", &reply.group}}) {
            if (text->empty()) continue;
            auto datum = make_datum(name, text->substr(0, kMaxValueBytes), by, now);
            datum.verified = how;
            give(std::move(datum), out);
        }
        if (is_by_document) {
            if (const auto* known = context.find(identify.document->variable)) {
                auto verified = *known;
                verified.verified = how;
                give(std::move(verified), out);
            }
        }
        if (reply.language && !done.contains(std::string{kLanguageDone})) {
            switch_language(*reply.language, out);
        }
        if (reply.open_case && !is_case_chosen) case_now = reply.open_case;
        journal(CallerIdentified{.customer = reply.customer,
                                 .name = reply.name,
                                 .how = how,
                                 .verified = is_by_document},
                out);
        return advance(identify.found, out);
    }
    if (!identify.document) {
        const bool is_fault = reply.status == IdentifyReply::Status::Failed;
        if (is_fault) return follow(identify.failed, kFailed, out);
        return advance(identify.not_found, out);
    }
    if (!is_by_document) {
        if (const auto* known = context.find(identify.document->variable)) {
            return ask_document(to_text(known->value), now, out);
        }
        return ask_keys(Purpose::Entry, identify.document->entry.prompt, now, out);
    }
    if (reply.status == IdentifyReply::Status::Failed) {
        return follow(identify.failed, kFailed, out);
    }
    if (attempt < identify.document->entry.attempts.retries) {
        return try_again(Miss::NoMatch, now, out);
    }
    advance(identify.not_found, out);
}

void Run::Walk::case_opened(const OpenCaseNode& open,
                            const CaseReply& reply,
                            Now now,
                            Effects& out) {
    if (reply.status != CaseReply::Status::Ok) return follow(open.failed, kFailed, out);
    case_now = reply.summary;
    is_case_chosen = true;
    opened.insert_or_assign(node, reply.summary);
    reference_times = 0;
    hangup_case.clear();
    journal(
        CaseChosen{
            .case_id = reply.summary.id, .reference = reply.summary.reference, .how = "opened"},
        out);
    progress_once("case:" + node);
    speak_reference(now, out);
}

void Run::Walk::case_found(const FindCaseNode& find,
                           const CaseReply& reply,
                           Now now,
                           Effects& out) {
    switch (reply.status) {
        case CaseReply::Status::Ok:
            case_now = reply.summary;
            is_case_chosen = true;
            hangup_case.clear();
            journal(CaseChosen{.case_id = reply.summary.id,
                               .reference = reply.summary.reference,
                               .how = "reference"},
                    out);
            progress_once("case:" + reply.summary.reference);
            return advance(find.found, out);
        case CaseReply::Status::Mistyped:
            return try_again(Miss::NoMatch, now, out);
        case CaseReply::Status::NotFound:
            return follow(find.not_found, kFailed, out);
        case CaseReply::Status::Failed:
            return follow(find.failed, kFailed, out);
    }
}

void Run::Walk::hours_known(const HoursNode& hours, const HoursReply& reply, Effects& out) {
    next_open_date = reply.next_date;
    next_open_time = reply.next_time;
    switch (reply.status) {
        case HoursReply::Status::Open:
            return advance(hours.open, out);
        case HoursReply::Status::Closed:
            return advance(hours.closed, out);
        case HoursReply::Status::Failed:
            return follow(hours.failed, kFailed, out);
    }
}

void Run::Walk::voicemail_taken(const VoicemailNode& voicemail,
                                const VoicemailReply& reply,
                                Effects& out) {
    switch (reply.status) {
        case VoicemailReply::Status::Recorded:
            is_voicemail_left = true;
            progress_once("voicemail:" + node);
            return advance(voicemail.next, out);
        case VoicemailReply::Status::Empty:
            return follow(voicemail.empty, "no_input", out);
        case VoicemailReply::Status::Failed:
            return follow(voicemail.failed, kFailed, out);
    }
}

void Run::Walk::queue_returned(const QueueNode& queue, const QueueReply& reply, Effects& out) {
    switch (reply.status) {
        case QueueReply::Status::Closed:
            return follow(queue.closed, kFailed, out);
        case QueueReply::Status::Full:
            return follow(queue.full, kFailed, out);
        case QueueReply::Status::NoAgents:
            return follow(queue.no_agents, kFailed, out);
        case QueueReply::Status::Returned:
            return follow(queue.failed, kFailed, out);
    }
}

}  // namespace escucha::flow
