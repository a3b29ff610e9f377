#include <map>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/prompts.h"
#include "flow/document.h"
#include "flow/validator.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

Answer items_answer(json::array items) {
    return json_response(json::object{{"items", std::move(items)}});
}

/// Rows of key, name_es, name_en as choices in the caller's language. `table` is a literal.
Answer choices(Call& call, std::string_view table) {
    const std::string name = call.language == Language::En ? "name_en" : "name_es";
    ESC_TRY(const auto rows,
            call.db.query("SELECT key, " + name + " FROM " + std::string{table} +
                              " WHERE company_id = ? AND is_active = 1 ORDER BY position, key",
                          {call.company()}));
    json::array items;
    for (const store::Row& row : rows) {
        Columns columns{row};
        json::object choice{{"code", columns.text()}};
        choice["label"] = columns.text();
        ESC_TRY(columns.done());
        items.push_back(std::move(choice));
    }
    return items_answer(std::move(items));
}

json::array encode_problems(const std::vector<flow::Problem>& problems, Language language) {
    json::array items;
    for (const flow::Problem& problem : problems) {
        items.push_back(json::object{
            {"code", problem.code},
            {"node", or_null(problem.node)},
            {"message", language == Language::En ? problem.message_en : problem.message_es},
            {"severity", problem.severity == flow::Severity::Error ? "error" : "warning"}});
    }
    return items;
}

}  // namespace

Answer list_reasons(Call& call) { return choices(call, "not_ready_reason"); }
Answer list_topics(Call& call) { return choices(call, "disposition_topic"); }
Answer list_outcomes(Call& call) { return choices(call, "disposition_outcome"); }

Answer list_queues(Call& call) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT q.id, q.name, q.ring_time_s, q.wrap_up_s, s.at_us, s.reason,"
                          " b.name, a.id, u.name"
                          " FROM queue q LEFT JOIN queue_stop s ON s.queue_id = q.id"
                          " LEFT JOIN app_user b ON b.id = s.user_id"
                          " LEFT JOIN agent_queue x ON x.queue_id = q.id"
                          " LEFT JOIN agent a ON a.id = x.agent_id"
                          " LEFT JOIN app_user u ON u.id = a.user_id"
                          " WHERE q.company_id = ? ORDER BY q.name, q.id, u.name",
                          {call.company()}));
    json::array items;
    for (const store::Row& row : rows) {
        Columns columns{row};
        const std::string id = columns.text();
        const std::string name = columns.text();
        const auto ring_s = columns.next<std::int64_t>();
        const auto wrap_up_s = columns.next<std::int64_t>();
        json::value stopped = nullptr;
        const auto stopped_at = columns.next<std::optional<WallTime>>();
        const std::string reason = columns.text();
        const std::string by = columns.text();
        if (stopped_at) {
            stopped = json::object{
                {"at", to_rfc3339(*stopped_at)}, {"reason", reason}, {"by", or_null(by)}};
        }
        const std::string agent = columns.text();
        const json::value member = named_or_null(agent, columns.text());
        ESC_TRY(columns.done());
        if (items.empty() || items.back().at("id").as_string() != id) {
            items.push_back(json::object{{"id", id},
                                         {"name", name},
                                         {"ring_s", ring_s},
                                         {"wrap_up_s", wrap_up_s},
                                         {"stopped", std::move(stopped)},
                                         {"music", json::array{}},
                                         {"agents", json::array{}}});
        }
        if (!member.is_null()) items.back().at("agents").as_array().push_back(member);
    }
    ESC_TRY(const auto music,
            call.db.query("SELECT queue_id, name FROM queue_music WHERE company_id = ?"
                          " ORDER BY queue_id, position",
                          {call.company()}));
    for (const store::Row& row : music) {
        Columns columns{row};
        const std::string queue = columns.text();
        json::string name{columns.text()};
        ESC_TRY(columns.done());
        for (auto& item : items) {
            if (item.at("id").as_string() == queue) item.at("music").as_array().push_back(name);
        }
    }
    return items_answer(std::move(items));
}

Answer list_flows(Call& call) {
    ESC_TRY(const auto rows,
            call.db.query("SELECT f.id, f.name, v.version, v.created_at_us, v.published_at_us"
                          " FROM flow f LEFT JOIN flow_version v ON v.flow_id = f.id"
                          " WHERE f.company_id = ? ORDER BY f.name, f.id, v.version",
                          {call.company()}));
    json::array items;
    for (const store::Row& row : rows) {
        Columns columns{row};
        const std::string id = columns.text();
        const std::string name = columns.text();
        const auto version = columns.next<std::optional<std::int64_t>>();
        const auto created_at = columns.next<std::optional<WallTime>>();
        const bool is_published = columns.next<std::optional<WallTime>>().has_value();
        ESC_TRY(columns.done());
        if (items.empty() || items.back().at("id").as_string() != id) {
            items.push_back(json::object{{"id", id},
                                         {"name", name},
                                         {"published_version", nullptr},
                                         {"versions", json::array{}}});
        }
        if (!version || !created_at) continue;
        json::object& flow = items.back().as_object();
        flow["versions"].as_array().push_back(
            json::object{{"version", *version}, {"created_at", to_rfc3339(*created_at)}});
        // Calls start in the greatest published one.
        if (is_published) flow["published_version"] = *version;
    }
    return items_answer(std::move(items));
}

Answer get_flow_version(Call& call) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT f.id, f.name, v.version, v.document FROM flow_version v"
                              " JOIN flow f ON f.id = v.flow_id WHERE f.company_id = ?"
                              " AND f.id = ? AND v.version = CAST(? AS BIGINT)",
                              {call.company(), call.path.at(0), call.path.at(1)}));
    if (!row) return Problem{Code::NotFound};
    Columns columns{*row};
    json::object version{{"flow_id", columns.text()}};
    version["name"] = columns.text();
    version["version"] = columns.next<std::int64_t>();
    const std::string text = columns.text();
    ESC_TRY(columns.done());
    json::error_code broken;
    json::value document = json::parse(text, broken);
    if (broken || !document.is_object()) return Problem{Code::Internal};
    version["document"] = std::move(document);
    auto parsed = flow::parse(text);
    if (parsed) {
        version["problems"] = encode_problems(flow::validate(parsed.value()), call.language);
        ESC_TRY(auto missing, missing_recordings(call, parsed.value()));
        for (auto& problem : missing) {
            version.at("problems").as_array().push_back(std::move(problem));
        }
    } else {
        version["problems"] = json::array{json::object{{"code", "unreadable"},
                                                       {"node", nullptr},
                                                       {"message", parsed.error().message()},
                                                       {"severity", "error"}}};
    }
    return json_response(version);
}

}  // namespace escucha::api
