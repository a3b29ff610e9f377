#pragma once

#include <filesystem>
#include <memory>

#include "api/detail/call.h"
#include "recording/sound.h"

namespace escucha::api {

/// Opens the sound of a recording of the caller's company, whoever may hear it. `NotFound` without
/// a file, `Unavailable` with the cause when its key is lost or it is damaged.
Attempt<std::unique_ptr<recording::Sound>> open_recorded(Call& call, RecordingId id);

/// The sound as WAV, whole or the part that the request's Range asks for; opened and read as it is
/// sent, never held in memory.
Answer wav_response(Call& call, std::unique_ptr<recording::Sound> sound);

/// Whether one of the company's oldest or newest recordings has a key that we do not have.
Attempt<bool> are_keys_missing(Call& call);

/// Journals `recording_played`, once while the same person goes on listening.
Attempt<void> note_listening(Call& call, const boost::json::object& recording);

}  // namespace escucha::api
