#include "server/detail/demo_directory.h"

#include <fmt/format.h>

namespace escucha::server {

namespace {

using control::ConnectorAnswer;
using Status = ConnectorAnswer::Status;

ConnectorAnswer of_status(Status status) {
    return {.status = status, .fields = {}, .source = "directory", .as_of = std::nullopt};
}

Result<ConnectorAnswer> balance(store::Connection& connection,
                                CompanyId company,
                                CustomerId customer) {
    ESC_TRY(auto row,
            connection.query_one("SELECT number, balance_cents, currency, due_on, status, as_of_us "
                                 "FROM directory_account WHERE company_id = ? AND customer_id = ? "
                                 "ORDER BY number LIMIT 1",
                                 {company, customer}));
    if (!row) return of_status(Status::NotFound);
    ESC_TRY(auto fields,
            (row->as<std::string,
                     std::int64_t,
                     std::string,
                     std::optional<std::string>,
                     std::string,
                     WallTime>()));
    auto& [number, cents, currency, due, status, as_of] = fields;
    ConnectorAnswer answer = of_status(Status::Ok);
    answer.as_of = as_of;
    answer.fields = {{"account", number},
                     {"balance", fmt::format("{} {}", cents, currency)},
                     {"status", status}};
    if (due && !due->empty()) answer.fields.emplace_back("due_date", *due);
    return answer;
}

Result<ConnectorAnswer> order(store::Connection& connection,
                              CompanyId company,
                              CustomerId customer) {
    ESC_TRY(auto row,
            connection.query_one(
                "SELECT number, description, status, expected_on, as_of_us FROM directory_order "
                "WHERE company_id = ? AND customer_id = ? ORDER BY ordered_on DESC LIMIT 1",
                {company, customer}));
    if (!row) return of_status(Status::NotFound);
    ESC_TRY(
        auto fields,
        (row->as<std::string, std::string, std::string, std::optional<std::string>, WallTime>()));
    auto& [number, description, status, expected, as_of] = fields;
    ConnectorAnswer answer = of_status(Status::Ok);
    answer.as_of = as_of;
    answer.fields = {{"order", number}, {"description", description}, {"status", status}};
    if (expected && !expected->empty()) answer.fields.emplace_back("delivery_date", *expected);
    return answer;
}

}  // namespace

Result<ConnectorAnswer> ask_directory(store::Connection& connection,
                                      CompanyId company,
                                      const control::AskConnector& question) {
    // Nobody's account is read out to somebody the flow has not identified.
    if (!question.customer) return of_status(Status::NotFound);
    if (question.operation == "balance") return balance(connection, company, *question.customer);
    if (question.operation == "order") return order(connection, company, *question.customer);
    return of_status(Status::Failed);
}

}  // namespace escucha::server
