// One contact's recordings as one journey: the index, and the sound on one clock.

#include <map>

#include <boost/json/array.hpp>

#include "api/detail/handlers.h"
#include "api/detail/journey.h"
#include "api/detail/json.h"
#include "api/detail/recorded_sound.h"
#include "api/detail/records.h"
#include "store/journal.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

constexpr std::int64_t kMostSegments = 100;

/// The recordings of the contact that the caller may hear. `NotFound` when there is none.
Attempt<json::array> heard_by(Call& call, ContactId id) {
    ESC_TRY(auto recordings, recording_records(call, "r.contact_id = ?", {id}, kMostSegments));
    if (recordings.empty()) return Problem{Code::NotFound};
    for (const json::value& recording : recordings) call.seen.add(recording.at("customer"));
    return recordings;
}

Attempt<std::string> name_of(Call& call, const AgentId& id) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT u.name FROM agent a JOIN app_user u ON u.id = a.user_id"
                              " WHERE a.company_id = ? AND a.id = ?",
                              {call.company(), id}));
    if (!row) return std::string{};
    ESC_TRY(auto name, row->get<std::string>(0));
    return name;
}

Attempt<std::string> name_of(Call& call, const QueueId& id) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT name FROM queue WHERE company_id = ? AND id = ?",
                              {call.company(), id}));
    if (!row) return std::string{};
    ESC_TRY(auto name, row->get<std::string>(0));
    return name;
}

template <typename AnyId>
Attempt<json::value> named(Call& call, const std::optional<AnyId>& id) {
    if (!id) return json::value(nullptr);
    ESC_TRY(auto name, name_of(call, *id));
    return named_or_null(id->to_string(), std::move(name));
}

std::string_view word_of(Journey::Between what) {
    switch (what) {
        case Journey::Between::Menu:
            return "menu";
        case Journey::Between::Queue:
            return "queue";
        case Journey::Between::Transfer:
            return "transfer";
        case Journey::Between::Lost:
            return "lost";
    }
    return {};
}

Attempt<json::object> encode_segment(Call& call, const Journey::Segment& segment) {
    json::object out{{"recording_id", segment.recording.to_string()},
                     {"kind", segment.is_voicemail ? "voicemail" : "call"},
                     {"from_ms", segment.from_ms},
                     {"to_ms", segment.to_ms},
                     {"is_over", segment.is_over},
                     {"is_complete", segment.is_complete},
                     {"end", or_null(segment.end)}};
    ESC_TRY(out["agent"], named(call, segment.agent));
    out["outside"] = or_null(segment.outside);
    ESC_TRY(out["queue"], named(call, segment.queue));
    json::array pauses, holds;
    for (const Journey::Pause& pause : segment.pauses) {
        pauses.push_back(json::object{
            {"from_ms", pause.from_ms}, {"to_ms", pause.to_ms}, {"reason", pause.reason}});
    }
    for (const Journey::Span& hold : segment.holds) {
        holds.push_back(json::object{{"from_ms", hold.from_ms}, {"to_ms", hold.to_ms}});
    }
    out["pauses"] = std::move(pauses);
    out["holds"] = std::move(holds);
    json::array others;
    for (const Journey::Other& other : segment.others) {
        ESC_TRY(auto agent, named(call, std::optional{other.agent}));
        others.push_back(json::object{{"agent", std::move(agent)},
                                      {"as", other.as},
                                      {"from_ms", other.from_ms},
                                      {"to_ms", other.to_ms}});
    }
    out["others"] = std::move(others);
    return out;
}

Attempt<json::object> encode_gap(Call& call, const Journey::Gap& gap) {
    const auto what = word_of(gap.what);
    json::object out{{"from_ms", gap.from_ms},
                     {"to_ms", gap.to_ms},
                     {"what", json::string_view{what.data(), what.size()}}};
    ESC_TRY(out["queue"], named(call, gap.queue));
    return out;
}

}  // namespace

Answer get_journey(Call& call) {
    ESC_TRY(const auto id, call.id<ContactTag>(0));
    ESC_TRY(const auto recordings, heard_by(call, id));
    ESC_TRY(const auto events, store::read_contact_events(call.db, call.company(), id));
    const Journey journey = journey_of(events);
    json::array segments, gaps;
    for (const Journey::Segment& segment : journey.segments) {
        ESC_TRY(auto encoded, encode_segment(call, segment));
        segments.push_back(std::move(encoded));
    }
    for (const Journey::Gap& gap : journey.gaps) {
        ESC_TRY(auto encoded, encode_gap(call, gap));
        gaps.push_back(std::move(encoded));
    }
    const json::object& newest = recordings.front().as_object();
    return json_response(json::object{{"contact_id", id.to_string()},
                                      {"started_at", to_rfc3339(journey.arrived)},
                                      {"duration_ms", journey.duration_ms()},
                                      {"caller", or_null(journey.caller)},
                                      {"customer", newest.at("customer")},
                                      {"segments", std::move(segments)},
                                      {"gaps", std::move(gaps)}});
}

Answer get_journey_audio(Call& call) {
    ESC_TRY(const auto id, call.id<ContactTag>(0));
    ESC_TRY(const auto recordings, heard_by(call, id));
    ESC_TRY(const auto events, store::read_contact_events(call.db, call.company(), id));
    const Journey journey = journey_of(events);
    std::vector<recording::JourneySound::Segment> segments;
    std::optional<Problem> trouble;
    for (const Journey::Segment& segment : journey.segments) {
        auto sound = open_recorded(call, segment.recording);
        if (!sound) {
            trouble = sound.error();
            continue;
        }
        segments.push_back(
            {.start_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, segment.from_ms)),
             .sound = std::move(sound).value()});
    }
    // With some of it the player shows what is missing; with nothing there is nothing to play.
    if (segments.empty()) return trouble ? *trouble : Problem{Code::NotFound};
    auto sound = std::make_unique<recording::JourneySound>(std::move(segments));
    ESC_TRY(auto response, wav_response(call, std::move(sound)));
    if (response.status == 416) return response;
    for (const json::value& heard : recordings) {
        ESC_TRY(note_listening(call, heard.as_object()));
    }
    return response;
}

}  // namespace escucha::api
