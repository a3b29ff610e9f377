#include <boost/json/parse.hpp>

#include "api/detail/columns.h"
#include "api/detail/json.h"
#include "api/detail/records.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kContact =
    "SELECT t.id, t.channel, t.direction, COALESCE(l.name, t.dialled), t.caller, t.language,"
    " t.arrived_at_us, t.ended_at_us, t.outcome, t.ended_by, t.duration_ms,"
    " t.customer_id, c.name, f.id, f.reference, f.subject, t.agent_id, u.name,"
    " t.queue_id, q.name, t.queued_at_us, t.wait_ms, t.connected_at_us, t.talk_ms"
    " FROM contact t"
    " LEFT JOIN line l ON l.id = t.line_id"
    " LEFT JOIN customer c ON c.id = t.customer_id"
    " LEFT JOIN case_file f ON f.id = t.case_id"
    " LEFT JOIN agent a ON a.id = t.agent_id"
    " LEFT JOIN app_user u ON u.id = a.user_id"
    " LEFT JOIN queue q ON q.id = t.queue_id"
    " WHERE t.company_id = ? AND ";

json::value case_brief(const std::string& id, std::string reference, std::string subject) {
    if (id.empty()) return nullptr;
    return json::object{
        {"id", id}, {"reference", std::move(reference)}, {"subject", std::move(subject)}};
}

Attempt<json::object> encode_contact(const store::Row& row) {
    Columns columns{row};
    json::object contact;
    contact["id"] = columns.text();
    contact["channel"] = columns.text();
    contact["direction"] = columns.text();
    contact["line_name"] = columns.text();
    contact["caller"] = or_null(columns.text());
    contact["language"] = columns.text();
    contact["arrived_at"] = to_rfc3339(columns.next<WallTime>());
    const auto ended_at = columns.next<std::optional<WallTime>>();
    contact["ended_at"] = or_null(ended_at);
    contact["outcome"] = or_null(columns.text());
    contact["ended_by"] = or_null(columns.text());
    const auto duration_ms = columns.next<std::int64_t>();
    contact["duration_ms"] = ended_at ? json::value(duration_ms) : json::value(nullptr);
    const std::string customer = columns.text();
    contact["customer"] = named_or_null(customer, columns.text());
    const std::string matter = columns.text();
    std::string reference = columns.text();
    contact["case"] = case_brief(matter, std::move(reference), columns.text());
    const std::string agent = columns.text();
    contact["agent"] = named_or_null(agent, columns.text());
    const std::string queue = columns.text();
    contact["queue"] = named_or_null(queue, columns.text());
    const bool was_queued = columns.next<std::optional<WallTime>>().has_value();
    const auto wait_ms = columns.next<std::int64_t>();
    contact["wait_ms"] = was_queued ? json::value(wait_ms) : json::value(nullptr);
    const bool was_connected = columns.next<std::optional<WallTime>>().has_value();
    const auto talk_ms = columns.next<std::int64_t>();
    contact["talk_ms"] = was_connected ? json::value(talk_ms) : json::value(nullptr);
    ESC_TRY(columns.done());
    return contact;
}

}  // namespace

Attempt<json::array> contact_records(Call& call,
                                     const std::string& where,
                                     std::vector<store::Param> params,
                                     std::int64_t limit) {
    params.insert(params.begin(), call.company());
    params.emplace_back(limit);
    const std::string sql = std::string{kContact} + where + " ORDER BY t.id DESC LIMIT ?";
    ESC_TRY(const auto rows, call.db.query(sql, params));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto contact, encode_contact(row));
        items.push_back(std::move(contact));
    }
    return items;
}

namespace {

// Told by the carrier when the call came in, and nowhere but in that event.
Attempt<json::value> diversion_of(Call& call, ContactId id) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT data FROM event WHERE company_id = ? AND contact_id = ?"
                              " AND type = 'contact_arrived'",
                              {call.company(), id}));
    if (!row) return nullptr;
    Columns columns{*row};
    const json::value parsed = json::parse(columns.text());
    ESC_TRY(columns.done());
    const json::object& data = parsed.as_object();
    const auto* reason = data.if_contains("diversion_reason");
    if (reason == nullptr) return nullptr;
    const auto* from = data.if_contains("diverted_from");
    return json::object{{"from", from == nullptr ? json::value(nullptr) : *from},
                        {"reason", *reason},
                        {"count", data.at("diversions")}};
}

}  // namespace

Attempt<json::value> ended_contact(Call& call, ContactId id) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT t.line_id, COALESCE(l.name, t.dialled), t.caller, t.language,"
                              " t.arrived_at_us, t.state_since_us, t.customer_id, c.name,"
                              " f.id, f.reference, f.subject, t.queue_id, t.agent_id, t.reasks,"
                              " (SELECT MAX(r.id) FROM recording r WHERE r.contact_id = t.id)"
                              " FROM contact t LEFT JOIN line l ON l.id = t.line_id"
                              " LEFT JOIN customer c ON c.id = t.customer_id"
                              " LEFT JOIN case_file f ON f.id = t.case_id"
                              " WHERE t.company_id = ? AND t.id = ?",
                              {call.company(), id}));
    if (!row) return nullptr;
    Columns columns{*row};
    json::object contact{{"id", id.to_string()}};
    contact["line_id"] = columns.text();
    contact["line_name"] = columns.text();
    contact["caller"] = or_null(columns.text());
    contact["language"] = columns.text();
    contact["state"] = word(server::ContactState::Ended);
    contact["menu_node"] = nullptr;
    contact["arrived_at"] = to_rfc3339(columns.next<WallTime>());
    contact["since"] = to_rfc3339(columns.next<WallTime>());
    const std::string customer = columns.text();
    contact["customer"] = named_or_null(customer, columns.text());
    call.seen.add(contact.at("customer"));
    const std::string matter = columns.text();
    std::string reference = columns.text();
    contact["case"] = case_brief(matter, std::move(reference), columns.text());
    contact["queue_id"] = or_null(columns.text());
    contact["position"] = nullptr;
    contact["agent_id"] = or_null(columns.text());
    contact["outside"] = nullptr;
    contact["consultation"] = nullptr;
    contact["conference"] = json::array{};
    contact["supervised_by"] = json::array{};
    contact["secure_input"] = nullptr;
    contact["reasks"] = columns.next<std::int64_t>();
    contact["recording_id"] = or_null(columns.text());
    contact["is_recording_paused"] = false;
    ESC_TRY(columns.done());
    ESC_TRY(auto diversion, diversion_of(call, id));
    contact["diversion"] = std::move(diversion);
    ESC_TRY(auto context, context_of(call, id));
    contact["context"] = std::move(context);
    return contact;
}

// The last value of each datum, in the order they were first given.
Attempt<json::array> context_of(Call& call, ContactId id) {
    ESC_TRY(const auto events, store::read_contact_events(call.db, call.company(), id));
    json::array context;
    for (const store::StoredEvent& event : events) {
        if (event.type != "datum_given") continue;
        const json::object encoded = encode(event);
        const json::object& data = encoded.at("data").as_object();
        const auto text = [&data](const char* name) {
            const auto* value = data.if_contains(name);
            return value != nullptr && value->is_string() ? std::string{value->get_string()} : "";
        };
        json::object datum{{"name", text("name")},
                           // The journal has no value that is personal or more.
                           {"sensitivity", data.contains("value") ? "internal" : "personal"},
                           {"value", data.contains("value") ? text("value") : "•••"},
                           {"given_by", text("given_by")},
                           {"at", to_rfc3339(event.at)},
                           {"verified", text("verified")}};
        const auto same = std::ranges::find_if(context, [&](const json::value& known) {
            return known.at("name") == datum.at("name");
        });
        if (same != context.end()) {
            *same = std::move(datum);
        } else {
            context.push_back(std::move(datum));
        }
    }
    return context;
}

net::Response page(json::array items, std::int64_t limit, std::string_view key) {
    json::value next = nullptr;
    if (items.size() > static_cast<std::size_t>(limit)) {
        items.resize(static_cast<std::size_t>(limit));
        const json::value& last = items.back().as_object().at({key.data(), key.size()});
        next = last.is_string() ? last : json::value(std::to_string(last.as_int64()));
    }
    return json_response(
        json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

net::Response page_of_customers(Call& call, json::array items) {
    const auto shown = std::min(items.size(), static_cast<std::size_t>(call.limit()));
    for (std::size_t i = 0; i < shown; ++i) {
        const json::object& item = items[i].as_object();
        const auto* customer = item.if_contains("customer");
        call.seen.add(customer != nullptr ? *customer : items[i]);
    }
    return page(std::move(items), call.limit());
}

std::string like_text(std::string_view text) {
    std::string out = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '!') out.push_back('!');
        out.push_back(c);
    }
    return out + "%";
}

}  // namespace escucha::api
