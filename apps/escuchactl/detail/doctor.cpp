#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "detail/api.h"
#include "detail/folder_lock.h"
#include "store/migrate.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

constexpr std::uintmax_t kLowDiskBytes = 1'000'000'000;
constexpr std::uint16_t kSipPort = 5060;

struct Finding {
    enum class Level { Fine, Doubt, Bad };
    Level level = Level::Fine;
    std::string what;  ///< "store": a stable word.
    std::string text;
    std::string advice;
};

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

/// Collects findings in the operator's language.
class Examination {
public:
    explicit Examination(const Options& options) : options_{options} {}

    void check_folder();
    void check_disk();
    void check_store();
    void check_server();
    void check_speech();
    void check_ports();
    [[nodiscard]] Outcome outcome() const;

private:
    using Level = Finding::Level;
    void add(Level level, std::string what, std::string text, std::string advice = {}) {
        findings_.push_back({level, std::move(what), std::move(text), std::move(advice)});
    }

    const Options& options_;
    std::vector<Finding> findings_;
    bool is_serving_ = false;
};

void Examination::check_folder() {
    const std::string path = options_.data_dir.string();
    std::error_code error;
    if (!std::filesystem::is_directory(options_.data_dir, error)) {
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
    const auto rights = std::filesystem::status(options_.data_dir, error).permissions();
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
    const auto space = std::filesystem::space(options_.data_dir, error);
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

void Examination::check_store() {
    const auto path = options_.data_dir / "escucha.db";
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return add(Level::Doubt,
                   "store",
                   options_.say("sin base de datos SQLite", "no SQLite database"),
                   options_.say("Con PostgreSQL es lo normal.",
                                "With PostgreSQL that is as it should be."));
    }
    const auto fail = [this](const std::string& why) {
        add(Level::Bad,
            "store",
            why,
            options_.say("Restaure la última copia de seguridad.", "Restore the last backup."));
    };
    auto database = store::Database::open("sqlite:" + path.string());
    if (!database) return fail(database.error().message());
    auto connection = database.value().connect(store::Access::ReadOnly);
    if (!connection) return fail(connection.error().message());
    const auto checked = connection.value().query_one("PRAGMA quick_check(1)");
    if (!checked || !checked.value())
        return fail(options_.say("no se puede leer", "cannot be read"));
    const auto verdict = checked.value()->get<std::string>(0);
    if (!verdict || verdict.value() != "ok") return fail(verdict ? verdict.value() : "?");
    const auto version = store::schema_version(connection.value());
    add(Level::Fine,
        "store",
        path.string() + ", " + options_.say("esquema ", "schema ") +
            (version ? std::to_string(version.value()) : "?"));
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
            add(Level::Bad, "server", std::string{line.as_string()});
        }
    } else {
        add(Level::Bad,
            "server",
            options_.say("contesta algo que no es Escucha",
                         "answers something that is not Escucha"));
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

void Examination::check_speech() {
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        const std::string program = std::string{folder} + "/espeak-ng";
        if (::access(program.c_str(), X_OK) == 0) return add(Level::Fine, "speech", program);
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    }
    add(Level::Doubt,
        "speech",
        options_.say("espeak-ng no está instalado", "espeak-ng is not installed"),
        options_.say("apt install espeak-ng, o configure otra orden en [speech].",
                     "apt install espeak-ng, or configure another command in [speech]."));
}

/// Only without a server: then its ports must be free for it.
void Examination::check_ports() {
    if (is_serving_) return;
    for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
        const int probe = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
        if (probe < 0) continue;
        const int reuse = 1;
        if (type == SOCK_STREAM)
            ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(kSipPort);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const bool is_free =
            ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(probe);
        const std::string name = std::to_string(kSipPort) + (type == SOCK_DGRAM ? "/udp" : "/tcp");
        add(is_free ? Level::Fine : Level::Bad,
            "port",
            name + (is_free ? options_.say(" libre", " free") : options_.say(" ocupado", " taken")),
            is_free ? ""
                    : options_.say("Otro programa lo usa: ss -lnp | grep 5060",
                                   "Another program uses it: ss -lnp | grep 5060"));
    }
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

}  // namespace

Outcome doctor(const Options& options) {
    Examination examination{options};
    examination.check_folder();
    examination.check_disk();
    examination.check_store();
    examination.check_server();
    examination.check_speech();
    examination.check_ports();
    return examination.outcome();
}

}  // namespace escucha::ctl
