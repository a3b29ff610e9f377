#include "demo/demo.h"

#include <array>
#include <chrono>

#include "base/errc.h"
#include "demo/detail/world.h"

namespace escucha::demo {
namespace {

// What hangs from a company by its id but has no foreign key to it; the rest goes with its row.
constexpr std::array<std::string_view, 24> kLooseTables{
    "event",        "live_contact",    "customer",  "contact_point",       "contact",
    "case_contact", "case_file",       "case_note", "recording",           "disposition",
    "agent_state",  "agent_state_log", "queue_day", "agent_day",           "line_day",
    "prompt",       "queue_music",     "session",   "idempotency_key",     "line",
    "queue_stop",   "alert",           "canary",    "contact_verification"};

constexpr int kCustomers = 400;
constexpr std::string_view kMark = "demo_company";
constexpr std::string_view kPartnerMark = "demo_partner";

Result<std::optional<CompanyId>> company_marked(store::Connection& connection,
                                                std::string_view mark) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT value FROM installation WHERE name = ?", {mark}));
    if (!row) return std::optional<CompanyId>{};
    ESC_TRY(const auto id, row->get<CompanyId>(0));
    return std::optional<CompanyId>{id};
}

detail::World make_world(const Options& options, store::Connection& connection) {
    const auto days = std::chrono::days{options.history_days + 7};
    return detail::World{.options = options,
                         .data_folder = options.data_folder,
                         .flows_folder = options.flows_folder,
                         .connection = connection,
                         .rng = Rng{options.seed},
                         .founded = options.now - days,
                         .company = {},
                         .reference_key = 0,
                         .zone = {},
                         .queues = {},
                         .lines = {},
                         .agents = {},
                         .callers = {},
                         .events = 0};
}

Result<void> mark(store::Connection& connection, std::string_view name, CompanyId company) {
    ESC_TRY(connection.execute("INSERT INTO installation (name, value) VALUES (?, ?)",
                               {name, company}));
    return ok();
}

Result<void> load_first(store::Connection& connection, const Options& options, Report& report) {
    auto world = make_world(options, connection);
    ESC_TRY(const auto present, company_marked(connection, kMark));
    if (present) {
        world.company = *present;
        report.was_loaded = true;
        ESC_TRY(report.flows, detail::load_flows(world));
        return ok();
    }
    ESC_TRY(detail::load_directory(world));
    ESC_TRY(report.customers, detail::load_customers(world, kCustomers));
    ESC_TRY(detail::load_history(world));
    ESC_TRY(mark(connection, kMark, world.company));
    ESC_TRY(const auto flows,
            connection.query_one("SELECT COUNT(*) FROM flow_version WHERE company_id = ?",
                                 {world.company}));
    ESC_TRY(report.flows, flows->get<std::int64_t>(0));
    report.events = world.events;
    return ok();
}

Result<void> load_partner(store::Connection& connection, const Options& options, Report& report) {
    auto world = make_world(options, connection);
    world.data_folder = options.partner_folder;
    world.flows_folder = options.partner_folder + "/flows";
    // After the other's history; the first company is the one that a tool means when it names none.
    world.founded = options.now;
    world.rng = Rng{options.seed + 1};
    ESC_TRY(const auto present, company_marked(connection, kPartnerMark));
    if (present) {
        world.company = *present;
        ESC_TRY(const auto flows, detail::load_flows(world));
        report.flows += flows;
        return ok();
    }
    ESC_TRY(detail::load_directory(world));
    ESC_TRY(const auto customers, detail::load_customers(world, 0));
    ESC_TRY(mark(connection, kPartnerMark, world.company));
    report.customers += customers;
    report.events += world.events;
    ++report.flows;
    return ok();
}

/// Inside the caller's transaction: a demo is there whole or not at all.
Result<Report> load_all(store::Connection& connection, const Options& options) {
    Report report;
    ESC_TRY(load_first(connection, options, report));
    ESC_TRY(load_partner(connection, options, report));
    return report;
}

Result<void> remove(store::Connection& connection, CompanyId company, std::string_view name) {
    for (const std::string_view table : kLooseTables) {
        ESC_TRY(connection.execute("DELETE FROM " + std::string{table} + " WHERE company_id = ?",
                                   {company}));
    }
    // Live rows of the control core name contacts of this company.
    ESC_TRY(connection.execute("DELETE FROM live_state"));
    ESC_TRY(connection.execute("DELETE FROM company WHERE id = ?", {company}));
    ESC_TRY(connection.execute("DELETE FROM installation WHERE name = ?", {name}));
    return ok();
}

}  // namespace

Result<Report> load(const store::Database& database, const Options& options) {
    ESC_TRY(auto connection, database.connect());
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(auto report, load_all(connection, options));
    ESC_TRY(tx.commit());
    return report;
}

Result<Report> reset(const store::Database& database, const Options& options) {
    ESC_TRY(auto connection, database.connect());
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto first, company_marked(connection, kMark));
    ESC_TRY(const auto partner, company_marked(connection, kPartnerMark));
    ESC_TRY(const auto others,
            connection.query_one("SELECT COUNT(*) FROM company WHERE id <> ? AND id <> ?",
                                 {first.value_or(CompanyId{}), partner.value_or(CompanyId{})}));
    ESC_TRY(const auto count, others->get<std::int64_t>(0));
    if (count > 0) {
        return fail(Errc::Conflict, "this installation holds another company than the demo's");
    }
    // Its people are the first one's.
    if (partner) {
        ESC_TRY(remove(connection, *partner, kPartnerMark));
    }
    if (first) {
        ESC_TRY(remove(connection, *first, kMark));
    }
    ESC_TRY(auto report, load_all(connection, options));
    ESC_TRY(tx.commit());
    return report;
}

}  // namespace escucha::demo
