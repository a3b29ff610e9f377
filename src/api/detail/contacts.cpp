#include <boost/json/array.hpp>

#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "base/errc.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxEvents = 500;

/// The caller's own live contact, which only its agent may link.
Attempt<ContactId> own_contact(Call& call) {
    ESC_TRY(const auto id, call.id<ContactTag>(0));
    ESC_TRY(const auto view, call.services.port.contact(call.company(), id));
    if (call.who.agent.is_nil() || view.agent != call.who.agent) return Problem{Code::Forbidden};
    return id;
}

}  // namespace

Answer list_contacts(Call& call) {
    ESC_TRY(const auto cursor, before<ContactTag>(call));
    std::string where = "t.id < ?";
    std::vector<store::Param> params{cursor};
    if (const auto value = call.query_text("customer_id")) {
        where += " AND t.customer_id = ?";
        params.emplace_back(*value);
    }
    if (const auto value = call.query_text("case_id")) {
        where += " AND t.id IN (SELECT contact_id FROM case_contact WHERE case_id = ?)";
        params.emplace_back(*value);
    }
    if (const auto value = call.query_text("agent_id")) {
        where += " AND t.agent_id = ?";
        params.emplace_back(*value);
    }
    if (const auto value = call.query_text("outcome")) {
        where += " AND t.outcome = ?";
        params.emplace_back(*value);
    }
    ESC_TRY(auto items, contact_records(call, where, std::move(params), call.limit() + 1));
    return page_of_customers(call, std::move(items));
}

Answer get_contact(Call& call) {
    ESC_TRY(const auto id, call.id<ContactTag>(0));
    ESC_TRY(auto found, contact_records(call, "t.id = ?", {id}, 1));
    if (found.empty()) return Problem{Code::NotFound};
    call.seen.add(found.front().at("customer"));
    json::value live = nullptr;
    if (auto view = call.services.port.contact(call.company(), id)) live = encode(view.value());
    ESC_TRY(const auto events, store::read_contact_events(call.db, call.company(), id));
    json::array journal;
    for (const store::StoredEvent& event : events) {
        if (journal.size() == kMaxEvents) break;
        journal.push_back(encode(event));
    }
    constexpr std::int64_t kMostRecordings = 100;
    ESC_TRY(auto recordings, recording_records(call, "r.contact_id = ?", {id}, kMostRecordings));
    return json_response(json::object{{"contact", std::move(found.front())},
                                      {"live", std::move(live)},
                                      {"events", std::move(journal)},
                                      {"recordings", std::move(recordings)}});
}

Answer get_contact_trace(Call& call) {
    ESC_TRY(const auto id, call.id<ContactTag>(0));
    ESC_TRY(const auto trace, call.services.port.trace(call.company(), id));
    json::array lines;
    for (const server::TraceLine& line : trace) {
        lines.push_back(
            json::object{{"at", to_rfc3339(line.at)}, {"kind", line.kind}, {"text", line.text}});
    }
    return json_response(json::object{{"contact_id", id.to_string()}, {"lines", std::move(lines)}});
}

Answer link_contact_case(Call& call) {
    ESC_TRY(const auto contact, own_contact(call));
    const auto id = CaseId::parse(call.text("case_id"));
    if (!id) return Problem{Code::NotFound};
    ESC_TRY(const auto matter, case_record(call, *id));
    const std::string reference{matter.at("reference").as_string()};
    ESC_TRY(call.services.port.command(call.company(),
                                       server::LinkCase{call.who.agent, contact, *id, reference}));
    return net::Response{204, {}, {}};
}

Answer link_contact_customer(Call& call) {
    ESC_TRY(const auto contact, own_contact(call));
    const auto id = CustomerId::parse(call.text("customer_id"));
    if (!id) return Problem{Code::NotFound};
    ESC_TRY(const auto customer, customer_record(call, *id));
    const std::string name{customer.at("name").as_string()};
    ESC_TRY(call.services.port.command(call.company(),
                                       server::LinkCustomer{call.who.agent, contact, *id, name}));
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
