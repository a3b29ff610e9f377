#include <boost/json/array.hpp>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

struct Sums {
    std::int64_t offered = 0, answered = 0, answered_20s = 0, abandoned = 0, left_otherwise = 0;
    std::int64_t answered_wait_ms = 0, longest_wait_ms = 0, talk_ms = 0;

    void add(const Sums& other) {
        offered += other.offered;
        answered += other.answered;
        answered_20s += other.answered_20s;
        abandoned += other.abandoned;
        left_otherwise += other.left_otherwise;
        answered_wait_ms += other.answered_wait_ms;
        longest_wait_ms = std::max(longest_wait_ms, other.longest_wait_ms);
        talk_ms += other.talk_ms;
    }
};

json::value average(std::int64_t sum, std::int64_t count) {
    if (count == 0) return nullptr;
    return sum / count;
}

json::object encode_sums(const std::string& queue, const std::string& name, const Sums& sums) {
    const bool had_any = sums.answered + sums.abandoned + sums.left_otherwise > 0;
    return {{"queue_id", or_null(queue)},
            {"name", name},
            {"offered", sums.offered},
            {"answered", sums.answered},
            {"abandoned", sums.abandoned},
            {"left_otherwise", sums.left_otherwise},
            {"answered_within_20s", sums.answered_20s},
            {"average_wait_ms", average(sums.answered_wait_ms, sums.answered)},
            {"longest_wait_ms", had_any ? json::value(sums.longest_wait_ms) : json::value(nullptr)},
            {"average_talk_ms", average(sums.talk_ms, sums.answered)}};
}

}  // namespace

Answer get_figures_today(Call& call) {
    ESC_TRY(const auto day, today(call));
    ESC_TRY(const auto rows,
            call.db.query("SELECT q.id, q.name, COALESCE(d.offered, 0), COALESCE(d.answered, 0),"
                          " COALESCE(d.answered_20s, 0), COALESCE(d.abandoned, 0),"
                          " COALESCE(d.left_otherwise, 0), COALESCE(d.answered_wait_ms, 0),"
                          " COALESCE(d.longest_wait_ms, 0), COALESCE(d.talk_ms, 0)"
                          " FROM queue q LEFT JOIN queue_day d ON d.company_id = q.company_id"
                          " AND d.queue_id = q.id AND d.day = ?"
                          " WHERE q.company_id = ? ORDER BY q.name, q.id",
                          {day, call.company()}));
    json::array queues;
    Sums totals;
    for (const store::Row& row : rows) {
        Columns columns{row};
        const std::string id = columns.text();
        const std::string name = columns.text();
        Sums sums;
        for (std::int64_t* sum : {&sums.offered,
                                  &sums.answered,
                                  &sums.answered_20s,
                                  &sums.abandoned,
                                  &sums.left_otherwise,
                                  &sums.answered_wait_ms,
                                  &sums.longest_wait_ms,
                                  &sums.talk_ms}) {
            *sum = columns.next<std::int64_t>();
        }
        ESC_TRY(columns.done());
        totals.add(sums);
        queues.push_back(encode_sums(id, name, sums));
    }
    return json_response(json::object{
        {"day", day}, {"totals", encode_sums("", "", totals)}, {"queues", std::move(queues)}});
}

}  // namespace escucha::api
