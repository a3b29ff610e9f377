#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <boost/json/object.hpp>

#include "base/errc.h"
#include "demo/demo.h"
#include "detail/api.h"
#include "detail/folder_lock.h"
#include "store/migrate.h"

namespace escucha::ctl {

namespace json = boost::json;

FolderLock::FolderLock(const std::filesystem::path& data_dir)
    : file_{::open((data_dir / "escuchad.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)} {
    is_held_ = file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0;
}

FolderLock::~FolderLock() {
    if (file_ >= 0) ::close(file_);
}

namespace {

/// Never over a file that is there: a backup is not the place to lose one.
bool write_new_file(const std::filesystem::path& path, std::string_view bytes) {
    const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return false;
    bool is_written = true;
    while (!bytes.empty() && is_written) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        is_written = count > 0;
        if (is_written) bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    is_written = ::fsync(file) == 0 && is_written;
    return ::close(file) == 0 && is_written;
}

/// The copy the server made, moved when its folder is this machine's, fetched when it is not.
bool bring(Api& api,
           const Options& options,
           const std::string& name,
           const std::filesystem::path& to) {
    const std::filesystem::path made = options.data_dir / "backups" / name;
    std::error_code error;
    if (std::filesystem::is_regular_file(made, error)) {
        const bool is_copied = std::filesystem::copy_file(made, to, error);
        if (is_copied) {
            std::filesystem::permissions(
                to,
                std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                error);
            std::filesystem::remove(made, error);
        }
        return is_copied;
    }
    const auto reply = api.raw({.method = "GET", .url = "/api/v1/backups/" + name});
    return reply && reply.value().status == 200 && write_new_file(to, reply.value().body);
}

Outcome demo_reset_here(const Options& options, const std::filesystem::path& demo_dir) {
    const FolderLock lock{options.data_dir};
    if (!lock.is_held()) {
        return {Exit::Refused,
                {},
                options.say("Un servidor usa esa carpeta: deténgalo y repita la orden.\n",
                            "A server uses that folder: stop it and repeat the command.\n")};
    }
    const auto database =
        store::Database::open("sqlite:" + (options.data_dir / "escucha.db").string());
    if (!database) return {Exit::No, {}, database.error().message() + "\n"};
    const auto migrated = store::migrate(database.value(), read_clocks().wall);
    if (!migrated) return {Exit::No, {}, migrated.error().message() + "\n"};
    const auto report = demo::reset(database.value(),
                                    {.data_folder = (demo_dir / "data").string(),
                                     .flows_folder = (demo_dir / "flows").string(),
                                     .partner_folder = (demo_dir / "partner").string(),
                                     .now = read_clocks().wall});
    if (!report) return {Exit::No, {}, report.error().message() + "\n"};
    const std::string customers = std::to_string(report.value().customers);
    if (options.format == Format::Json) {
        return {Exit::Done,
                serialize_line(json::object{{"customers", report.value().customers},
                                            {"events", report.value().events},
                                            {"flows", report.value().flows}}),
                {}};
    }
    return {Exit::Done,
            options.say("Demostración restablecida: ", "Demo restored: ") + customers +
                options.say(" clientes.\n", " customers.\n"),
            {}};
}

}  // namespace

Outcome ban_list(const Options& options) {
    return show(options, "/api/v1/sip/bans", [&](const json::value& body) {
        std::vector<std::vector<std::string>> rows{
            {options.say("DIRECCIÓN", "ADDRESS"), options.say("HASTA", "UNTIL")}};
        for (const json::value& ban : body.at("items").as_array()) {
            rows.push_back({text(ban, "source"), text(ban, "until")});
        }
        if (rows.size() == 1) {
            return std::string{
                options.say("No hay ninguna dirección bloqueada.\n", "No address is banned.\n")};
        }
        return table(rows);
    });
}

namespace {

// "3", or "3/30" where there is a limit.
std::string calls_of(const json::value& trunk) {
    const auto most = trunk.at("calls_max").to_number<std::uint64_t>();
    const auto calls = std::to_string(trunk.at("calls").to_number<std::uint64_t>());
    return most == 0 ? calls : calls + "/" + std::to_string(most);
}

}  // namespace

Outcome trunk_list(const Options& options) {
    return show(options, "/api/v1/trunks", [&](const json::value& body) {
        std::vector<std::vector<std::string>> rows{{options.say("TRONCAL", "TRUNK"),
                                                    options.say("REGISTRO", "REGISTRATION"),
                                                    options.say("ALCANCE", "REACH"),
                                                    options.say("SERVIDOR", "SERVER"),
                                                    options.say("LLAMADAS", "CALLS"),
                                                    options.say("DESDE", "SINCE"),
                                                    options.say("PORQUÉ", "WHY")}};
        for (const json::value& trunk : body.at("items").as_array()) {
            rows.push_back({text(trunk, "name"),
                            text(trunk, "registration"),
                            text(trunk, "reach"),
                            text(trunk, "server"),
                            calls_of(trunk),
                            text(trunk, "since"),
                            text(trunk, "why")});
        }
        if (rows.size() == 1) {
            return std::string{options.say("No hay operadores en la configuración.\n",
                                           "No carriers are configured.\n")};
        }
        return table(rows);
    });
}

Outcome ban_lift(const Options& options, const std::string& source) {
    Api api{options};
    auto answer = api.remove("/api/v1/sip/bans/" + source);
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    if (options.format == Format::Json) {
        return {Exit::Done, serialize_line(json::object{{"source", source}}), {}};
    }
    return {Exit::Done, source + options.say(": desbloqueada\n", ": not banned any more\n"), {}};
}

Outcome backup(const Options& options, const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::exists(file, error)) {
        return {Exit::No, {}, file.string() + options.say(": ya existe\n", ": exists already\n")};
    }
    Api api{options};
    auto answer = api.post("/api/v1/backups", json::object{});
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    const auto& made = std::get<json::value>(answer);
    if (!bring(api, options, text(made, "name"), file)) {
        return {Exit::No,
                {},
                options.say("No se pudo escribir ", "Could not write ") + file.string() + "\n"};
    }
    if (options.format == Format::Json) return {Exit::Done, serialize_line(made), {}};
    return {Exit::Done,
            file.string() + options.say(": copia comprobada, ", ": checked copy, ") +
                text(made, "bytes") + " bytes\n",
            {}};
}

Outcome demo_reset(const Options& options, const std::filesystem::path& demo_dir) {
    Api api{options};
    auto answer = api.post("/api/v1/demo/reset", json::object{});
    auto* failure = std::get_if<Outcome>(&answer);
    if (failure == nullptr) {
        return {Exit::Done,
                options.format == Format::Json
                    ? "{}\n"
                    : options.say("Demostración restablecida.\n", "Demo restored.\n"),
                {}};
    }
    // No server, or one that cannot do it while it runs: then on the store itself.
    const bool is_worth_trying = failure->exit == Exit::Unreachable || failure->exit == Exit::No ||
                                 !std::filesystem::exists(options.data_dir / "escuchactl.token");
    if (!is_worth_trying) return std::move(*failure);
    return demo_reset_here(options, demo_dir);
}

}  // namespace escucha::ctl
