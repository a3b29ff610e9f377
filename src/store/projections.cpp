#include "store/projections.h"

#include <array>
#include <string>
#include <unordered_map>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "store/detail/projection_step.h"
#include "store/detail/rows.h"

namespace escucha::store {
namespace {

using StepFunction = Result<void> (*)(ProjectionStep&);

const std::unordered_map<std::string_view, StepFunction>& steps() {
    using namespace projection;
    static const std::unordered_map<std::string_view, StepFunction> table{
        {"contact_arrived", contact_arrived},
        {"contact_identified", contact_identified},
        {"identity_checked", identity_checked},
        {"reask_counted", reask_counted},
        {"flow_node_entered", flow_node_entered},
        {"language_chosen", language_chosen},
        {"contact_queued", contact_queued},
        {"contact_left_queue", contact_left_queue},
        {"offer_made", offer_made},
        {"offer_returned", offer_returned},
        {"contact_connected", contact_connected},
        {"hold_started", hold_started},
        {"hold_ended", hold_ended},
        {"transfer_started", transfer_started},
        {"contact_disconnected", contact_disconnected},
        {"contact_ended", contact_ended},
        {"recording_started", recording_started},
        {"recording_paused", recording_paused},
        {"recording_resumed", recording_resumed},
        {"recording_ended", recording_ended},
        {"case_opened", case_opened},
        {"case_datum_recorded", case_datum_recorded},
        {"case_linked", case_linked},
        {"reference_spoken", reference_spoken},
        {"case_updated", case_updated},
        {"case_closed", case_closed},
        {"disposition_recorded", disposition_recorded},
        {"note_saved", note_saved},
        {"customer_created", customer_created},
        {"customer_updated", customer_updated},
        {"contact_point_added", contact_point_added},
        {"contact_point_removed", contact_point_removed},
        {"agent_state_changed", agent_state_changed},
        {"prompt_saved", prompt_saved},
        {"prompt_described", prompt_described},
        {"prompt_removed", prompt_removed},
        {"queue_music_chosen", queue_music_chosen},
        {"queue_stopped", queue_stopped},
        {"queue_resumed", queue_resumed},
        {"alert_raised", alert_raised},
        {"canary_alert_raised", alert_raised},
        {"alert_acknowledged", alert_acknowledged},
        {"read_block_lifted", read_block_lifted},
        {"canary_planted", canary_planted},
        {"canary_removed", canary_removed},
    };
    return table;
}

constexpr std::array<std::string_view, 20> kProjections{
    "customer",    "contact_point",        "contact",    "case_contact", "case_file",
    "case_datum",  "contact_verification", "case_note",  "disposition",  "recording",
    "agent_state", "agent_state_log",      "queue_day",  "agent_day",    "line_day",
    "prompt",      "queue_music",          "queue_stop", "alert",        "canary"};

constexpr std::int64_t kRebuildPage = 10'000;

}  // namespace

std::string ProjectionStep::text(std::string_view name) const {
    return maybe_text(name).value_or(std::string{});
}

std::optional<std::string> ProjectionStep::maybe_text(std::string_view name) const {
    const auto* value = fields.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string{std::string_view{value->get_string()}};
}

std::int64_t ProjectionStep::integer(std::string_view name) const {
    const auto* value = fields.if_contains(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

bool ProjectionStep::flag(std::string_view name) const {
    const auto* value = fields.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

Result<std::string> ProjectionStep::day() {
    return projector.day(connection, event.company, event.at);
}

Result<void> ProjectionStep::run(std::string_view sql, std::initializer_list<Param> params) {
    ESC_TRY(connection.execute(sql, params));
    return ok();
}

Result<void> ProjectionStep::count(detail::DayTable table,
                                   std::string_view key,
                                   std::initializer_list<Counter> counters) {
    ESC_TRY(const auto local, day());
    projector.counters_.add(table, event.company, key, local, counters);
    return ok();
}

Result<void> Projector::apply(Connection& connection,
                              const StoredEvent& event,
                              const boost::json::object& fields) {
    const auto found = steps().find(event.type);
    if (found == steps().end()) return ok();
    ProjectionStep step{connection, event, fields, *this};
    return found->second(step);
}

Result<void> Projector::apply(Connection& connection, const StoredEvent& event) {
    boost::json::error_code error;
    const auto parsed = boost::json::parse(event.data, error);
    if (error || !parsed.is_object())
        return fail(Errc::Corrupt, "an event's data is not an object");
    return apply(connection, event, parsed.get_object());
}

void Projector::forget() {
    zones_.clear();
    days_.clear();
}

Result<std::string> Projector::day(Connection& connection, const CompanyId& company, WallTime at) {
    // No zone changes its offset within a quarter of an hour, so a day holds for one.
    constexpr std::int64_t kQuarterUs = 15LL * 60 * 1'000'000;
    const std::int64_t quarter = to_micros(at) / kQuarterUs;
    if (const auto known = days_.find(company);
        known != days_.end() && known->second.quarter == quarter) {
        return known->second.day;
    }
    auto zone = zones_.find(company);
    if (zone == zones_.end()) {
        ESC_TRY(const auto row,
                connection.query_one("SELECT zone FROM company WHERE id = ?", {company}));
        std::string name{"UTC"};
        if (row) {
            ESC_TRY(name, row->get<std::string>(0));
        }
        zone = zones_.emplace(company, std::move(name)).first;
    }
    auto& entry = days_[company];
    entry = {quarter, local_day(at, zone->second)};
    return entry.day;
}

Result<std::int64_t> rebuild_projections(Connection& connection) {
    ESC_TRY(auto tx, Tx::begin(connection));
    for (const std::string_view table : kProjections) {
        ESC_TRY(connection.execute("DELETE FROM " + std::string{table}));
    }
    static const std::string sql = "SELECT " + std::string{detail::kEventColumns} +
                                   " FROM event WHERE seq > ? ORDER BY seq LIMIT ?";
    Projector projector;
    std::int64_t count = 0;
    std::int64_t after = 0;
    while (true) {
        ESC_TRY(const auto rows, connection.query(sql, {after, kRebuildPage}));
        ESC_TRY(const auto events, detail::read_events(rows));
        if (events.empty()) break;
        for (const StoredEvent& event : events) {
            ESC_TRY(projector.apply(connection, event));
        }
        ESC_TRY(projector.write_counters(connection));
        count += static_cast<std::int64_t>(events.size());
        after = events.back().seq;
    }
    ESC_TRY(tx.commit());
    return count;
}

}  // namespace escucha::store
