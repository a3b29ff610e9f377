#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "exports/columns.h"
#include "exports/marks.h"

namespace escucha::exports {

using ExportId = Id<struct ExportTag>;

/// Asked -> Refused, or Approved -> Making -> Ready -> Gone. What is not done in time is Gone too;
/// a making that fails or is interrupted is Approved again.
enum class State { Asked, Refused, Approved, Making, Ready, Gone };
std::string_view word(State state);
std::optional<State> parse_state(std::string_view word);

inline constexpr std::int64_t kMaxRows = 100'000;
inline constexpr std::int64_t kMaxRecordings = 200;
inline constexpr std::int64_t kMaxDownloads = 3;
/// Of one person, asked, approved, being made or ready.
inline constexpr std::int64_t kMaxOpen = 20;
inline constexpr std::size_t kMaxReasonBytes = 500;
inline constexpr std::chrono::hours kAskedFor{7 * 24};  ///< To be decided.
inline constexpr std::chrono::hours kApprovedFor{72};   ///< To be made.
inline constexpr std::chrono::hours kReadyFor{24};      ///< To be fetched.

/// What somebody asked to have as a file.
struct Request {
    ExportId id;
    CompanyId company;
    What what = What::Customers;
    std::map<std::string, std::string> filter;
    std::vector<std::string> columns;
    std::string language;  ///< "es" or "en": of the headings.
    std::string reason;
    UserId asked_by;
    WallTime asked_at;
    std::int64_t expected_rows = 0;  ///< Of lines or recordings, when it was asked.
    State state = State::Asked;
    WallTime expires_at;
    std::optional<UserId> decided_by;
    std::optional<WallTime> decided_at;
    std::string decision_reason;
    std::string failure;  ///< Why the last making ended: "disk", "store", "sound", "interrupted".
    std::optional<WallTime> ready_at;
    std::int64_t rows = 0, customers = 0, bytes = 0, downloads = 0;

    bool operator==(const Request&) const = default;
};

/// Who may decide: never who asked.
inline bool may_decide(const Request& request, UserId user) {
    return request.state == State::Asked && request.asked_by != user;
}
/// What the file is called, without its ending: what, and the day and the first part of the id.
std::string file_name(const Request& request);

}  // namespace escucha::exports
