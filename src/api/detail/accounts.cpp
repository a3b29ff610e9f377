// What a customer has with the company and owes it, as the company's own data say.

#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMostRows = 100;

Attempt<json::array> accounts_of(Call& call, CustomerId customer) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT number, product, balance_cents, currency, due_on, status,"
                          " as_of_us FROM directory_account WHERE company_id = ?"
                          " AND customer_id = ? ORDER BY number LIMIT ?",
                          {call.company(), customer, kMostRows}));
    json::array accounts;
    for (const store::Row& row : rows) {
        Columns columns{row};
        json::object account{{"number", columns.text()}};
        account["product"] = columns.text();
        json::object balance{{"amount_cents", columns.next<std::int64_t>()}};
        balance["currency"] = columns.text();
        account["balance"] = std::move(balance);
        account["due_on"] = or_null(columns.next<std::optional<std::string>>().value_or(""));
        account["status"] = columns.text();
        account["as_of"] = to_rfc3339(columns.next<WallTime>());
        ESC_TRY(columns.done());
        accounts.push_back(std::move(account));
    }
    return accounts;
}

Attempt<json::array> orders_of(Call& call, CustomerId customer) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT number, description, status, ordered_on, expected_on, as_of_us"
                          " FROM directory_order WHERE company_id = ? AND customer_id = ?"
                          " ORDER BY ordered_on DESC, number LIMIT ?",
                          {call.company(), customer, kMostRows}));
    json::array orders;
    for (const store::Row& row : rows) {
        Columns columns{row};
        json::object order{{"number", columns.text()}};
        for (const char* name : {"description", "status", "ordered_on"}) {
            order[name] = columns.text();
        }
        order["expected_on"] = or_null(columns.next<std::optional<std::string>>().value_or(""));
        order["as_of"] = to_rfc3339(columns.next<WallTime>());
        ESC_TRY(columns.done());
        orders.push_back(std::move(order));
    }
    return orders;
}

}  // namespace

Answer get_customer_accounts(Call& call) {
    ESC_TRY(const auto id, call.id<CustomerTag>(0));
    ESC_TRY(customer_record(call, id));
    ESC_TRY(auto accounts, accounts_of(call, id));
    ESC_TRY(auto orders, orders_of(call, id));
    return json_response(
        json::object{{"accounts", std::move(accounts)}, {"orders", std::move(orders)}});
}

}  // namespace escucha::api
