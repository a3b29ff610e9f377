#include "exports/requests.h"

#include <algorithm>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"

namespace escucha::exports {
namespace {

namespace json = boost::json;

constexpr std::string_view kRequestColumns =
    "SELECT id, company_id, what, filter, columns, language, reason, asked_by, asked_at_us,"
    " expected_rows, state, expires_at_us, decided_by, decided_at_us, decision_reason, failure,"
    " ready_at_us, row_count, customer_count, bytes, downloads, mark_key FROM export_request ";

constexpr std::size_t kMarkKeyAt = 21;

std::string print_filter(const std::map<std::string, std::string>& filter) {
    json::object object;
    for (const auto& [name, value] : filter) object[name] = value;
    return json::serialize(object);
}

std::map<std::string, std::string> parse_filter(const std::string& text) {
    std::map<std::string, std::string> filter;
    json::error_code error;
    const json::value value = json::parse(text, error);
    if (error || !value.is_object()) return filter;
    for (const auto& member : value.get_object()) {
        if (!member.value().is_string()) continue;
        filter[std::string{member.key()}] = std::string{member.value().get_string()};
    }
    return filter;
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

Result<Request> read(const store::Row& row) {
    Request request;
    ESC_TRY(request.id, row.get<ExportId>(0));
    ESC_TRY(request.company, row.get<CompanyId>(1));
    ESC_TRY(const auto what, row.get<std::string>(2));
    ESC_TRY(const auto filter, row.get<std::string>(3));
    ESC_TRY(const auto columns, row.get<std::string>(4));
    ESC_TRY(request.language, row.get<std::string>(5));
    ESC_TRY(request.reason, row.get<std::string>(6));
    ESC_TRY(request.asked_by, row.get<UserId>(7));
    ESC_TRY(request.asked_at, row.get<WallTime>(8));
    ESC_TRY(request.expected_rows, row.get<std::int64_t>(9));
    ESC_TRY(const auto state, row.get<std::string>(10));
    ESC_TRY(request.expires_at, row.get<WallTime>(11));
    ESC_TRY(request.decided_by, row.get<std::optional<UserId>>(12));
    ESC_TRY(request.decided_at, row.get<std::optional<WallTime>>(13));
    ESC_TRY(request.decision_reason, row.get<std::string>(14));
    ESC_TRY(request.failure, row.get<std::string>(15));
    ESC_TRY(request.ready_at, row.get<std::optional<WallTime>>(16));
    ESC_TRY(request.rows, row.get<std::int64_t>(17));
    ESC_TRY(request.customers, row.get<std::int64_t>(18));
    ESC_TRY(request.bytes, row.get<std::int64_t>(19));
    ESC_TRY(request.downloads, row.get<std::int64_t>(20));
    const auto known_what = parse_what(what);
    const auto known_state = parse_state(state);
    if (!known_what || !known_state) return fail(escucha::Errc::InvalidArgument, what + state);
    request.what = *known_what;
    request.state = *known_state;
    request.filter = parse_filter(filter);
    request.columns = split(columns);
    return request;
}

Result<MarkKey> read_key(const store::Row& row, std::size_t at) {
    ESC_TRY(const auto bytes, row.get<Bytes>(at));
    MarkKey key{};
    if (bytes.size() != key.size()) return fail(escucha::Errc::InvalidArgument, "mark_key");
    std::ranges::transform(
        bytes, key.begin(), [](auto byte) { return static_cast<std::uint8_t>(byte); });
    return key;
}

/// A statement that changes one row or is refused.
Result<void> change(store::Connection& connection,
                    std::string_view sql,
                    std::initializer_list<store::Param> params) {
    ESC_TRY(const auto changed, connection.execute(sql, params));
    if (changed != 1) return fail(escucha::Errc::Conflict, "export");
    return ok();
}

}  // namespace

Result<void> add(store::Connection& connection, const Request& request, const MarkKey& key) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT COUNT(*) FROM export_request WHERE company_id = ?"
                                 " AND asked_by = ? AND state NOT IN ('refused', 'gone')",
                                 {request.company, request.asked_by}));
    ESC_TRY(const auto open, row->get<std::int64_t>(0));
    if (open >= kMaxOpen) return fail(escucha::Errc::TooLarge, "open exports");
    Bytes bytes;
    for (const std::uint8_t byte : key) {
        bytes.push_back(static_cast<Bytes::value_type>(byte));
    }
    ESC_TRY(connection.execute(
        "INSERT INTO export_request (id, company_id, what, filter, columns, language, reason,"
        " asked_by, asked_at_us, expected_rows, state, expires_at_us, mark_key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked', ?, ?)",
        {request.id,
         request.company,
         word(request.what),
         print_filter(request.filter),
         join(request.columns),
         request.language,
         request.reason,
         request.asked_by,
         request.asked_at,
         request.expected_rows,
         request.expires_at,
         bytes}));
    return ok();
}

Result<std::optional<Request>> find(store::Connection& connection, CompanyId company, ExportId id) {
    ESC_TRY(const auto row,
            connection.query_one(std::string{kRequestColumns} + "WHERE company_id = ? AND id = ?",
                                 {company, id}));
    if (!row) return std::optional<Request>{};
    ESC_TRY(auto request, read(*row));
    return std::optional{std::move(request)};
}

Result<std::vector<Request>> list(store::Connection& connection, const Listed& which) {
    std::string sql = std::string{kRequestColumns} + "WHERE company_id = ? AND id < ?";
    std::vector<store::Param> params{which.company, which.before};
    if (which.asked_by) {
        sql += " AND asked_by = ?";
        params.emplace_back(*which.asked_by);
    }
    if (which.not_asked_by) {
        sql += " AND asked_by <> ?";
        params.emplace_back(*which.not_asked_by);
    }
    if (which.state) {
        sql += " AND state = ?";
        params.emplace_back(word(*which.state));
    }
    params.emplace_back(which.limit);
    ESC_TRY(const auto rows, connection.query(sql + " ORDER BY id DESC LIMIT ?", params));
    std::vector<Request> found;
    for (const store::Row& row : rows) {
        ESC_TRY(auto request, read(row));
        found.push_back(std::move(request));
    }
    return found;
}

Result<void> decide(store::Connection& connection,
                    const Request& request,
                    UserId by,
                    Decision decision,
                    const std::string& reason,
                    WallTime now) {
    const bool is_approved = decision == Decision::Approve;
    return change(connection,
                  "UPDATE export_request SET state = ?, decided_by = ?, decided_at_us = ?,"
                  " decision_reason = ?, expires_at_us = ? WHERE company_id = ? AND id = ?"
                  " AND state = 'asked' AND asked_by <> ? AND expires_at_us > ?",
                  {word(is_approved ? State::Approved : State::Refused),
                   by,
                   now,
                   reason,
                   now + kApprovedFor,
                   request.company,
                   request.id,
                   by,
                   now});
}

Result<void> begin_making(store::Connection& connection, const Request& request, WallTime now) {
    return change(connection,
                  "UPDATE export_request SET state = 'making', failure = ''"
                  " WHERE company_id = ? AND id = ? AND state = 'approved' AND expires_at_us > ?",
                  {request.company, request.id, now});
}

Result<void> give_up_making(store::Connection& connection,
                            ExportId id,
                            const std::string& failure) {
    return change(connection,
                  "UPDATE export_request SET state = 'approved', failure = ?"
                  " WHERE id = ? AND state = 'making'",
                  {failure, id});
}

Result<void> finish_making(store::Connection& connection,
                           ExportId id,
                           const Made& made,
                           WallTime now) {
    return change(connection,
                  "UPDATE export_request SET state = 'ready', ready_at_us = ?, expires_at_us = ?,"
                  " row_count = ?, customer_count = ?, bytes = ? WHERE id = ? AND state = 'making'",
                  {now, now + kReadyFor, made.rows, made.customers, made.bytes, id});
}

Result<void> count_download(store::Connection& connection, const Request& request, WallTime now) {
    return change(connection,
                  "UPDATE export_request SET downloads = downloads + 1"
                  " WHERE company_id = ? AND id = ? AND state = 'ready' AND expires_at_us > ?"
                  " AND downloads < ?",
                  {request.company, request.id, now, kMaxDownloads});
}

Result<void> withdraw(store::Connection& connection, const Request& request) {
    return change(connection,
                  "UPDATE export_request SET state = 'gone' WHERE company_id = ? AND id = ?"
                  " AND state IN ('asked', 'approved', 'ready')",
                  {request.company, request.id});
}

Result<void> recover(store::Connection& connection) {
    ESC_TRY(
        connection.execute("UPDATE export_request SET state = 'approved',"
                           " failure = 'interrupted' WHERE state = 'making'"));
    return ok();
}

Result<void> expire(store::Connection& connection, WallTime now) {
    ESC_TRY(
        connection.execute("UPDATE export_request SET state = 'gone'"
                           " WHERE state IN ('asked', 'approved', 'ready')"
                           " AND expires_at_us <= ?",
                           {now}));
    return ok();
}

Result<std::vector<ExportId>> ready_ones(store::Connection& connection) {
    ESC_TRY(const auto rows,
            connection.query("SELECT id FROM export_request"
                             " WHERE state = 'ready'"));
    std::vector<ExportId> ids;
    for (const store::Row& row : rows) {
        ESC_TRY(const auto id, row.get<ExportId>(0));
        ids.push_back(id);
    }
    return ids;
}

Result<std::vector<Keyed>> made_ones(store::Connection& connection) {
    ESC_TRY(const auto rows,
            connection.query(std::string{kRequestColumns} +
                             "WHERE ready_at_us IS NOT NULL ORDER BY id DESC"));
    std::vector<Keyed> found;
    for (const store::Row& row : rows) {
        ESC_TRY(auto request, read(row));
        ESC_TRY(const auto key, read_key(row, kMarkKeyAt));
        found.push_back({std::move(request), key});
    }
    return found;
}

Result<MarkKey> mark_key_of(store::Connection& connection, ExportId id) {
    ESC_TRY(const auto row,
            connection.query_one("SELECT mark_key FROM export_request WHERE id = ?", {id}));
    if (!row) return fail(escucha::Errc::NotFound, "export");
    return read_key(*row, 0);
}

}  // namespace escucha::exports
