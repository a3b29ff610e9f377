#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "media/protocol.h"

namespace escucha::media {

/// What stands beside a recording as `<path>.json`, and in `.open/` while it is being written.
struct RecordingNote {
    RecordingId recording;
    std::string path;
    RecordingKind kind = RecordingKind::Call;
    WallTime started_at{};
    std::vector<Pause> pauses{};
    /// Absent while it is being written.
    std::optional<RecordEnded> ended{};

    [[nodiscard]] std::string to_json() const;
    /// A note of a recording that was being written; nothing when it is no such note.
    static std::optional<RecordingNote> parse_open(std::string_view json);
    /// Where the note lives while the recording is open: ".open/<id>.json".
    [[nodiscard]] std::string open_path() const;
};

}  // namespace escucha::media
