#include "store/detail/day_counters.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace escucha::store::detail {
namespace {

constexpr std::string_view kGreatest = "longest_wait_ms";

constexpr std::array<std::string_view, 10> kQueueColumns{"offered",
                                                         "answered",
                                                         "answered_20s",
                                                         "abandoned",
                                                         "left_otherwise",
                                                         "answered_wait_ms",
                                                         "abandoned_wait_ms",
                                                         kGreatest,
                                                         "talk_ms",
                                                         "hold_ms"};
constexpr std::array<std::string_view, 12> kAgentColumns{"offers",
                                                         "answered",
                                                         "missed",
                                                         "declined",
                                                         "talk_ms",
                                                         "hold_ms",
                                                         "ready_ms",
                                                         "not_ready_ms",
                                                         "offered_ms",
                                                         "talking_ms",
                                                         "wrap_up_ms",
                                                         "dispositions"};
constexpr std::array<std::string_view, 9> kLineColumns{"arrived",
                                                       "served",
                                                       "self_served",
                                                       "abandoned_menu",
                                                       "abandoned_queue",
                                                       "voicemail",
                                                       "refused",
                                                       "fault",
                                                       "reasks"};

std::span<const std::string_view> columns_of(DayTable table) {
    switch (table) {
        case DayTable::Queue:
            return kQueueColumns;
        case DayTable::Agent:
            return kAgentColumns;
        case DayTable::Line:
            break;
    }
    return kLineColumns;
}

// All columns each time, so that there is one statement for each table to prepare.
std::string upsert_of(DayTable table, std::string_view name, std::string_view key) {
    const std::string its = std::string{name} + ".";
    std::string names;
    std::string marks;
    std::string sums;
    for (const std::string_view column : columns_of(table)) {
        const std::string one{column};
        names += ", " + one;
        marks += ", ?";
        sums += sums.empty() ? "" : ", ";
        if (column == kGreatest) {
            sums += one + " = CASE WHEN excluded." + one + " > " + its + one + " THEN excluded." +
                    one + " ELSE " + its + one + " END";
        } else {
            sums += one + " = " + its + one + " + excluded." + one;
        }
    }
    const std::string row = "company_id, " + std::string{key} + ", day";
    return "INSERT INTO " + std::string{name} + " (" + row + names + ") VALUES (?, ?, ?" + marks +
           ") ON CONFLICT (" + row + ") DO UPDATE SET " + sums;
}

const std::string& upsert(DayTable table) {
    static const std::string queue = upsert_of(DayTable::Queue, "queue_day", "queue_id");
    static const std::string agent = upsert_of(DayTable::Agent, "agent_day", "agent_id");
    static const std::string line = upsert_of(DayTable::Line, "line_day", "line_id");
    return table == DayTable::Queue ? queue : table == DayTable::Agent ? agent : line;
}

}  // namespace

void DayCounters::add(DayTable table,
                      CompanyId company,
                      std::string_view key,
                      std::string_view day,
                      std::span<const Counter> counters) {
    const auto columns = columns_of(table);
    Sums& sums = rows_[Key{table, company, std::string{key}, std::string{day}}];
    sums.resize(columns.size());
    for (const auto& [column, value] : counters) {
        const auto at = std::ranges::find(columns, column);
        ESC_CHECK(at != columns.end());
        std::int64_t& sum = sums[static_cast<std::size_t>(at - columns.begin())];
        sum = column == kGreatest ? std::max(sum, value) : sum + value;
    }
}

Result<void> DayCounters::write(Connection& connection) {
    std::vector<Param> params;
    for (const auto& [where, sums] : rows_) {
        const auto& [table, company, key, day] = where;
        params.assign({company, key, day});
        params.insert(params.end(), sums.begin(), sums.end());
        ESC_TRY(connection.execute(upsert(table), std::span<const Param>{params}));
    }
    rows_.clear();
    return ok();
}

}  // namespace escucha::store::detail
