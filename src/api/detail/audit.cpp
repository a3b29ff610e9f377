// The audit log, read and verified.

#include "audit/log.h"

#include <map>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"
#include "base/hex.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kShownCustomers = 10;

using Names = std::map<std::string, std::string>;

/// The names of those of `ids` that the company still has.
Attempt<Names> find_names(Call& call, const char* table, const std::set<std::string>& ids) {
    Names names;
    if (ids.empty()) return names;
    std::string sql =
        std::string{"SELECT id, name FROM "} + table + " WHERE company_id = ? AND id IN (";
    std::vector<store::Param> params{call.company()};
    for (const std::string& id : ids) {
        sql += params.size() == 1 ? "?" : ", ?";
        params.emplace_back(id);
    }
    ESC_TRY(const auto rows, call.db.query(sql + ")", params));
    for (const store::Row& row : rows) {
        ESC_TRY(auto fields, (row.as<std::string, std::string>()));
        names.insert({std::move(std::get<0>(fields)), std::move(std::get<1>(fields))});
    }
    return names;
}

json::value name_in(const Names& names, const std::string& id) {
    const auto found = names.find(id);
    return found == names.end() ? json::value{} : json::value(found->second);
}

json::object encode_entry(const audit::Entry& entry, const Names& users, const Names& customers) {
    const auto word = audit::word(entry.who.kind);
    const auto decided = audit::word(entry.outcome);
    json::array shown;
    for (const CustomerId& customer : entry.customers) {
        if (shown.size() == kShownCustomers) break;
        const auto id = customer.to_string();
        const auto found = customers.find(id);
        shown.push_back(
            json::object{{"id", id}, {"name", found == customers.end() ? "" : found->second}});
    }
    json::error_code error;
    json::value details = json::parse(entry.details, error);
    return {{"number", entry.number},
            {"at", to_rfc3339(entry.at)},
            {"actor",
             json::object{{"kind", json::string_view{word.data(), word.size()}},
                          {"id", or_null(entry.who.id)},
                          {"name", name_in(users, entry.who.id)}}},
            {"session", or_null(entry.session)},
            {"action", entry.action},
            {"outcome", json::string_view{decided.data(), decided.size()}},
            {"object",
             json::object{{"kind", or_null(entry.object_kind)}, {"id", or_null(entry.object_id)}}},
            {"customers", std::move(shown)},
            {"customer_count", entry.customers.size()},
            {"contact_id", or_null(entry.contact)},
            {"reason", or_null(entry.reason)},
            {"details", details.is_object() ? std::move(details) : json::value(json::object{})}};
}

Attempt<audit::Search> search_of(const Call& call) {
    audit::Search search{.company = call.company(), .limit = call.limit() + 1};
    if (const auto id = call.query_text("customer_id")) search.customer = CustomerId::parse(*id);
    if (const auto id = call.query_text("user_id")) {
        const auto user = UserId::parse(*id);
        search.actor = user ? user->to_string() : *id;
    }
    if (const auto text = call.query_text("from")) search.from = parse_rfc3339(*text);
    if (const auto text = call.query_text("to")) search.to = parse_rfc3339(*text);
    if (const auto cursor = call.query_text("cursor")) {
        std::int64_t number = 0;
        const char* const last = cursor->data() + cursor->size();
        const auto [end, error] = std::from_chars(cursor->data(), last, number);
        if (error != std::errc{} || end != last) return Problem{Code::BadCursor};
        search.below = number;
    }
    return search;
}

}  // namespace

Answer list_audit(Call& call) {
    ESC_TRY(const auto wanted, search_of(call));
    ESC_TRY(const auto entries, audit::search(call.db, wanted));
    std::set<std::string> actors, customers;
    for (const audit::Entry& entry : entries) {
        if (!entry.who.id.empty()) actors.insert(entry.who.id);
        for (std::size_t i = 0; i < std::min(entry.customers.size(), kShownCustomers); ++i) {
            customers.insert(entry.customers[i].to_string());
        }
    }
    ESC_TRY(const auto users, find_names(call, "app_user", actors));
    // An auditor sees that it was the same customer, not who that is.
    const bool has_names = call.may(identity::Permission::ReadCustomers);
    if (!has_names) customers.clear();
    ESC_TRY(const auto names, find_names(call, "customer", customers));
    json::array items;
    for (const audit::Entry& entry : entries) items.push_back(encode_entry(entry, users, names));
    return page(std::move(items), call.limit(), "number");
}

Answer verify_audit(Call& call) {
    ESC_TRY(const auto report,
            audit::verify(call.db, call.company(), call.services.config.audit_keys));
    json::value fault = nullptr;
    if (report.first) {
        const auto kind = audit::word(report.first->fault);
        fault = json::object{{"kind", json::string_view{kind.data(), kind.size()}},
                             {"number", report.first->number}};
    }
    return json_response(json::object{{"is_whole", !report.first},
                                      {"entries", report.entries},
                                      {"checkpoints", report.checkpoints},
                                      {"unsealed", report.unsealed},
                                      {"head", to_hex(report.head.hash)},
                                      {"fault", std::move(fault)}});
}

}  // namespace escucha::api
