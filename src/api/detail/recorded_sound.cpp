#include "api/detail/recorded_sound.h"

#include <algorithm>
#include <utility>

#include "api/detail/handlers.h"
#include "api/detail/remembered.h"
#include "api/detail/sound_answer.h"
#include "base/log.h"
#include "recording/errc.h"
#include "recording/verify.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

/// The file of a recording below the recordings folder. A path that leads out of it is not there.
Attempt<std::filesystem::path> file_of(Call& call, RecordingId id) {
    ESC_TRY(const auto row,
            call.db.query_one("SELECT path FROM recording WHERE company_id = ? AND id = ?",
                              {call.company(), id}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto text, row->get<std::string>(0));
    const std::filesystem::path root = call.services.config.recordings_dir;
    std::error_code error;
    const auto canonical_root = std::filesystem::weakly_canonical(root, error);
    const auto path = std::filesystem::weakly_canonical(root / text, error);
    const auto relative = path.lexically_relative(canonical_root);
    if (error || relative.empty() || *relative.begin() == "..") return Problem{Code::NotFound};
    if (!std::filesystem::is_regular_file(path, error)) return Problem{Code::NotFound};
    return path;
}

Problem unheard(const Error& error, RecordingId id) {
    log::error("recording_not_opened", {{"recording", id.to_string()}, {"why", error.message()}});
    if (error.code == recording::Errc::UnknownKey) {
        return {Code::Unavailable,
                {"Falta la clave de esta grabación. Avise a quien administra el sistema.",
                 "The key of this recording is missing. Tell whoever runs the system."}};
    }
    return {Code::Unavailable,
            {"Esta grabación está dañada. Avise a quien administra el sistema.",
             "This recording is damaged. Tell whoever runs the system."}};
}

class WavBody final : public net::BodySource {
public:
    explicit WavBody(recording::WavView wav) : wav_{std::move(wav)} {}
    [[nodiscard]] std::uint64_t size() const { return wav_.size(); }
    std::size_t read(std::uint64_t offset, std::span<std::byte> out) override {
        const auto count = wav_.read(offset, out);
        if (count) return count.value();
        log::error("recording_not_read", {{"why", count.error().message()}});
        return 0;
    }

private:
    recording::WavView wav_;
};

}  // namespace

Attempt<std::unique_ptr<recording::Sound>> open_recorded(Call& call, RecordingId id) {
    ESC_TRY(const auto path, file_of(call, id));
    recording::Keyring* keys = call.services.config.recording_keys;
    if (keys == nullptr) return Problem{Code::Unavailable};
    auto source = recording::open_file(path.string());
    if (!source) return Problem{Code::NotFound};
    auto sound = recording::open_sound(
        std::move(source).value(), {.recording = id, .company = call.company()}, *keys);
    if (!sound) return unheard(sound.error(), id);
    return std::move(sound).value();
}

Answer wav_response(Call& call, std::unique_ptr<recording::Sound> sound) {
    // What a browser opens by itself it also offers to keep; a player does not navigate.
    if (call.request.header("sec-fetch-mode") == "navigate") {
        return Problem{Code::Forbidden,
                       {"Las grabaciones se oyen en la página. Para llevarse una, pida una"
                        " exportación.",
                        "Recordings are played in the page. To take one away, ask for an export."}};
    }
    auto body = std::make_shared<WavBody>(recording::WavView{std::move(sound)});
    const std::uint64_t size = body->size();
    return sound_answer(call, size, [&](std::uint64_t offset, std::uint64_t length) {
        return net::SourceBody{std::move(body), offset, length};
    });
}

Attempt<bool> are_keys_missing(Call& call) {
    recording::Keyring* keys = call.services.config.recording_keys;
    if (keys == nullptr) return false;
    for (const char* order : {"ASC", "DESC"}) {
        ESC_TRY(const auto row,
                call.db.query_one("SELECT path FROM recording WHERE company_id = ?"
                                  " AND state = 'done' AND path LIKE '%.rec'"
                                  " ORDER BY started_at_us " +
                                      std::string{order} + " LIMIT 1",
                                  {call.company()}));
        if (!row) return false;
        ESC_TRY(const auto path, row->get<std::string>(0));
        const auto wrapped =
            recording::keys_of_file((call.services.config.recordings_dir / path).string());
        if (!wrapped || wrapped.value().empty()) continue;
        const auto known = keys->list();
        const bool is_known = std::ranges::any_of(wrapped.value(), [&](const auto& id) {
            return std::ranges::find(known, id, &recording::Keyring::Listed::id) != known.end();
        });
        if (!is_known) return true;
    }
    return false;
}

Attempt<void> note_listening(Call& call, const json::object& recording) {
    const auto id = RecordingId::parse(std::string{recording.at("id").as_string()});
    if (!id || !call.services.listening.is_new({call.who.user, *id}, call.now)) {
        return BOOST_OUTCOME_V2_NAMESPACE::success();
    }
    Event played = fact(call, "recording_played");
    const auto id_in = [](const json::value& named) {
        return named.is_null() ? std::string{} : std::string{named.at("id").as_string()};
    };
    played.contact = ContactId::parse(std::string{recording.at("contact_id").as_string()});
    played.case_id = CaseId::parse(id_in(recording.at("case")));
    played.customer = CustomerId::parse(id_in(recording.at("customer")));
    played.with("recording", id->to_string()).with("user", call.who.user.to_string());
    std::vector<Event> events;
    events.push_back(std::move(played));
    return commit(call, std::move(events));
}

}  // namespace escucha::api
