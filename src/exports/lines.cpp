#include "exports/lines.h"

#include "base/errc.h"

namespace escucha::exports {
namespace {

struct Query {
    std::string where;
    std::vector<store::Param> params;
};

/// `%` and `_` lose their meaning.
std::string like_text(std::string_view text) {
    std::string pattern{"%"};
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '!') pattern.push_back('!');
        pattern.push_back(c);
    }
    return pattern + '%';
}

std::string digits_of(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c >= '0' && c <= '9') digits.push_back(c);
    }
    return digits;
}

/// Fewer would be in nearly every number.
constexpr std::size_t kLeastDigits = 4;

Result<store::Param> bind(const Condition& condition, const std::string& value) {
    switch (condition.kind) {
        case Condition::Kind::Id: {
            const auto id = Uuid::parse(value);
            if (!id) return fail(escucha::Errc::InvalidArgument, std::string{condition.key});
            return store::Param{id->to_string()};
        }
        case Condition::Kind::Time: {
            const auto time = parse_rfc3339(value);
            if (!time) return fail(escucha::Errc::InvalidArgument, std::string{condition.key});
            return store::Param{*time};
        }
        case Condition::Kind::Digits:
            return store::Param{digits_of(value)};
        case Condition::Kind::Text:
        case Condition::Kind::TextOrNumber: {
            const std::string words = store::search_key(value);
            // Signs alone would be in every line.
            if (words.empty()) {
                return fail(escucha::Errc::InvalidArgument, std::string{condition.key});
            }
            return store::Param{like_text(words)};
        }
        case Condition::Kind::Word:
            break;
    }
    return store::Param{value};
}

/// The request's conditions, each with AND before it.
Result<void> add_conditions(const Request& request, Query& query) {
    for (const auto& [name, value] : request.filter) {
        const Condition* condition = find_condition(request.what, name);
        if (condition == nullptr) return fail(escucha::Errc::InvalidArgument, name);
        ESC_TRY(auto param, bind(*condition, value));
        query.where += " AND " + std::string{condition->sql};
        query.params.push_back(std::move(param));
        if (condition->kind == Condition::Kind::TextOrNumber) {
            const std::string digits = digits_of(value);
            query.params.emplace_back(digits.size() >= kLeastDigits ? like_text(digits) : "");
        }
    }
    return ok();
}

constexpr std::string_view kRecordings =
    "recording r JOIN contact t ON t.id = r.contact_id WHERE r.company_id = ?"
    " AND r.state = 'done'";

Result<std::string> read_cell(const store::Row& row, std::size_t at, Cell cell) {
    switch (cell) {
        case Cell::Number: {
            ESC_TRY(const auto number, row.get<std::optional<std::int64_t>>(at));
            return number ? std::to_string(*number) : std::string{};
        }
        case Cell::Time: {
            ESC_TRY(const auto time, row.get<std::optional<WallTime>>(at));
            return time ? to_rfc3339(*time) : std::string{};
        }
        case Cell::Text:
            break;
    }
    ESC_TRY(auto text, row.get<std::optional<std::string>>(at));
    return std::move(text).value_or("");
}

}  // namespace

LineReader::LineReader(store::Connection& connection, const Request& request)
    : connection_{connection},
      request_{request},
      last_{request.what == What::Audit ? store::Param{0} : store::Param{""}} {}

Result<std::vector<DataLine>> LineReader::next() {
    std::vector<DataLine> lines;
    if (is_done_) return lines;
    const Source& source = source_of(request_.what);
    std::string sql = "SELECT " + std::string{source.key};
    sql += source.customer.empty() ? ", NULL" : ", " + std::string{source.customer};
    std::vector<const Column*> columns;
    for (const std::string& key : request_.columns) {
        const Column* column = find_column(request_.what, key);
        if (column == nullptr) return fail(escucha::Errc::InvalidArgument, key);
        columns.push_back(column);
        sql += ", " + std::string{column->sql};
    }
    Query query{.where = {}, .params = {request_.company}};
    ESC_TRY(add_conditions(request_, query));
    query.params.push_back(last_);
    query.params.emplace_back(kPage);
    sql += " FROM " + std::string{source.from} + query.where + " AND " + std::string{source.key} +
           " > ? ORDER BY " + std::string{source.key} + " LIMIT ?";
    ESC_TRY(const auto rows, connection_.query(sql, query.params));
    for (const store::Row& row : rows) {
        DataLine line;
        if (!source.customer.empty()) {
            ESC_TRY(line.customer, row.get<std::optional<CustomerId>>(1));
        }
        for (std::size_t i = 0; i < columns.size(); ++i) {
            ESC_TRY(auto cell, read_cell(row, i + 2, columns[i]->cell));
            line.cells.push_back(std::move(cell));
        }
        lines.push_back(std::move(line));
    }
    is_done_ = static_cast<std::int64_t>(rows.size()) < kPage;
    if (rows.empty()) return lines;
    if (request_.what == What::Audit) {
        ESC_TRY(last_, rows.back().get<std::int64_t>(0));
    } else {
        ESC_TRY(last_, rows.back().get<std::string>(0));
    }
    return lines;
}

Result<std::int64_t> count(store::Connection& connection,
                           const Request& request,
                           const std::optional<AgentId>& hears) {
    Query query{.where = {}, .params = {request.company}};
    ESC_TRY(add_conditions(request, query));
    std::string from{is_sound(request.what) ? kRecordings : source_of(request.what).from};
    from += query.where;
    if (is_sound(request.what) && hears) {
        from +=
            " AND EXISTS (SELECT 1 FROM event v WHERE v.contact_id = r.contact_id"
            " AND v.type = 'contact_connected' AND v.agent_id = ?)";
        query.params.emplace_back(*hears);
    }
    query.params.emplace_back((is_sound(request.what) ? kMaxRecordings : kMaxRows) + 1);
    ESC_TRY(const auto row,
            connection.query_one(
                "SELECT COUNT(*) FROM (SELECT 1 AS one FROM " + from + " LIMIT ?) AS counted",
                query.params));
    return row->get<std::int64_t>(0);
}

Result<std::vector<RecordingFile>> recordings_of(store::Connection& connection,
                                                 const Request& request) {
    Query query{.where = {}, .params = {request.company}};
    ESC_TRY(add_conditions(request, query));
    query.params.emplace_back(kMaxRecordings);
    ESC_TRY(const auto rows,
            connection.query("SELECT r.id, r.contact_id, t.customer_id, r.started_at_us, r.path"
                             " FROM " +
                                 std::string{kRecordings} + query.where + " ORDER BY r.id LIMIT ?",
                             query.params));
    std::vector<RecordingFile> files;
    for (const store::Row& row : rows) {
        RecordingFile file;
        ESC_TRY(file.id, row.get<RecordingId>(0));
        ESC_TRY(file.contact, row.get<ContactId>(1));
        ESC_TRY(file.customer, row.get<std::optional<CustomerId>>(2));
        ESC_TRY(file.started_at, row.get<WallTime>(3));
        ESC_TRY(file.path, row.get<std::string>(4));
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace escucha::exports
