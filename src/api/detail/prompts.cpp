#include "api/detail/prompts.h"

#include <cmath>

#include "api/detail/columns.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/sound_answer.h"
#include "speech_engine/intake.h"

namespace escucha::api {

namespace json = boost::json;
using speech_engine::IntakeLimits;
using speech_engine::SoundFault;

namespace {

constexpr std::string_view kPrompt =
    "SELECT p.language, p.name, p.title, p.text, p.source, p.sha256, p.bytes, p.duration_ms,"
    " p.level_before_dbfs, p.level_after_dbfs, p.saved_at_us, u.id, u.name FROM prompt p"
    " LEFT JOIN app_user u ON u.id = p.saved_by WHERE p.company_id = ?";

Attempt<json::object> encode_prompt(const store::Row& row, const PromptUses& uses) {
    Columns columns{row};
    PromptKey key{.language = columns.text(), .name = {}};
    key.name = columns.text();
    json::object prompt{{"language", key.language}, {"name", key.name}};
    prompt["file"] = key.name + ".wav";
    prompt["title"] = columns.text();
    prompt["text"] = columns.text();
    prompt["source"] = columns.text();
    prompt["sha256"] = columns.text();
    for (const char* number : {"bytes", "duration_ms", "level_before_dbfs", "level_after_dbfs"}) {
        prompt[number] = columns.next<std::int64_t>();
    }
    prompt["saved_at"] = to_rfc3339(columns.next<WallTime>());
    const std::string user = columns.text();
    prompt["saved_by"] = named_or_null(user, columns.text());
    ESC_TRY(columns.done());
    const auto found = uses.find(key);
    prompt["used_by"] = found == uses.end() ? json::array{} : found->second;
    return prompt;
}

/// The key in the path; `NotFound` for one that no prompt can have.
Attempt<PromptKey> key_of(const Call& call) {
    PromptKey key{.language = call.path.at(0), .name = call.path.at(1)};
    const bool is_shelf = key.language == "es" || key.language == "en" || key.is_music();
    if (!is_shelf || !is_prompt_name(key.name)) return Problem{Code::NotFound};
    return key;
}

Attempt<json::object> prompt_record(Call& call, const PromptKey& key) {
    ESC_TRY(const auto row,
            call.db.query_one(std::string{kPrompt} + " AND p.language = ? AND p.name = ?",
                              {call.company(), key.language, key.name}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto uses, prompt_uses(call));
    return encode_prompt(*row, uses);
}

/// What went wrong with a sound, and what its author can do about it.
Text advice(SoundFault fault) {
    switch (fault) {
        case SoundFault::TooLarge:
            return {"El archivo pasa de 32 MB: guárdelo como MP3 u Ogg, o más corto.",
                    "The file is over 32 MB: save it as MP3 or Ogg, or shorter."};
        case SoundFault::NotASound:
            return {
                "No es un archivo de sonido que se pueda leer: guárdelo como WAV, FLAC, Ogg o "
                "MP3 y vuelva a subirlo.",
                "This is not a sound file that can be read: save it as WAV, FLAC, Ogg or MP3 "
                "and upload it again."};
        case SoundFault::OtherFormat:
            return {"Ese formato no se admite: guárdelo como WAV, FLAC, Ogg (Vorbis u Opus) o MP3.",
                    "That format is not taken: save it as WAV, FLAC, Ogg (Vorbis or Opus) or MP3."};
        case SoundFault::Channels:
            return {"Tiene más de dos canales: guárdelo en mono o en estéreo.",
                    "It has more than two channels: save it as mono or stereo."};
        case SoundFault::Rate:
            return {"Su frecuencia de muestreo no está entre 8 y 192 kHz: guárdelo a 48 kHz.",
                    "Its sample rate is not between 8 and 192 kHz: save it at 48 kHz."};
        case SoundFault::TooLong:
            return {"Dura más de diez minutos: acórtelo o divídalo en varias locuciones.",
                    "It is longer than ten minutes: shorten it or split it into several prompts."};
        case SoundFault::CutShort:
            return {
                "El archivo está cortado: promete más sonido del que trae. Vuelva a exportarlo "
                "y a subirlo.",
                "The file is cut short: it promises more sound than it has. Export and upload "
                "it again."};
        case SoundFault::TooShort:
            return {"Dura menos de una décima de segundo: grábelo de nuevo.",
                    "It is shorter than a tenth of a second: record it again."};
        case SoundFault::Silent:
            return {"No se oye nada: compruebe el micrófono y grábelo de nuevo.",
                    "Nothing can be heard: check the microphone and record it again."};
    }
    return {};
}

Problem refuse_sound(SoundFault fault) {
    const bool is_large = fault == SoundFault::TooLarge || fault == SoundFault::TooLong;
    return Problem{is_large ? Code::TooLarge : Code::BadField, advice(fault)};
}

Attempt<void> check_room(Call& call) {
    ESC_TRY(
        const auto row,
        call.db.query_one("SELECT COUNT(*) FROM prompt WHERE company_id = ?", {call.company()}));
    ESC_TRY(const auto count, row->get<std::int64_t>(0));
    if (count < kMaxPromptsOfCompany) return BOOST_OUTCOME_V2_NAMESPACE::success();
    const std::string most = std::to_string(kMaxPromptsOfCompany);
    return Problem{Code::WrongState,
                   {"Ya hay " + most + " locuciones: borre alguna que no se use.",
                    "There are " + most + " prompts already: delete one that is not used."}};
}

/// As whole decibels, as people read them.
std::int64_t whole_decibels(double decibels) { return std::llround(decibels); }

}  // namespace

Answer list_prompts(Call& call) {
    std::string where;
    std::vector<store::Param> params{call.company()};
    if (const auto language = call.query_text("language")) {
        where += " AND p.language = ?";
        params.emplace_back(*language);
    }
    ESC_TRY(const auto rows,
            call.db.query(std::string{kPrompt} + where + " ORDER BY p.language, p.name", params));
    ESC_TRY(const auto uses, prompt_uses(call));
    json::array items;
    for (const store::Row& row : rows) {
        ESC_TRY(auto prompt, encode_prompt(row, uses));
        items.push_back(std::move(prompt));
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer get_prompt(Call& call) {
    ESC_TRY(const auto key, key_of(call));
    ESC_TRY(const auto prompt, prompt_record(call, key));
    return json_response(prompt);
}

Answer save_prompt(Call& call) {
    const PromptKey key{.language = call.path.at(0), .name = call.path.at(1)};
    if (!is_prompt_name(key.name)) {
        return Problem{Code::BadField,
                       {"El nombre lleva de 1 a 60 letras minúsculas sin acento, cifras, guiones y "
                        "guiones bajos, y empieza por letra o cifra.",
                        "A name has 1 to 60 lower-case letters without accents, digits, dashes and "
                        "underscores, and begins with a letter or a digit."}};
    }
    ESC_TRY(key_of(call));
    const auto known = prompt_record(call, key);
    if (!known && known.error().code != Code::NotFound) return known.error();
    if (known && call.request.header("if-none-match") == "*") return Problem{Code::AlreadyExists};
    if (!known) {
        ESC_TRY(check_room(call));
    }
    const auto kind =
        key.is_music() ? speech_engine::SoundKind::Music : speech_engine::SoundKind::Speech;
    const auto taken = speech_engine::take_in(call.request.body, kind);
    if (const auto* fault = std::get_if<SoundFault>(&taken)) return refuse_sound(*fault);
    const auto& sound = std::get<speech_engine::Intake>(taken);
    ESC_TRY(
        const auto kept,
        speech_engine::keep_sound(call.services.config.prompts_dir, call.company(), sound.samples));
    const auto text_of = [&](const char* name, const std::string& otherwise) {
        const auto given = call.query_text(name);
        if (given) return *given;
        return known ? std::string{known.value().at(name).as_string()} : otherwise;
    };
    Event saved = fact(call, "prompt_saved");
    saved.with("language", key.language)
        .with("name", key.name)
        .with("title", text_of("title", key.name))
        .with("text", text_of("text", ""))
        .with("source", call.query_text("source").value_or("uploaded"))
        .with("sha256", kept.sha256)
        .with("bytes", kept.bytes)
        .with("duration_ms", speech_engine::duration_of(sound.samples).count())
        .with("level_before_dbfs", whole_decibels(sound.level_before_dbfs))
        .with("level_after_dbfs", whole_decibels(sound.level_after_dbfs))
        .with("user", call.who.user.to_string());
    ESC_TRY(commit(call, {std::move(saved)}));
    ESC_TRY(call.services.port.reload());
    ESC_TRY(const auto prompt, prompt_record(call, key));
    return json_response(prompt, known ? 200 : 201);
}

Answer describe_prompt(Call& call) {
    ESC_TRY(const auto key, key_of(call));
    ESC_TRY(prompt_record(call, key));
    Event described = fact(call, "prompt_described");
    described.with("language", key.language).with("name", key.name);
    for (const char* name : {"title", "text"}) {
        if (call.has(name)) described.with(name, call.text(name));
    }
    described.with("user", call.who.user.to_string());
    ESC_TRY(commit(call, {std::move(described)}));
    ESC_TRY(const auto prompt, prompt_record(call, key));
    return json_response(prompt);
}

Answer delete_prompt(Call& call) {
    ESC_TRY(const auto key, key_of(call));
    ESC_TRY(const auto prompt, prompt_record(call, key));
    std::string users;
    for (const auto& use : prompt.at("used_by").as_array()) {
        users += users.empty() ? "" : ", ";
        users += "«" + std::string{use.at("name").as_string()} + "»";
    }
    if (!users.empty()) {
        return Problem{Code::WrongState,
                       {"La usan " + users + ": quítela de ahí antes de borrarla.",
                        "It is used by " + users + ": take it out of there before deleting it."}};
    }
    Event removed = fact(call, "prompt_removed");
    removed.with("language", key.language)
        .with("name", key.name)
        .with("user", call.who.user.to_string());
    ESC_TRY(commit(call, {std::move(removed)}));
    ESC_TRY(call.services.port.reload());
    return net::Response{204, {}, {}};
}

Answer get_prompt_audio(Call& call) {
    ESC_TRY(const auto key, key_of(call));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT sha256 FROM prompt WHERE company_id = ? AND language = ?"
                              " AND name = ?",
                              {call.company(), key.language, key.name}));
    if (!row) return Problem{Code::NotFound};
    ESC_TRY(const auto sha256, row->get<std::string>(0));
    return sound_answer(
        call,
        call.services.config.prompts_dir / speech_engine::library_path(call.company(), sha256));
}

Answer get_hold_music_audio(Call& call) {
    return sound_answer(call, call.services.config.prompts_dir / "tones" / "hold-music.wav");
}

Answer choose_queue_music(Call& call) {
    ESC_TRY(const auto queue, call.id<QueueTag>(0));
    ESC_TRY(const auto row,
            call.db.query_one("SELECT id FROM queue WHERE company_id = ? AND id = ?",
                              {call.company(), queue}));
    if (!row) return Problem{Code::NotFound};
    const json::array& names = call.body.at("prompts").as_array();
    std::string joined;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name{names[i].as_string()};
        ESC_TRY(const auto known,
                call.db.query_one("SELECT name FROM prompt WHERE company_id = ?"
                                  " AND language = 'none' AND name = ?",
                                  {call.company(), name}));
        if (!known) {
            return Problem::field("/prompts/" + std::to_string(i),
                                  {"No hay ninguna música con ese nombre: elija una de la lista.",
                                   "There is no music of that name: choose one of the list."});
        }
        joined += (joined.empty() ? "" : " ") + name;
    }
    Event chosen = fact(call, "queue_music_chosen");
    chosen.queue = queue;
    chosen.with("prompts", joined).with("user", call.who.user.to_string());
    ESC_TRY(commit(call, {std::move(chosen)}));
    ESC_TRY(call.services.port.reload());
    return json_response(json::object{{"prompts", names}});
}

}  // namespace escucha::api
