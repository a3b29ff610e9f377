#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "base/time.h"
#include "detail/api.h"
#include "detail/examination.h"
#include "detail/folder_lock.h"
#include "speech_engine/command.h"
#include "store/migrate.h"
#include "store/wall.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

constexpr std::uintmax_t kLowDiskBytes = 1'000'000'000;

std::string_view word(Finding::Level level) {
    switch (level) {
        case Finding::Level::Fine:
            return "ok";
        case Finding::Level::Doubt:
            return "warning";
        case Finding::Level::Bad:
            return "bad";
    }
    return {};
}

std::filesystem::path beside_us(const char* name) {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
}

}  // namespace

void Examination::check_config() {
    const auto& read = installation_.config;
    const auto checked = read ? server::check_config(config_) : Result<void>{read.error()};
    const std::string file = installation_.file.empty()
                                 ? options_.say("la de fábrica", "the defaults")
                                 : installation_.file.string();
    add(checked ? Level::Fine : Level::Bad,
        "config",
        checked ? file : checked.error().detail,
        checked ? ""
                : options_.say("Corrija la configuración: man escuchad.",
                               "Correct the configuration: man escuchad."));
}

void Examination::check_folder() {
    const std::string path = config_.data_dir.string();
    std::error_code error;
    if (!std::filesystem::is_directory(config_.data_dir, error)) {
        return add(Level::Bad,
                   "data",
                   path + options_.say(" no existe", " does not exist"),
                   options_.say("Indique la carpeta con --data, o arranque escuchad una vez.",
                                "Give the folder with --data, or start escuchad once."));
    }
    if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
        return add(Level::Bad,
                   "data",
                   path + options_.say(" no se puede escribir", " cannot be written"),
                   options_.say("Ejecute esto con el usuario del servidor.",
                                "Run this as the server's user."));
    }
    const auto rights = std::filesystem::status(config_.data_dir, error).permissions();
    const bool is_open =
        (rights & std::filesystem::perms::others_all) != std::filesystem::perms::none;
    add(is_open ? Level::Doubt : Level::Fine,
        "data",
        path,
        is_open ? options_.say("Otros usuarios pueden entrar: chmod o-rwx.",
                               "Other users can enter: chmod o-rwx.")
                : "");
}

void Examination::check_disk() {
    std::error_code error;
    const auto space = std::filesystem::space(config_.data_dir, error);
    if (error) return;
    const std::string text =
        std::to_string(space.available / 1'000'000) + " MB " + options_.say("libres", "free");
    add(space.available < kLowDiskBytes ? Level::Doubt : Level::Fine,
        "disk",
        text,
        space.available < kLowDiskBytes
            ? options_.say("Las grabaciones lo llenarán pronto: libere espacio.",
                           "Recordings will soon fill it: free some space.")
            : "");
}

void Examination::check_recordings() {
    const auto folder = config_.recordings_dir();
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) {
        return add(
            Level::Fine,
            "recordings",
            folder.string() + options_.say(" se creará al arrancar", " will be made at the start"));
    }
    const bool is_writable = ::access(folder.c_str(), R_OK | W_OK | X_OK) == 0;
    add(is_writable ? Level::Fine : Level::Bad,
        "recordings",
        folder.string() +
            (is_writable ? "" : options_.say(" no se puede escribir", " cannot be written")),
        is_writable ? ""
                    : options_.say("Dé esa carpeta al usuario del servidor: chown.",
                                   "Give that folder to the server's user: chown."));
}

void Examination::check_schema(store::Connection& connection, std::string text) {
    const auto version = store::schema_version(connection);
    const auto known = store::embedded_migrations().back().version;
    text += options_.say(", esquema ", ", schema ") +
            (version ? std::to_string(version.value()) : std::string{"?"});
    if (version && version.value() > known) {
        return add(Level::Bad,
                   "store",
                   text,
                   options_.say("La escribió una versión más nueva: instálela.",
                                "A newer version wrote it: install that one."));
    }
    const bool is_old = !version || version.value() < known;
    add(is_old ? Level::Doubt : Level::Fine,
        "store",
        text,
        is_old ? options_.say("escuchad la pondrá al día al arrancar.",
                              "escuchad will bring it up to date at its start.")
               : "");
}

void Examination::check_sqlite(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return add(Level::Doubt,
                   "store",
                   path + options_.say(" no existe todavía", " does not exist yet"),
                   options_.say("escuchad la crea al arrancar por primera vez.",
                                "escuchad makes it at its first start."));
    }
    const auto fail = [this](const std::string& why) {
        add(Level::Bad,
            "store",
            why,
            options_.say("Restaure la última copia de seguridad.", "Restore the last backup."));
    };
    auto database = store::Database::open("sqlite:" + path);
    if (!database) return fail(database.error().message());
    auto connection = database.value().connect(store::Access::ReadOnly);
    if (!connection) return fail(connection.error().message());
    const auto checked = connection.value().query_one("PRAGMA quick_check(1)");
    if (!checked || !checked.value())
        return fail(options_.say("no se puede leer", "cannot be read"));
    const auto verdict = checked.value()->get<std::string>(0);
    if (!verdict || verdict.value() != "ok") return fail(verdict ? verdict.value() : "?");
    check_schema(connection.value(), path);
}

void Examination::check_store() {
    constexpr std::string_view kSqlite = "sqlite:";
    const std::string url = config_.effective_store_url();
    if (url.starts_with(kSqlite)) return check_sqlite(url.substr(kSqlite.size()));
    // Its address may hold a password: it is not repeated.
    auto database = store::Database::open(url);
    if (!database) {
        return add(Level::Bad,
                   "store",
                   database.error().message(),
                   options_.say("store.url es sqlite:RUTA o postgres://...",
                                "store.url is sqlite:PATH or postgres://..."));
    }
    auto connection = database.value().connect(store::Access::ReadOnly);
    if (!connection) {
        return add(Level::Bad,
                   "store",
                   "PostgreSQL: " + connection.error().message(),
                   options_.say("¿Está en marcha y son correctos la dirección y la contraseña de "
                                "store.url? Pruébelo con psql.",
                                "Is it running, and are the address and password of store.url "
                                "right? Try them with psql."));
    }
    check_schema(connection.value(), "PostgreSQL");
    const auto holds = store::holds_wall(connection.value());
    if (holds && !holds.value()) {
        add(Level::Doubt,
            "store",
            options_.say(
                "PostgreSQL no separa a las empresas: el usuario de store.url lo puede todo",
                "PostgreSQL keeps no companies apart: the role of store.url may everything"),
            options_.say("Use un usuario propio, dueño de la base y no superusuario.",
                         "Use a role of its own that owns the database and is no superuser."));
    }
}

void Examination::check_server() {
    Api api{options_};
    const auto reply = api.raw({.method = "GET", .url = "/readyz"});
    if (!reply) {
        return add(Level::Bad,
                   "server",
                   options_.say("no contesta en ", "does not answer at ") + options_.url,
                   options_.say("Arranque escuchad, o indique su dirección con --url.",
                                "Start escuchad, or give its address with --url."));
    }
    is_serving_ = true;
    json::error_code error;
    const json::value body = json::parse(reply.value().body, error);
    if (reply.value().status == 200) {
        add(Level::Fine, "server", options_.say("lista para recibir llamadas", "ready for calls"));
    } else if (!error && body.is_object()) {
        for (const json::value& line : body.at("missing").as_array()) {
            add(Level::Bad,
                "server",
                std::string{line.as_string()},
                options_.say("El registro de escuchad dice por qué.",
                             "The log of escuchad says why."));
        }
    } else {
        add(Level::Bad,
            "server",
            options_.say("contesta algo que no es Escucha",
                         "answers something that is not Escucha"),
            options_.say("Indique la dirección de escuchad con --url.",
                         "Give the address of escuchad with --url."));
    }
    const auto answer = api.get("/api/v1/status");
    const auto* refusal = std::get_if<Outcome>(&answer);
    add(refusal == nullptr ? Level::Fine : Level::Bad,
        "token",
        refusal == nullptr ? options_.say("aceptada", "accepted")
                           : options_.say("rechazada", "refused"),
        refusal == nullptr ? ""
                           : options_.say("¿Es esta la carpeta de datos de ese servidor?",
                                          "Is this that server's data folder?"));
}

std::string Examination::find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return ::access(name.c_str(), X_OK) == 0 ? name : std::string{};
    }
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        std::string program = std::string{folder} + "/" + name;
        if (::access(program.c_str(), X_OK) == 0) return program;
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    }
    return {};
}

// Spoken once in each voice: an engine without its voices is found here and not by a caller.
void Examination::check_speech() {
    std::istringstream words{config_.speech_command};
    std::vector<std::string> command;
    for (std::string word; words >> word;) command.push_back(word);
    const std::string program = command.empty() ? "" : find_program(command.front());
    if (program.empty()) {
        return add(Level::Bad,
                   "speech",
                   config_.speech_command + options_.say(": no existe", ": does not exist"),
                   options_.say("apt install espeak-ng, o corrija speech.command.",
                                "apt install espeak-ng, or correct speech.command."));
    }
    for (const std::string& voice : {config_.speech_voice_es, config_.speech_voice_en}) {
        std::vector<std::string> arguments = command;
        std::ranges::replace(arguments, std::string{"{voice}"}, voice);
        const auto spoken = speech_engine::run_command(arguments, "uno", {});
        const bool is_sound = spoken && spoken.value().bytes.starts_with("RIFF");
        add(is_sound ? Level::Fine : Level::Bad,
            "speech",
            program + ", " + voice +
                (is_sound ? "" : options_.say(": no da un WAV", ": gives no WAV")),
            is_sound ? ""
                     : options_.say("Pruebe esa orden en una terminal; las voces están en "
                                    "speech.voice_es y speech.voice_en.",
                                    "Try that command in a terminal; the voices are in "
                                    "speech.voice_es and speech.voice_en."));
    }
}

void Examination::check_media() {
    const auto program =
        config_.media_program.empty() ? beside_us("escucha-media") : config_.media_program;
    const bool is_there = ::access(program.c_str(), X_OK) == 0;
    add(is_there ? Level::Fine : Level::Bad,
        "media",
        program.string() +
            (is_there ? "" : options_.say(" no se puede ejecutar", " cannot be run")),
        is_there ? ""
                 : options_.say("Instálelo junto a escuchad, o corrija media.program.",
                                "Install it beside escuchad, or correct media.program."));
}

Outcome Examination::outcome() const {
    const bool is_bad = std::ranges::any_of(
        findings_, [](const Finding& finding) { return finding.level == Level::Bad; });
    const Exit exit = is_bad ? Exit::No : Exit::Done;
    if (options_.format == Format::Json) {
        json::array items;
        for (const Finding& finding : findings_) {
            items.push_back(json::object{{"level", word(finding.level)},
                                         {"what", finding.what},
                                         {"text", finding.text},
                                         {"advice", finding.advice}});
        }
        return {exit, serialize_line(json::object{{"findings", std::move(items)}}), {}};
    }
    std::vector<std::vector<std::string>> rows;
    for (const Finding& finding : findings_) {
        const char* mark = finding.level == Level::Fine    ? "✓"
                           : finding.level == Level::Doubt ? "!"
                                                           : "✗";
        rows.push_back({mark, finding.what, finding.text});
        if (!finding.advice.empty()) rows.push_back({" ", "", "→ " + finding.advice});
    }
    return {exit, table(rows), {}};
}

Outcome doctor(const Options& options, const Installation& installation) {
    Examination examination{options, installation};
    examination.check_config();
    if (!installation.config) return examination.outcome();
    examination.check_folder();
    examination.check_recordings();
    examination.check_keys();
    examination.check_certificates();
    examination.check_disk();
    examination.check_store();
    examination.check_server();
    examination.check_speech();
    examination.check_media();
    examination.check_ports();
    examination.check_files();
    examination.check_buffers();
    examination.check_clock();
    return examination.outcome();
}

}  // namespace escucha::ctl
