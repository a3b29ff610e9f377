// Planted customers. What makes one is in a table of its own; its row, numbers and events are those
// of any customer, and nothing of this file is told to who may not plant.

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/read_guard.h"
#include "base/phone_number.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

using CanaryId = Id<struct CanaryTag>;

constexpr std::int64_t kMostCanaries = 500;

Event point(const Call& call, CustomerId customer, const char* kind, const std::string& value) {
    Event added = fact(call, "contact_point_added");
    added.agent.reset();
    added.customer = customer;
    added.with("point", call.services.ids.make<Id<struct ContactPointTag>>(call.now).to_string())
        .with("kind", kind)
        .with("value", value)
        .with("label", "")
        .with("evidence", "declared");
    return added;
}

Attempt<std::string> monitored_number(Call& call) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT calling_code FROM company WHERE id = ?", {call.company()}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto calling_code, row->get<std::string>(0));
    const auto number = PhoneNumber::parse(call.text("number"), calling_code);
    if (!number) {
        return Problem::field(
            "/number",
            {"Este número de teléfono no es válido.", "This phone number is not valid."});
    }
    // A real customer's number would raise an alarm with each of his calls.
    ESC_TRY(const auto taken,
            call.db.query_one("SELECT id FROM contact_point WHERE company_id = ?"
                              " AND kind = 'number' AND value = ? LIMIT 1",
                              {call.company(), number->e164()}));
    if (taken) {
        return Problem::field("/number",
                              {"Ese número ya es de un cliente: use uno que solo tenga el señuelo.",
                               "That number is a customer's: use one that only the canary has."});
    }
    return number->e164();
}

/// Enough to tell a slip; who answers for the box knows the rest.
bool is_address(std::string_view email) {
    const std::size_t at = email.find('@');
    return at != 0 && at != std::string_view::npos && at + 1 < email.size() &&
           email.find(' ') == std::string_view::npos &&
           email.find('@', at + 1) == std::string_view::npos;
}

}  // namespace

Answer list_canaries(Call& call) {
    ESC_TRY(
        const auto rows,
        call.db.query("SELECT y.id, y.customer_id, COALESCE(c.name, ''), y.number, y.email,"
                      " y.planted_at_us, COALESCE(u.name, ''), (SELECT COUNT(*) FROM alert a"
                      " WHERE a.company_id = y.company_id AND a.customers = y.customer_id"
                      " AND a.signal = 'canary_contacted'), COALESCE(l.name, '')"
                      " FROM canary y LEFT JOIN customer c ON c.id = y.customer_id"
                      " LEFT JOIN app_user u ON u.id = y.planted_by"
                      " LEFT JOIN line l ON l.company_id = y.company_id AND l.dialled = y.number"
                      " WHERE y.company_id = ? ORDER BY y.id LIMIT ?",
                      {call.company(), kMostCanaries}));
    json::array items;
    for (const store::Row& row : rows) {
        Columns columns{row};
        json::object canary{{"id", columns.text()}};
        const std::string customer = columns.text();
        canary["customer"] = named_or_null(customer, columns.text());
        canary["number"] = columns.text();
        canary["email"] = or_null(columns.text());
        canary["planted_at"] = to_rfc3339(columns.next<WallTime>());
        canary["planted_by"] = or_null(columns.text());
        canary["contacts"] = columns.next<std::int64_t>();
        canary["line"] = or_null(columns.text());
        ESC_TRY(columns.done());
        items.push_back(std::move(canary));
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer plant_canary(Call& call) {
    ESC_TRY(const auto number, monitored_number(call));
    if (!call.text("email").empty() && !is_address(call.text("email"))) {
        return Problem::field(
            "/email",
            {"Esta dirección de correo no es válida.", "This e-mail address is not valid."});
    }
    ESC_TRY(
        const auto counted,
        call.db.query_one("SELECT COUNT(*) FROM canary WHERE company_id = ?", {call.company()}));
    ESC_TRY(const auto count, counted->get<std::int64_t>(0));
    if (count >= kMostCanaries) return Problem{Code::TooLarge};
    // The events of any customer who is written down; its id is nowhere in the audit log.
    Event created = fact(call, "customer_created");
    created.agent.reset();
    const auto customer = call.services.ids.make<CustomerId>(call.now);
    created.customer = customer;
    created.with("name", call.text("name"));
    for (const auto& [field, column] : {std::pair{"document", "document_id"},
                                        std::pair{"address", "address"},
                                        std::pair{"language", "language"},
                                        std::pair{"born_on", "born_on"}}) {
        if (!call.text(field).empty()) created.with(column, call.text(field));
    }
    Event planted = fact(call, "canary_planted");
    planted.agent.reset();
    const auto id = call.services.ids.make<CanaryId>(call.now);
    // Not the event's own customer: whoever reads that one's history must not meet it.
    planted.with("canary", id.to_string())
        .with("planted", customer.to_string())
        .with("number", number)
        .with("email", call.text("email"))
        .with("user", call.who.user.is_nil() ? std::string{} : call.who.user.to_string());
    std::vector<Event> events{std::move(created), point(call, customer, "number", number)};
    if (!call.text("email").empty()) {
        events.push_back(point(call, customer, "email", call.text("email")));
    }
    events.push_back(std::move(planted));
    ESC_TRY(commit(call, std::move(events)));
    ESC_TRY(call.services.reads.plant(call));
    return json_response(
        json::object{{"id", id.to_string()}, {"customer_id", customer.to_string()}}, 201);
}

Answer remove_canary(Call& call) {
    ESC_TRY(const auto id, call.id<CanaryTag>(0));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT id FROM canary WHERE company_id = ? AND id = ?",
                              {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    Event removed = fact(call, "canary_removed");
    removed.agent.reset();
    removed.with("canary", id.to_string())
        .with("user", call.who.user.is_nil() ? std::string{} : call.who.user.to_string());
    ESC_TRY(commit(call, {std::move(removed)}));
    ESC_TRY(call.services.reads.plant(call));
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
