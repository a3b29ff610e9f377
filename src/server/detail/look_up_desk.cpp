#include "server/detail/look_up_desk.h"

#include <atomic>
#include <optional>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/log.h"
#include "base/overloaded.h"
#include "net/http_calls.h"
#include "server/detail/demo_directory.h"
#include "server/detail/http_connector.h"

namespace escucha::server {

namespace {

using control::CallerFacts;
using control::KnownCase;
using control::KnownCustomer;

constexpr std::string_view kCaseColumns =
    "c.id, c.reference, c.kind, c.topic, c.status, c.subject, c.opened_at_us, c.updated_at_us, "
    "c.customer_id, c.due, c.caller";
constexpr std::string_view kLive = "c.status IN ('open', 'in_progress', 'waiting_customer')";
constexpr std::int64_t kMostCustomersOfANumber = 5;
constexpr std::string_view kDirectory = "directory";

Result<KnownCase> read_case(const store::Row& row) {
    ESC_TRY(auto fields,
            (row.as<CaseId,
                    std::string,
                    std::string,
                    std::string,
                    std::string,
                    std::string,
                    WallTime,
                    WallTime,
                    std::optional<CustomerId>,
                    std::string,
                    std::string>()));
    auto& [id, reference, kind, topic, status, subject, opened, updated, customer, due, caller] =
        fields;
    return KnownCase{.id = id,
                     .reference = reference,
                     .kind = kind,
                     .topic = topic,
                     .status = status,
                     .subject = subject,
                     .opened = opened,
                     .last_contact = updated,
                     .customer = customer,
                     .caller = caller,
                     .due = due};
}

Result<void> add_cases(store::Connection& connection,
                       CompanyId company,
                       std::string_view where,
                       const store::Param& value,
                       CallerFacts& facts) {
    std::string sql{"SELECT "};
    sql += kCaseColumns;
    sql += " FROM case_file c WHERE c.company_id = ? AND ";
    sql += where;
    sql += " AND ";
    sql += kLive;
    sql += " ORDER BY c.updated_at_us DESC LIMIT 20";
    ESC_TRY(auto rows, connection.query(sql, {company, value}));
    for (const auto& row : rows) {
        ESC_TRY(auto known, read_case(row));
        if (facts.open_cases.size() < control::kMostKnownCases) {
            facts.open_cases.push_back(std::move(known));
        }
    }
    return ok();
}

Result<void> add_customers(const store::Rows& rows, CallerFacts& facts) {
    for (const auto& row : rows) {
        ESC_TRY(auto fields, (row.as<CustomerId, std::string, std::string, std::string>()));
        auto& [id, name, language, label] = fields;
        facts.customers.push_back(
            KnownCustomer{.id = id, .name = name, .language = language, .label = label});
    }
    return ok();
}

Result<control::Answer> find_in_store(store::Connection& connection,
                                      CompanyId company,
                                      const control::FindCaller& question) {
    CallerFacts facts;
    ESC_TRY(auto rows,
            connection.query("SELECT u.id, u.name, u.language, MIN(p.label) FROM contact_point p "
                             "JOIN customer u ON u.id = p.customer_id "
                             "WHERE p.company_id = ? AND p.kind = 'number' AND p.value = ? "
                             "GROUP BY u.id, u.name, u.language LIMIT ?",
                             {company, question.number, kMostCustomersOfANumber}));
    ESC_TRY(add_customers(rows, facts));
    if (facts.customers.size() == 1) {
        ESC_TRY(add_cases(connection, company, "c.customer_id = ?", facts.customers[0].id, facts));
    }
    // Cases of callers nobody has identified yet: the number is all there is to tell them by.
    ESC_TRY(add_cases(connection,
                      company,
                      "c.customer_id IS NULL AND c.caller = ?",
                      question.number,
                      facts));
    return control::Answer{std::move(facts)};
}

Result<control::Answer> find_in_store(store::Connection& connection,
                                      CompanyId company,
                                      const control::FindByDocument& question) {
    CallerFacts facts;
    // What can be keyed of a Spanish document is its eight digits; the letter follows from them.
    ESC_TRY(
        auto rows,
        connection.query(
            "SELECT DISTINCT u.id, u.name, u.language, '' FROM customer u "
            "LEFT JOIN directory_account a ON a.customer_id = u.id AND a.company_id = u.company_id "
            "WHERE u.company_id = ? AND (u.document_id = ? OR u.document_id LIKE ? OR a.number = "
            "?) "
            "LIMIT ?",
            {company,
             question.digits,
             question.digits + "_",
             question.digits,
             kMostCustomersOfANumber}));
    ESC_TRY(add_customers(rows, facts));
    if (facts.customers.size() == 1) {
        ESC_TRY(add_cases(connection, company, "c.customer_id = ?", facts.customers[0].id, facts));
    }
    return control::Answer{std::move(facts)};
}

Result<control::Answer> find_in_store(store::Connection& connection,
                                      CompanyId company,
                                      const control::FindCase& question) {
    std::string sql{"SELECT "};
    sql += kCaseColumns;
    sql += " FROM case_file c WHERE c.company_id = ? AND c.reference = ?";
    ESC_TRY(auto row, connection.query_one(sql, {company, question.reference}));
    control::CaseFound found;
    if (row) {
        ESC_TRY(auto known, read_case(*row));
        found.found = std::move(known);
    }
    return control::Answer{std::move(found)};
}

}  // namespace

struct LookUpDesk::Impl {
    Impl(const store::Database& from, const std::map<std::string, std::string>& urls)
        : database{from}, connectors{urls} {}

    static Result<control::Answer> answer(store::Connection& connection,
                                          CompanyId company,
                                          const control::AskConnector& question) {
        ESC_TRY(auto reply, ask_directory(connection, company, question));
        return control::Answer{std::move(reply)};
    }
    template <typename Question>
    static Result<control::Answer> answer(store::Connection& connection,
                                          CompanyId company,
                                          const Question& question) {
        return find_in_store(connection, company, question);
    }

    /// Blocks nobody: a connector may take as long as its question allows.
    void ask_connector(const control::AskConnector& question, Done done) {
        const auto url = connectors.find(question.connector);
        if (url == connectors.end()) {
            return done(control::NotAvailable{"unknown connector " + question.connector});
        }
        http.start(
            http_question(url->second, question),
            [connector = question.connector, done = std::move(done)](
                const Result<net::HttpReply>& reply) { done(http_answer(connector, reply)); });
    }

    control::Answer find(CompanyId company, const control::Question& question) {
        // One connection a thread, opened at its first question and again after a failure.
        thread_local std::optional<store::Connection> connection;
        if (!connection) {
            auto opened = database.connect(store::Access::ReadOnly);
            if (!opened) return control::NotAvailable{opened.error().message()};
            connection.emplace(std::move(opened).value());
        }
        auto found = std::visit([&](const auto& one) { return answer(*connection, company, one); },
                                question);
        if (found) return std::move(found).value();
        connection.reset();
        log::warn("look_up_failed", {{"why", found.error().message()}});
        return control::NotAvailable{found.error().message()};
    }

    store::Database database;
    std::map<std::string, std::string> connectors;
    std::atomic<std::size_t> queued{0};
    boost::asio::thread_pool threads{kThreads};
    net::HttpCalls http;
};

LookUpDesk::LookUpDesk(const store::Database& database,
                       const std::map<std::string, std::string>& connectors)
    : impl_{std::make_unique<Impl>(database, connectors)} {}

LookUpDesk::~LookUpDesk() { impl_->threads.join(); }

void LookUpDesk::ask(CompanyId company, control::Question question, Done done) {
    const auto* connector = std::get_if<control::AskConnector>(&question);
    if (connector != nullptr && connector->connector != kDirectory) {
        return impl_->ask_connector(*connector, std::move(done));
    }
    if (impl_->queued.fetch_add(1) >= kMaxQueued) {
        impl_->queued.fetch_sub(1);
        done(control::NotAvailable{"too many questions wait"});
        return;
    }
    boost::asio::post(impl_->threads,
                      [this, company, question = std::move(question), done = std::move(done)] {
                          done(impl_->find(company, question));
                          impl_->queued.fetch_sub(1);
                      });
}

void LookUpDesk::run(std::function<void()> work) {
    boost::asio::post(impl_->threads, std::move(work));
}

}  // namespace escucha::server
