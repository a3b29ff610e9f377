// Alerts of who read too much, the blocks they began, and who answered for lifting them.

#include <utility>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/read_guard.h"
#include "api/detail/records.h"
#include "audit/log.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

using AlertId = Id<struct AlertTag>;

/// Entries shown of who read a canary before somebody was in contact with it.
constexpr std::int64_t kReadersShown = 50;

constexpr std::string_view kAlert =
    "SELECT a.id, a.signal, a.severity, a.reader_kind, a.reader_id, COALESCE(u.name, k.name, ''),"
    " a.other_id, COALESCE(v.name, ''), a.at_us, a.counted, a.allowed, a.window_s, a.handled,"
    " a.blocks, a.customers, a.contact_id, a.number, a.how, a.acknowledged_at_us,"
    " COALESCE(w.name, ''), a.acknowledged_why, a.lifted_at_us, COALESCE(x.name, ''),"
    " a.lifted_why, COALESCE(k.created_by, '')"
    " FROM alert a LEFT JOIN app_user u ON u.id = a.reader_id"
    " LEFT JOIN api_key k ON k.id = a.reader_id LEFT JOIN app_user v ON v.id = a.other_id"
    " LEFT JOIN app_user w ON w.id = a.acknowledged_by LEFT JOIN app_user x ON x.id = a.lifted_by"
    " WHERE a.company_id = ?";

/// Who does not know the canaries hears nothing of them.
std::string_view visible(const Call& call) {
    return call.may(identity::Permission::PlantCanaries) ? "" : " AND a.signal NOT LIKE 'canary%'";
}

/// A row, and what only the one alert shows or the handlers decide by.
struct Alert {
    json::object record;
    std::string signal, reader_kind, reader, key_owner, customers;
    WallTime at{};
    bool is_blocking = false, is_acknowledged = false;
};

json::value answer_of(const std::optional<std::int64_t>& at, std::string who, std::string why) {
    if (!at) return nullptr;
    return json::object{{"at", to_rfc3339(from_micros(*at))},
                        {"by", or_null(std::move(who))},
                        {"reason", std::move(why)}};
}

Attempt<Alert> read_alert(const store::Row& row) {
    Columns columns{row};
    Alert alert;
    json::object& record = alert.record;
    record["id"] = columns.text();
    record["signal"] = alert.signal = columns.text();
    record["severity"] = columns.text();
    alert.reader_kind = columns.text();
    alert.reader = columns.text();
    record["reader"] = json::object{{"kind", alert.reader_kind},
                                    {"id", or_null(alert.reader)},
                                    {"name", or_null(columns.text())}};
    const std::string other = columns.text();
    record["other"] = named_or_null(other, columns.text());
    alert.at = columns.next<WallTime>();
    record["at"] = to_rfc3339(alert.at);
    for (const char* name : {"count", "allowed", "window_s", "handled"}) {
        record[name] = columns.next<std::int64_t>();
    }
    const bool blocks = columns.next<std::int64_t>() != 0;
    record["blocks"] = blocks;
    alert.customers = columns.text();
    record["contact_id"] = or_null(columns.text());
    record["number"] = or_null(columns.text());
    record["how"] = or_null(columns.text());
    const auto acknowledged = columns.next<std::optional<std::int64_t>>();
    std::string who = columns.text();
    record["acknowledged"] = answer_of(acknowledged, std::move(who), columns.text());
    const auto lifted = columns.next<std::optional<std::int64_t>>();
    who = columns.text();
    record["lifted"] = answer_of(lifted, std::move(who), columns.text());
    alert.key_owner = columns.text();
    alert.is_blocking = blocks && !lifted;
    alert.is_acknowledged = acknowledged.has_value();
    record["is_blocking"] = alert.is_blocking;
    ESC_TRY(columns.done());
    return alert;
}

Attempt<Alert> find_alert(Call& call) {
    ESC_TRY(const auto id, call.id<AlertTag>(0));
    std::string sql{kAlert};
    sql.append(visible(call)).append(" AND a.id = ?");
    ESC_TRY(const auto row, call.db.query_one(sql, {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    return read_alert(*row);
}

Attempt<json::array> customers_of(Call& call, const Alert& alert) {
    json::array customers;
    std::string_view ids = alert.customers;
    while (!ids.empty()) {
        const std::size_t end = std::min(ids.find(' '), ids.size());
        const std::string id{ids.substr(0, end)};
        ids.remove_prefix(std::min(end + 1, ids.size()));
        ESC_TRY(const auto row,
                call.db.query_one("SELECT name FROM customer WHERE company_id = ? AND id = ?",
                                  {call.company(), id}));
        if (!row) continue;
        ESC_TRY(const auto name, row->get<std::string>(0));
        customers.push_back(json::object{{"id", id}, {"name", name}});
        // The log must not say which customers are canaries: who reads it need not know them.
        if (!alert.signal.starts_with("canary")) call.seen.add(customers.back());
    }
    return customers;
}

/// Who had seen the canary before somebody was in contact with it, newest first.
Attempt<json::array> readers_before(Call& call, const Alert& alert) {
    json::array readers;
    const auto customer = CustomerId::parse(alert.customers);
    if (alert.signal != guard::word(guard::Signal::CanaryContacted) || !customer) return readers;
    ESC_TRY(const auto entries,
            audit::search(call.db,
                          {.company = call.company(),
                           .customer = *customer,
                           .to = alert.at,
                           .limit = kReadersShown}));
    for (const audit::Entry& entry : entries) {
        ESC_TRY(const auto row,
                call.db.query_one("SELECT name FROM app_user WHERE company_id = ? AND id = ?"
                                  " UNION SELECT name FROM api_key WHERE company_id = ? AND id = ?",
                                  {call.company(), entry.who.id, call.company(), entry.who.id}));
        std::string name;
        if (row) {
            ESC_TRY(name, row->get<std::string>(0));
        }
        const auto kind = audit::word(entry.who.kind);
        readers.push_back(
            json::object{{"reader",
                          json::object{{"kind", json::string_view{kind.data(), kind.size()}},
                                       {"id", or_null(entry.who.id)},
                                       {"name", or_null(name)}}},
                         {"at", to_rfc3339(entry.at)},
                         {"action", entry.action}});
    }
    return readers;
}

Answer detail_answer(Call& call) {
    ESC_TRY(auto alert, find_alert(call));
    ESC_TRY(auto customers, customers_of(call, alert));
    ESC_TRY(auto readers, readers_before(call, alert));
    alert.record["customers"] = std::move(customers);
    alert.record["readers"] = std::move(readers);
    return json_response(alert.record);
}

/// Nobody answers for himself, nor for a program that bears a key of his.
Attempt<void> check_not_own(const Call& call, const Alert& alert) {
    const std::string own = call.who.user.is_nil() ? std::string{} : call.who.user.to_string();
    const bool is_own = alert.reader_kind != "nobody" &&
                        (alert.reader == own || (!own.empty() && alert.key_owner == own));
    if (!is_own) return BOOST_OUTCOME_V2_NAMESPACE::success();
    return Problem{Code::Forbidden,
                   {"Este aviso es sobre usted: debe atenderlo otra persona.",
                    "This alert is about you: somebody else must handle it."}};
}

Event answer_event(const Call& call, std::string_view type, const Alert& alert) {
    Event event = fact(call, type);
    event.agent.reset();
    event.with("alert", std::string{alert.record.at("id").as_string()})
        .with("user", call.who.user.is_nil() ? std::string{} : call.who.user.to_string())
        .with("reason", call.text("reason"));
    return event;
}

}  // namespace

Answer list_alerts(Call& call) {
    const std::string state = call.query_text("state").value_or("open");
    constexpr std::string_view kOpen =
        " AND (a.acknowledged_at_us IS NULL OR (a.blocks = 1 AND a.lifted_at_us IS NULL))";
    std::string sql{kAlert};
    sql.append(visible(call));
    if (state == "open") sql.append(kOpen);
    if (state == "blocking") sql.append(" AND a.blocks = 1 AND a.lifted_at_us IS NULL");
    ESC_TRY(const auto below, before<AlertTag>(call));
    ESC_TRY(const auto rows,
            call.db.query(sql + " AND a.id < ? ORDER BY a.id DESC LIMIT ?",
                          {call.company(), below, call.limit() + 1}));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto alert, read_alert(row));
        items.push_back(std::move(alert.record));
    }
    std::string open{"SELECT COUNT(*) FROM alert a WHERE a.company_id = ?"};
    open.append(visible(call)).append(kOpen);
    ESC_TRY(const auto counted, call.db.query_one(open, {call.company()}));
    ESC_TRY(const auto count, counted->get<std::int64_t>(0));
    json::value next = nullptr;
    if (std::cmp_greater(items.size(), call.limit())) {
        items.pop_back();
        next = items.back().at("id");
    }
    return json_response(
        json::object{{"items", std::move(items)}, {"next_cursor", next}, {"open", count}});
}

Answer get_alert(Call& call) { return detail_answer(call); }

Answer acknowledge_alert(Call& call) {
    ESC_TRY(const auto alert, find_alert(call));
    ESC_TRY(check_not_own(call, alert));
    if (alert.is_acknowledged) {
        return Problem{Code::WrongState,
                       {"Otra persona ya atendió este aviso.",
                        "Somebody else has handled this alert already."}};
    }
    ESC_TRY(commit(call, {answer_event(call, "alert_acknowledged", alert)}));
    return detail_answer(call);
}

Answer lift_read_block(Call& call) {
    ESC_TRY(const auto alert, find_alert(call));
    ESC_TRY(check_not_own(call, alert));
    if (!alert.is_blocking) {
        return Problem{Code::WrongState,
                       {"Este bloqueo ya no está en vigor.", "This block is not in force."}};
    }
    Event lifted = answer_event(call, "read_block_lifted", alert);
    lifted.with("reader", alert.reader);
    ESC_TRY(commit(call, {std::move(lifted)}));
    call.services.reads.lift(call.company(),
                             guard::Reader::parse(alert.reader).value_or(guard::Reader{}));
    return detail_answer(call);
}

}  // namespace escucha::api
