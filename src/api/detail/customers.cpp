#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "base/phone_number.h"
#include "privacy/mask.h"
#include "store/value.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kCustomer =
    "SELECT c.id, c.name, c.document_id, c.address, c.language, c.born_on, c.notes, c.version"
    " FROM customer c WHERE c.company_id = ? AND ";

Attempt<json::array> numbers_of(Call& call, const std::string& customer) {
    ESC_TRY(
        const auto rows,
        call.db.query("SELECT value, label FROM contact_point WHERE company_id = ?"
                      " AND customer_id = ? AND kind = 'number' ORDER BY added_at_us, id LIMIT 50",
                      {call.company(), customer}));
    json::array numbers;
    for (const store::Row& row : rows) {
        Columns columns{row};
        json::object number{{"number", columns.text()}};
        number["label"] = columns.text();
        ESC_TRY(columns.done());
        numbers.push_back(std::move(number));
    }
    return numbers;
}

Attempt<json::object> encode_customer(Call& call, const store::Row& row) {
    Columns columns{row};
    json::object customer;
    const std::string id = columns.text();
    customer["id"] = id;
    customer["name"] = columns.text();
    for (const char* name : {"document", "address", "language", "born_on", "notes"}) {
        customer[name] = or_null(columns.text());
    }
    customer["version"] = std::to_string(columns.next<std::int64_t>());
    ESC_TRY(columns.done());
    ESC_TRY(auto numbers, numbers_of(call, id));
    customer["numbers"] = std::move(numbers);
    return customer;
}

Answer customer_answer(Call& call, CustomerId id, unsigned status) {
    ESC_TRY(auto customer, customer_record(call, id));
    const std::string version{customer.at("version").as_string()};
    auto response = json_response(customer, status);
    response.with("ETag", '"' + version + '"');
    return response;
}

/// The number of the body as a contact point; none when the body has none.
Attempt<std::optional<Event>> number_event(Call& call, CustomerId customer) {
    if (!call.has("number")) return std::optional<Event>{};
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
    Event added = fact(call, "contact_point_added");
    added.customer = customer;
    added.with("point", call.services.ids.make<Id<struct ContactPointTag>>(call.now).to_string())
        .with("kind", "number")
        .with("value", number->e164())
        .with("label", "")
        .with("evidence", "declared");
    return std::optional{std::move(added)};
}

void add_fields(const Call& call, Event& event) {
    constexpr std::array<std::pair<const char*, const char*>, 5> kFields{{
        {"name", "name"},
        {"document", "document_id"},
        {"address", "address"},
        {"language", "language"},
        {"notes", "notes"},
    }};
    for (const auto& [field, column] : kFields) {
        if (call.has(field)) event.with(column, call.text(field));
    }
}

/// Somebody saves back what was shown masked: the value would be lost.
Attempt<void> refuse_masks(const Call& call) {
    for (const auto& [name, value] : call.body) {
        const std::string field{name};
        if (!privacy::looks_masked(call.text(field))) continue;
        return Problem::field("/" + field,
                              {"Este dato está oculto para usted: escríbalo entero o no lo cambie.",
                               "This field is hidden from you: write all of it, or leave it."});
    }
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Answer save(Call& call, Event event, unsigned status) {
    const CustomerId id = *event.customer;
    ESC_TRY(refuse_masks(call));
    add_fields(call, event);
    ESC_TRY(auto number, number_event(call, id));
    std::vector<Event> events;
    if (!event.data.empty()) events.push_back(std::move(event));
    if (number) events.push_back(std::move(*number));
    ESC_TRY(commit(call, std::move(events)));
    return customer_answer(call, id, status);
}

}  // namespace

Attempt<json::object> customer_record(Call& call, CustomerId id) {
    ESC_TRY(const auto row,
            call.db.query_one(std::string{kCustomer} + "c.id = ?", {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    call.seen.add(id);
    return encode_customer(call, *row);
}

Answer search_customers(Call& call) {
    std::string where = "TRUE";
    std::vector<store::Param> params{call.company()};
    if (const auto cursor = call.query_text("cursor")) {
        where +=
            " AND (c.search_key, c.id) > (SELECT x.search_key, x.id FROM customer x"
            " WHERE x.company_id = ? AND x.id = ?)";
        params.emplace_back(call.company());
        params.emplace_back(*cursor);
    }
    if (const auto text = call.query_text("text")) {
        std::string digits;
        for (const char c : *text) {
            if (c >= '0' && c <= '9') digits.push_back(c);
        }
        // Fewer digits would match nearly everybody.
        constexpr std::size_t kLeastDigits = 4;
        where += " AND (c.search_key LIKE ? ESCAPE '!'";
        params.emplace_back(like_text(store::search_key(*text)));
        if (digits.size() >= kLeastDigits) {
            where +=
                " OR c.id IN (SELECT p.customer_id FROM contact_point p"
                " WHERE p.company_id = ? AND p.kind = 'number' AND p.value LIKE ? ESCAPE '!')";
            params.emplace_back(call.company());
            params.emplace_back(like_text(digits));
        }
        where += ")";
    }
    params.emplace_back(call.limit() + 1);
    ESC_TRY(const auto rows,
            call.db.query(std::string{kCustomer} + where + " ORDER BY c.search_key, c.id LIMIT ?",
                          params));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto customer, encode_customer(call, row));
        items.push_back(std::move(customer));
    }
    return page_of_customers(call, std::move(items));
}

Answer get_customer(Call& call) {
    ESC_TRY(const auto id, call.id<CustomerTag>(0));
    return customer_answer(call, id, 200);
}

Answer create_customer(Call& call) {
    Event created = fact(call, "customer_created");
    created.customer = call.services.ids.make<CustomerId>(call.now);
    call.seen.made = created.customer->to_string();
    return save(call, std::move(created), 201);
}

Answer update_customer(Call& call) {
    ESC_TRY(const auto id, call.id<CustomerTag>(0));
    ESC_TRY(const auto present, customer_record(call, id));
    const std::string_view given = call.request.header("if-match");
    if (given.empty()) return Problem{Code::VersionRequired};
    if (given != '"' + std::string{present.at("version").as_string()} + '"') {
        return Problem{Code::VersionConflict};
    }
    Event updated = fact(call, "customer_updated");
    updated.customer = id;
    return save(call, std::move(updated), 200);
}

}  // namespace escucha::api
