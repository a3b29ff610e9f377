#include "api/detail/read_guard.h"

#include <algorithm>
#include <array>
#include <set>

#include <boost/json/parse.hpp>

#include "api/detail/columns.h"
#include "base/log.h"

namespace escucha::api {

namespace json = boost::json;
namespace outcome = BOOST_OUTCOME_V2_NAMESPACE;

namespace {

constexpr Duration kReplayed = std::chrono::hours{24 * 7};
constexpr std::int64_t kReplayPage = 2'000;

std::string spaced(const std::vector<CustomerId>& customers) {
    std::string ids;
    for (const CustomerId& customer : customers) {
        ids += (ids.empty() ? "" : " ") + customer.to_string();
    }
    return ids;
}

std::vector<CustomerId> unspaced(std::string_view ids) {
    std::vector<CustomerId> customers;
    while (!ids.empty()) {
        const std::size_t end = std::min(ids.find(' '), ids.size());
        if (const auto id = CustomerId::parse(ids.substr(0, end))) customers.push_back(*id);
        ids.remove_prefix(std::min(end + 1, ids.size()));
    }
    return customers;
}

guard::Profile profile_of(const identity::Principal& who) {
    if (who.key || who.user.is_nil()) return guard::Profile::Program;
    return who.permissions.has(identity::Permission::TakeContacts) ? guard::Profile::Desk
                                                                   : guard::Profile::Review;
}

std::string detail_text(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string()) return {};
    return std::string{value->get_string()};
}

}  // namespace

std::optional<guard::Kind> kind_of_read(std::string_view operation, std::string_view audit_kind) {
    constexpr std::array kOfNobody{"none",
                                   "agent",
                                   "alert",
                                   "api_key",
                                   "audit",
                                   "backup",
                                   "canary",
                                   "company",
                                   "role",
                                   "user"};
    const auto has = [&](std::string_view word) {
        return operation.find(word) != std::string_view::npos;
    };
    if (audit_kind.empty() || std::ranges::find(kOfNobody, audit_kind) != kOfNobody.end()) {
        return std::nullopt;
    }
    if (operation == "get_desk" || operation == "get_floor") return std::nullopt;
    if (has("reveal")) return guard::Kind::Reveal;
    if (has("export")) return guard::Kind::Export;
    if (has("audio")) return guard::Kind::Recording;
    if (operation.starts_with("search_")) return guard::Kind::Search;
    if (operation.starts_with("list_")) return guard::Kind::List;
    return guard::Kind::Open;
}

guard::Reader reader_of(const identity::Principal& who) {
    return guard::Reader{who.key ? who.key->value() : who.user.value()};
}

std::string_view reader_kind_of(const identity::Principal& who) {
    return who.key ? "api_key" : who.user.is_nil() ? "operator" : "user";
}

ReadGuard::ReadGuard(store::Journal& journal, IdMaker& ids, const store::Database& database)
    : journal_{journal}, ids_{ids}, canaries_{journal, ids, database} {}

/// What the guard is told of a request, with its own copy of whom it is about.
struct ReadGuard::Circumstances {
    std::vector<CustomerId> customers;
    guard::Read read;
};

Attempt<ReadGuard::Circumstances> ReadGuard::circumstances(Call& call, guard::Kind kind) {
    Circumstances about;
    about.customers = call.seen.customers;
    about.read = {.reader = reader_of(call.who),
                  .profile = profile_of(call.who),
                  .at = call.now,
                  .kind = kind};
    if (call.who.key || call.who.agent.is_nil() ||
        !call.who.permissions.has(identity::Permission::TakeContacts)) {
        return about;
    }
    ESC_TRY(const auto row,
            call.db.query_one("SELECT s.state, s.contact_id, t.customer_id FROM agent_state s"
                              " LEFT JOIN contact t ON t.id = s.contact_id"
                              " WHERE s.agent_id = ? AND s.company_id = ?",
                              {call.who.agent, call.company()}));
    about.read.shift = guard::Shift::Off;
    if (!row) return about;
    Columns columns{*row};
    if (columns.text() != "signed_out") about.read.shift = guard::Shift::On;
    const auto contact = columns.next<std::optional<ContactId>>();
    const auto customer = columns.next<std::optional<CustomerId>>();
    ESC_TRY(columns.done());
    if (contact) about.read.in_hand = guard::InHand{*contact, customer};
    return about;
}

// What the reader handled since the last time, and of whom else he or his team owns a case.
Attempt<void> ReadGuard::tell_work(Call& call, Company& company, const guard::Read& read) {
    if (read.in_hand) {
        company.guard.handles(read.reader, read.in_hand->contact, read.in_hand->customer, call.now);
    }
    if (call.who.key || call.who.user.is_nil()) return outcome::success();
    auto [synced, is_new] = company.synced.try_emplace(read.reader, WallTime{});
    const WallTime since = std::max(synced->second, call.now - guard::Guard::kWorkLasts);
    if (!call.who.agent.is_nil()) {
        ESC_TRY(const auto rows,
                call.db.query("SELECT t.id, t.customer_id FROM agent_state_log l"
                              " JOIN contact t ON t.id = l.contact_id"
                              " WHERE l.agent_id = ? AND l.started_at_us >= ? AND l.company_id = ?"
                              " ORDER BY l.started_at_us",
                              {call.who.agent, since, call.company()}));
        for (const store::Row& row : rows) {
            Columns columns{row};
            const auto contact = columns.next<ContactId>();
            const auto customer = columns.next<std::optional<CustomerId>>();
            ESC_TRY(columns.done());
            company.guard.handles(read.reader, contact, customer, call.now);
        }
    }
    synced->second = call.now;
    std::string sql =
        "SELECT DISTINCT customer_id FROM case_file WHERE company_id = ? AND closed_at_us IS NULL"
        " AND (owner = ? OR owner = (SELECT team_id FROM agent WHERE id = ?)) AND customer_id IN (";
    std::vector<store::Param> params{call.company(), call.who.user, call.who.agent};
    for (const CustomerId& customer : read.customers) {
        if (company.guard.is_work(read.reader, customer, call.now)) continue;
        sql += params.size() == 3 ? "?" : ", ?";
        params.emplace_back(customer);
    }
    if (params.size() == 3) return outcome::success();
    ESC_TRY(const auto rows, call.db.query(sql + ")", params));
    for (const store::Row& row : rows) {
        ESC_TRY(const auto customer, row.get<CustomerId>(0));
        company.guard.owns_case_of(read.reader, customer, call.now);
    }
    return outcome::success();
}

Attempt<void> ReadGuard::load(Call& call, Company& company) {
    ESC_TRY(replay(call, company));
    ESC_TRY(const auto canaries,
            call.db.query("SELECT customer_id FROM canary WHERE company_id = ?", {call.company()}));
    std::set<CustomerId> planted;
    for (const store::Row& row : canaries) {
        ESC_TRY(const auto customer, row.get<CustomerId>(0));
        planted.insert(customer);
    }
    company.guard.set_canaries(std::move(planted));
    ESC_TRY(const auto blocks,
            call.db.query("SELECT DISTINCT reader_id FROM alert WHERE company_id = ?"
                          " AND blocks = 1 AND lifted_at_us IS NULL",
                          {call.company()}));
    std::set<guard::Reader> blocked;
    for (const store::Row& row : blocks) {
        ESC_TRY(const auto id, row.get<std::string>(0));
        // The operator's is empty.
        blocked.insert(guard::Reader::parse(id).value_or(guard::Reader{}));
    }
    company.guard.set_blocked(std::move(blocked));
    company.is_loaded = true;
    return outcome::success();
}

Attempt<void> ReadGuard::replay(Call& call, Company& company) {
    ESC_TRY(const auto lifts,
            call.db.query("SELECT reader_id, MAX(lifted_at_us) FROM alert WHERE company_id = ?"
                          " AND lifted_at_us IS NOT NULL GROUP BY reader_id",
                          {call.company()}));
    std::map<std::string, WallTime> lifted;
    for (const store::Row& row : lifts) {
        ESC_TRY(const auto reader, row.get<std::string>(0));
        ESC_TRY(const auto at, row.get<std::int64_t>(1));
        lifted.emplace(reader, from_micros(at));
    }
    for (std::int64_t after = 0;;) {
        ESC_TRY(const auto rows,
                call.db.query("SELECT number, at_us, actor_kind, actor_id, customers, details"
                              " FROM audit_entry WHERE company_id = ? AND at_us >= ?"
                              " AND number > ? ORDER BY number LIMIT ?",
                              {call.company(), call.now - kReplayed, after, kReplayPage}));
        for (const store::Row& row : rows) {
            Columns columns{row};
            after = columns.next<std::int64_t>();
            const auto at = columns.next<WallTime>();
            const std::string actor_kind = columns.text(), actor = columns.text();
            const auto customers = unspaced(columns.text());
            const std::string text = columns.text();
            ESC_TRY(columns.done());
            json::error_code error;
            const json::value parsed = json::parse(text, error);
            if (error || !parsed.is_object()) continue;
            const json::object& details = parsed.get_object();
            const auto kind = guard::parse_kind(detail_text(details, "read"));
            const auto profile = guard::parse_profile(detail_text(details, "profile"));
            const auto known = lifted.find(actor);
            if (!kind || !profile || (known != lifted.end() && at <= known->second)) continue;
            guard::Read read{.reader = guard::Reader::parse(actor).value_or(guard::Reader{}),
                             .profile = *profile,
                             .at = at,
                             .kind = *kind,
                             .customers = customers};
            if (detail_text(details, "shift") == "off") read.shift = guard::Shift::Off;
            if (const auto hand = ContactId::parse(detail_text(details, "in_hand"))) {
                // Whom the entry calls work is work; the contact makes nobody else so.
                read.in_hand = guard::InHand{*hand, CustomerId{hand->value()}};
            }
            const std::string work = detail_text(details, "work");
            for (std::size_t i = 0; i < std::min(work.size(), customers.size()); ++i) {
                if (work[i] == '1') company.guard.recall_work(read.reader, customers[i], at);
            }
            company.guard.judge(read);
            // Who is blocked now, the alerts know.
            company.guard.set_blocked({});
        }
        if (std::cmp_less(rows.size(), kReplayPage)) return outcome::success();
    }
}

Attempt<void> ReadGuard::prepare(Call& call, Company& company, const guard::Read& read) {
    if (!company.is_loaded) {
        ESC_TRY(load(call, company));
    }
    return tell_work(call, company, read);
}

Attempt<ReadGuard::Judged> ReadGuard::judge(Call& call, guard::Kind kind) {
    ESC_TRY(auto about, circumstances(call, kind));
    about.read.customers = about.customers;
    const std::scoped_lock lock{mutex_};
    Company& company = companies_[call.company()];
    ESC_TRY(prepare(call, company, about.read));
    const guard::Verdict verdict = company.guard.judge(about.read);
    for (const guard::Finding& finding : verdict.findings) raise(call, finding);

    Judged judged{.is_withheld = verdict.is_withheld, .details = {}};
    const auto word = guard::word(kind), profile = guard::word(about.read.profile);
    judged.details["read"] = json::string_view{word.data(), word.size()};
    judged.details["profile"] = json::string_view{profile.data(), profile.size()};
    if (about.read.shift == guard::Shift::Off) judged.details["shift"] = "off";
    if (about.read.in_hand) judged.details["in_hand"] = about.read.in_hand->contact.to_string();
    if (verdict.beyond() < verdict.is_work.size()) {
        std::string work;
        for (const bool is_work : verdict.is_work) work += is_work ? '1' : '0';
        judged.details["work"] = work;
    }
    return judged;
}

Attempt<bool> ReadGuard::would_withhold(Call& call, guard::Kind kind) {
    ESC_TRY(auto about, circumstances(call, kind));
    about.read.customers = about.customers;
    const std::scoped_lock lock{mutex_};
    Company& company = companies_[call.company()];
    ESC_TRY(prepare(call, company, about.read));
    return company.guard.would_withhold(about.read);
}

void ReadGuard::lift(CompanyId company, guard::Reader reader) {
    const std::scoped_lock lock{mutex_};
    companies_[company].guard.lift(reader);
}

Attempt<void> ReadGuard::plant(Call& call) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT customer_id FROM canary WHERE company_id = ?", {call.company()}));
    std::set<CustomerId> planted;
    for (const store::Row& row : rows) {
        ESC_TRY(const auto customer, row.get<CustomerId>(0));
        planted.insert(customer);
    }
    const std::scoped_lock lock{mutex_};
    companies_[call.company()].guard.set_canaries(std::move(planted));
    return outcome::success();
}

// The request waits for its entry in the audit log, not for the alert: a block holds from memory.
void ReadGuard::raise(const Call& call, const guard::Finding& finding) {
    const bool is_canary = finding.signal == guard::Signal::CanaryOpened;
    Event event = fact(call, is_canary ? "canary_alert_raised" : "alert_raised");
    event.agent.reset();
    const auto text = [](guard::Reader reader) {
        return reader.is_nil() ? std::string{} : reader.to_string();
    };
    event.with("alert", ids_.make<Id<struct AlertTag>>(call.now).to_string())
        .with("signal", guard::word(finding.signal))
        .with("severity", guard::word(finding.severity))
        .with("reader_kind", reader_kind_of(call.who))
        .with("reader", text(finding.reader))
        .with("other", finding.other ? text(*finding.other) : "")
        .with("count", std::int64_t{finding.count})
        .with("allowed", std::int64_t{finding.allowed})
        .with(
            "window_s",
            std::int64_t{std::chrono::duration_cast<std::chrono::seconds>(finding.window).count()})
        .with("handled", std::int64_t{finding.handled})
        .with_flag("blocks", finding.blocks)
        .with("customers", spaced(finding.customers));
    const auto queued = journal_.append(
        {.events = {std::move(event)}, .live = {}}, [](Result<store::Committed> committed) {
            if (!committed) {
                log::error("alert_not_written", {{"why", committed.error().message()}});
            }
        });
    if (!queued) log::error("alert_not_written", {{"why", queued.error().message()}});
}

}  // namespace escucha::api
