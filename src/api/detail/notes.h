#pragma once

#include <optional>
#include <string>

#include "api/detail/call.h"
#include "base/event.h"

namespace escucha::api {

struct NoteWrite {
    NoteId id;
    CaseId case_id;
    std::optional<ContactId> contact;
    std::int64_t version = 1;
    std::string text;
};

/// The event that saves the note; none when exactly this is saved already. Errors: `NoteConflict`
/// with the stored note, `Forbidden` for another author's note.
Attempt<std::optional<Event>> note_event(Call& call, const NoteWrite& write);

}  // namespace escucha::api
