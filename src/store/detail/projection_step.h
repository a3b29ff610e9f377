#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "store/projections.h"

namespace escucha::store {

/// One event on its way into the read tables: the connection, the event and its decoded fields.
struct ProjectionStep {
    Connection& connection;
    const StoredEvent& event;
    const boost::json::object& fields;
    Projector& projector;

    /// A field's text; empty when absent or of another type. Likewise 0 and false below.
    [[nodiscard]] std::string text(std::string_view name) const;
    /// Null when absent, so that COALESCE keeps the column.
    [[nodiscard]] std::optional<std::string> maybe_text(std::string_view name) const;
    [[nodiscard]] std::int64_t integer(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;
    /// The company's local day of the event.
    Result<std::string> day();

    Result<void> run(std::string_view sql, std::initializer_list<Param> params);
    using Counter = detail::DayCounters::Counter;
    /// Adds to the counters of this day of `key`, an id as text.
    Result<void> count(detail::DayTable table,
                       std::string_view key,
                       std::initializer_list<Counter> counters);
    /// Nothing, of an event that names none.
    template <typename Tag>
    Result<void> count(detail::DayTable table,
                       const std::optional<Id<Tag>>& key,
                       std::initializer_list<Counter> counters) {
        return key ? count(table, key->to_string(), counters) : ok();
    }
};

namespace projection {

// One function per event type; all in projection_*.cpp.
using Step = ProjectionStep;
using detail::DayTable;
Result<void> contact_arrived(Step& step);
Result<void> contact_identified(Step& step);
Result<void> identity_checked(Step& step);
Result<void> reask_counted(Step& step);
Result<void> flow_node_entered(Step& step);
Result<void> language_chosen(Step& step);
Result<void> contact_queued(Step& step);
Result<void> contact_left_queue(Step& step);
Result<void> offer_made(Step& step);
Result<void> offer_returned(Step& step);
Result<void> contact_connected(Step& step);
Result<void> hold_started(Step& step);
Result<void> hold_ended(Step& step);
Result<void> transfer_started(Step& step);
Result<void> contact_disconnected(Step& step);
Result<void> contact_ended(Step& step);
Result<void> recording_started(Step& step);
Result<void> recording_paused(Step& step);
Result<void> recording_resumed(Step& step);
Result<void> recording_ended(Step& step);
Result<void> case_opened(Step& step);
Result<void> case_datum_recorded(Step& step);
Result<void> case_linked(Step& step);
Result<void> reference_spoken(Step& step);
Result<void> case_updated(Step& step);
Result<void> case_closed(Step& step);
Result<void> disposition_recorded(Step& step);
Result<void> note_saved(Step& step);
Result<void> customer_created(Step& step);
Result<void> customer_updated(Step& step);
Result<void> contact_point_added(Step& step);
Result<void> contact_point_removed(Step& step);
Result<void> agent_state_changed(Step& step);
Result<void> prompt_saved(Step& step);
Result<void> prompt_described(Step& step);
Result<void> prompt_removed(Step& step);
Result<void> queue_music_chosen(Step& step);
Result<void> queue_stopped(Step& step);
Result<void> queue_resumed(Step& step);
Result<void> alert_raised(Step& step);
Result<void> alert_acknowledged(Step& step);
Result<void> read_block_lifted(Step& step);
Result<void> canary_planted(Step& step);
Result<void> canary_removed(Step& step);

}  // namespace projection
}  // namespace escucha::store
