#include "api/detail/audit_trail.h"

#include <mutex>

#include <boost/json/serialize.hpp>

#include "api/detail/contract.h"
#include "api/detail/read_guard.h"
#include "base/log.h"

namespace escucha::api {

namespace json = boost::json;
namespace outcome = BOOST_OUTCOME_V2_NAMESPACE;

namespace {

/// The beginning of the session's id, as the lists of sessions have it.
constexpr std::size_t kSessionName = 16;

Problem not_entered(const Error& error) {
    log::error("audit_not_written", {{"why", error.message()}});
    return not_audited();
}

/// Leaves when the entry is on disk.
class Entering final : public net::Departure {
public:
    void when_settled(std::function<void(Verdict)> settled) override {
        const std::scoped_lock lock{mutex_};
        if (verdict_) return settled(*verdict_);
        settled_ = std::move(settled);
    }
    void settle(const Result<void>& written) {
        if (!written) log::error("audit_not_written", {{"why", written.error().message()}});
        const std::scoped_lock lock{mutex_};
        verdict_ = written ? Verdict::Leave : Verdict::Withhold;
        if (settled_) settled_(*verdict_);
        settled_ = nullptr;
    }

private:
    std::mutex mutex_;  ///< Of what follows.
    std::optional<Verdict> verdict_;
    std::function<void(Verdict)> settled_;
};

/// The names of the template's {names}, in order.
std::vector<std::string_view> names_in(std::string_view path) {
    std::vector<std::string_view> names;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at)) {
        const std::size_t end = path.find('}', at);
        names.push_back(path.substr(at + 1, end - at - 1));
        at = end;
    }
    return names;
}

std::string object_of(const Call& call) {
    if (!call.seen.made.empty()) return call.seen.made;
    std::string id;
    for (const std::string& part : call.path) id += (id.empty() ? "" : "/") + part;
    return id;
}

}  // namespace

Problem not_audited() {
    return {
        Code::Unavailable,
        {"Lo que se consulta o cambia debe quedar anotado en la auditoría, y ahora no se puede"
         " anotar. Inténtelo de nuevo.",
         "What is read or changed must be entered in the audit log, and that cannot be done right"
         " now. Try again."}};
}

AuditTrail::AuditTrail(Auditor& auditor,
                       Call& call,
                       const Route& route,
                       Access::Kind access,
                       const json::object& operation)
    : auditor_{auditor},
      call_{call},
      route_{route},
      access_{access},
      action_{operation.at("operationId").as_string()},
      kind_{Contract::audit_kind(operation)},
      kept_of_body_{operation.if_contains("x-audit-body")} {}

Attempt<void> AuditTrail::refuse() {
    ESC_TRY(find_named());
    return enter(audit::Outcome::Refused, status_of(Code::Forbidden));
}

Attempt<void> AuditTrail::begin() {
    if (kind_.empty()) return outcome::success();
    ESC_TRY(find_named());
    if (!is_change()) return outcome::success();
    begun_with_ = call_.seen.customers.size();
    if (const auto read = kind_of_read(action_, kind_); read && begun_with_ > 0) {
        ESC_TRY(const bool is_withheld, call_.services.reads.would_withhold(call_, *read));
        if (is_withheld) return withhold();
    }
    return enter(audit::Outcome::Allowed, 0);
}

Attempt<void> AuditTrail::end(Answer& answer) {
    const unsigned status = answer ? answer.value().status : status_of(answer.error().code);
    const bool is_refused = status == 403 || (status == 404 && !kind_.empty());
    if (is_refused && access_ != Access::Kind::Public) {
        return enter(audit::Outcome::Refused, status);
    }
    // Any other failure shows nothing of anybody.
    if (kind_.empty() || status >= 400) return outcome::success();
    if (const auto read = kind_of_read(action_, kind_); read && !call_.seen.customers.empty()) {
        ESC_TRY(auto judged, call_.services.reads.judge(call_, *read));
        // What was changed was let through before it was.
        if (judged.is_withheld && !is_change()) return withhold();
        judged_ = std::move(judged.details);
    }
    const bool tells_more = call_.seen.customers.size() > begun_with_ || !call_.seen.made.empty();
    if (is_change() && !tells_more) return outcome::success();
    return enter_shown(answer.value());
}

Attempt<void> AuditTrail::withhold() {
    // Nobody's data was shown: whom it would have been is not among "who has seen me".
    call_.seen.customers.clear();
    ESC_TRY(enter(audit::Outcome::Refused, status_of(Code::ReadsBlocked)));
    return Problem{Code::ReadsBlocked};
}

/// The customers and the contact that the request is about by its own words.
Attempt<void> AuditTrail::find_named() {
    const auto names = names_in(route_.path);
    for (std::size_t i = 0; i < names.size() && i < call_.path.size(); ++i) {
        ESC_TRY(find_named(names[i], call_.path[i]));
    }
    for (const char* name : {"customer_id", "case_id", "contact_id"}) {
        if (const auto id = call_.query_text(name)) {
            ESC_TRY(find_named(name, *id));
        }
        if (const auto id = call_.text(name); !id.empty()) {
            ESC_TRY(find_named(name, id));
        }
    }
    return outcome::success();
}

// What is not the company's is nobody known here; the entry has the id that was asked for.
Attempt<void> AuditTrail::find_named(std::string_view name, std::string_view id) {
    const char* sql =
        name == "customer_id"  ? "SELECT id FROM customer WHERE company_id = ? AND id = ?"
        : name == "case_id"    ? "SELECT customer_id FROM case_file WHERE company_id = ? AND id = ?"
        : name == "contact_id" ? "SELECT customer_id FROM contact WHERE company_id = ? AND id = ?"
                               : nullptr;
    // As the handlers read it, who take capital letters too.
    const auto known = Uuid::parse(id);
    if (sql == nullptr || !known) return outcome::success();
    ESC_TRY(const auto row, call_.db.query_one(sql, {call_.company(), known->to_string()}));
    if (!row) return outcome::success();
    if (name == "contact_id") call_.seen.contact = ContactId{*known};
    ESC_TRY(const auto customer, row->get<std::optional<CustomerId>>(0));
    if (customer) call_.seen.add(*customer);
    return outcome::success();
}

audit::Entry AuditTrail::entry(audit::Outcome decided, unsigned status) const {
    audit::Entry entry;
    entry.company = call_.company();
    entry.at = call_.now;
    if (call_.who.key) {
        entry.who = {audit::ActorKind::ApiKey, call_.who.key->to_string()};
    } else if (call_.who.user.is_nil()) {
        entry.who = {audit::ActorKind::Operator, {}};
    } else {
        entry.who = {audit::ActorKind::User, call_.who.user.to_string()};
        entry.session = identity::session_id(call_.session_token).substr(0, kSessionName);
    }
    entry.action = action_;
    entry.outcome = decided;
    entry.object_kind = kind_;
    entry.object_id = object_of(call_);
    entry.customers = call_.seen.customers;
    entry.contact = call_.seen.contact;
    entry.reason = net::percent_decode(call_.request.header("escucha-reason")).value_or("");
    json::object details = call_.seen.changed;
    if (kept_of_body_ != nullptr) {
        for (const json::value& name : kept_of_body_->as_array()) {
            const auto* told = call_.body.if_contains(name.as_string());
            if (told == nullptr) continue;
            if (name == "reason") {
                entry.reason = call_.text("reason");
            } else {
                details[name.as_string()] = *told;
            }
        }
    }
    details["from"] = call_.request.peer;
    if (status != 0) details["status"] = status;
    for (const auto& each : judged_) details[each.key()] = each.value();
    entry.details = json::serialize(details);
    return entry;
}

Attempt<void> AuditTrail::enter(audit::Outcome decided, unsigned status) {
    const auto written = auditor_.log.append_and_wait(entry(decided, status), kCommitDeadline);
    if (!written) return not_entered(written.error());
    return outcome::success();
}

// A part is remembered only once the entry is on disk: none is shown on the strength of one that
// failed.
Attempt<void> AuditTrail::enter_shown(net::Response& response) {
    std::string part;
    if (response.status == 206) {
        const std::string who = call_.who.key ? call_.who.key->to_string() : call_.session_token;
        part = who + ' ' + std::string{action_} + ' ' + object_of(call_);
        if (auditor_.heard->knows(part, call_.now)) return outcome::success();
    }
    const auto entering = std::make_shared<Entering>();
    const auto queued = auditor_.log.append(
        entry(audit::Outcome::Allowed, response.status),
        [entering, heard = auditor_.heard, part, now = call_.now](const Result<void>& written) {
            if (written && !part.empty()) heard->is_new(part, now);
            entering->settle(written);
        });
    if (!queued) return not_entered(queued.error());
    response.departure = entering;
    return outcome::success();
}

}  // namespace escucha::api
