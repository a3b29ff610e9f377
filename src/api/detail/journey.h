#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "store/stored_event.h"

namespace escucha::api {

/// What was recorded of one contact, over transfers, holds, pauses and restarts, on one clock that
/// begins with its arrival. Pure: from the contact's events alone.
struct Journey {
    struct Span {
        std::int64_t from_ms = 0;
        std::int64_t to_ms = 0;
    };
    struct Pause : Span {
        std::string reason;
    };
    /// Who else was there: a colleague in a conference, or a supervisor. Who listened or whispered
    /// is not heard in it.
    struct Other : Span {
        AgentId agent;
        std::string as;  ///< "colleague", "listen", "whisper", "join".
    };
    struct Segment : Span {
        RecordingId recording;
        bool is_voicemail = false;
        bool is_over = false;  ///< Else it is being recorded, and `to_ms` is the last we know.
        std::optional<AgentId> agent;  ///< On the right; the caller is on the left.
        std::string outside;           ///< E.164: on the right in the place of an agent.
        std::optional<QueueId> queue;  ///< Through which the agent was reached.
        bool is_complete = false;
        std::string end;  ///< "stopped", "interrupted"; of older recordings empty.
        std::vector<Pause> pauses;
        std::vector<Span> holds;
        std::vector<Other> others;
    };
    enum class Between { Menu, Queue, Transfer, Lost };
    struct Gap : Span {
        Between what = Between::Menu;
        std::optional<QueueId> queue;
    };

    WallTime arrived{};
    std::string caller;
    std::vector<Segment> segments;  ///< By `from_ms`.
    /// Nothing was recorded: before and between the segments, of a second or more, or of a tenth of
    /// one where sound was lost.
    std::vector<Gap> gaps;

    [[nodiscard]] std::int64_t duration_ms() const;
};

/// In the order of the journal.
Journey journey_of(const std::vector<store::StoredEvent>& events);

}  // namespace escucha::api
