#include "media/engine/recording_note.h"

#include <boost/json.hpp>

#include "base/hex.h"
#include "media/engine/files.h"

namespace escucha::media {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxNoteBytes = 64 * 1024;

std::optional<Pause> parse_pause(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return std::nullopt;
    const auto* from = object->if_contains("from_ms");
    const auto* to = object->if_contains("to_ms");
    if (from == nullptr || to == nullptr || !from->is_int64() || !to->is_int64())
        return std::nullopt;
    return Pause{.from_ms = static_cast<std::uint32_t>(from->get_int64()),
                 .to_ms = static_cast<std::uint32_t>(to->get_int64())};
}

std::string text_of(const json::object& object, std::string_view field) {
    const auto* value = object.if_contains(field);
    if (value == nullptr || !value->is_string()) return {};
    return std::string{value->get_string()};
}

}  // namespace

std::string RecordingNote::to_json() const {
    json::object object;
    object["recording"] = recording.to_string();
    object["path"] = path;
    object["kind"] = kind == RecordingKind::Call ? "call" : "voicemail";
    object["started_at"] = to_rfc3339(started_at);
    json::array silenced;
    for (const Pause& pause : ended ? ended->pauses : pauses) {
        silenced.push_back(json::object{{"from_ms", pause.from_ms}, {"to_ms", pause.to_ms}});
    }
    object["pauses"] = std::move(silenced);
    if (ended) {
        object["ended"] = name(ended->reason);
        object["duration_ms"] = ended->duration_ms;
        object["bytes"] = ended->bytes;
        object["sha256"] = to_hex(ended->sha256);
        object["complete"] = ended->complete;
    }
    return json::serialize(object) + "\n";
}

std::optional<RecordingNote> RecordingNote::parse_open(std::string_view text) {
    if (text.size() > kMaxNoteBytes) return std::nullopt;
    json::error_code error;
    const json::value value = json::parse(json::string_view{text.data(), text.size()}, error);
    const auto* object = value.if_object();
    if (error || object == nullptr) return std::nullopt;
    const auto recording = RecordingId::parse(text_of(*object, "recording"));
    RecordingNote note;
    note.path = text_of(*object, "path");
    if (!recording || !is_safe_path(note.path)) return std::nullopt;
    note.recording = *recording;
    note.kind =
        text_of(*object, "kind") == "voicemail" ? RecordingKind::Voicemail : RecordingKind::Call;
    if (const auto started = parse_rfc3339(text_of(*object, "started_at")))
        note.started_at = *started;
    if (const auto* pauses = object->if_contains("pauses");
        pauses != nullptr && pauses->is_array()) {
        for (const json::value& item : pauses->get_array()) {
            const auto pause = parse_pause(item);
            if (pause && note.pauses.size() < kMaxPauses) note.pauses.push_back(*pause);
        }
    }
    return note;
}

std::string RecordingNote::open_path() const { return ".open/" + recording.to_string() + ".json"; }

}  // namespace escucha::media
