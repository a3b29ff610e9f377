// The key file of the recordings: without it nobody hears them again, and nothing else tells.

#include <algorithm>
#include <set>

#include "detail/examination.h"
#include "recording/errc.h"
#include "recording/verify.h"

namespace escucha::ctl {

namespace {

/// Enough to meet every key that is in use, few enough to be quick.
constexpr int kNewest = 200;
constexpr int kOldest = 200;

}  // namespace

void Examination::check_keys() {
    const auto path = config_.key_file();
    const char* restore =
        options_.say("Restáurelo de su copia; sin él no se oyen las grabaciones.",
                     "Restore it from your copy; without it recordings are mute.");
    auto keys = recording::Keyring::open(path, recording::Keyring::WhenMissing::Refuse);
    if (keys) return check_keys_of_recordings(*keys.value());
    if (keys.error().code == recording::Errc::OpenKeyFile) {
        return add(Level::Bad,
                   "keys",
                   path.string() + options_.say(" lo pueden leer otros", " can be read by others"),
                   "chmod 600 " + path.string());
    }
    if (keys.error().code != recording::Errc::UnknownKey) {
        return add(Level::Bad, "keys", path.string() + ": " + keys.error().message(), restore);
    }
    std::error_code error;
    const bool is_new = !std::filesystem::exists(config_.recordings_dir(), error) ||
                        std::filesystem::is_empty(config_.recordings_dir(), error);
    add(is_new ? Level::Doubt : Level::Bad,
        "keys",
        path.string() + options_.say(" no existe", " does not exist"),
        is_new ? options_.say("escuchad lo hará al arrancar por primera vez.",
                              "escuchad makes it at its first start.")
               : restore);
}

// Headers only: which keys wrap what lies there.
void Examination::check_keys_of_recordings(recording::Keyring& keys) {
    std::set<recording::KeyId> known;
    for (const auto& key : keys.list()) known.insert(key.id);
    std::string text = config_.key_file().string();
    auto database = store::Database::open(config_.effective_store_url());
    if (!database) return add(Level::Doubt, "keys", database.error().message());
    auto connection = database.value().connect(store::Access::ReadOnly);
    std::set<std::string> paths;
    for (const auto& [order, limit] : {std::pair{"DESC", kNewest}, std::pair{"ASC", kOldest}}) {
        if (!connection) break;
        const auto rows = connection.value().query(
            "SELECT path FROM recording WHERE path LIKE '%.rec' ORDER BY id " + std::string{order} +
                " LIMIT ?",
            {std::int64_t{limit}});
        if (!rows) break;  // Of a database that is not there yet, check_store speaks.
        for (const store::Row& row : rows.value()) {
            if (const auto path = row.get<std::string>(0)) paths.insert(path.value());
        }
    }
    int mute = 0;
    for (const std::string& path : paths) {
        const auto wrapped = recording::keys_of_file((config_.recordings_dir() / path).string());
        if (!wrapped) continue;
        const bool is_known = std::ranges::any_of(
            wrapped.value(), [&](const auto& key) { return known.contains(key); });
        if (!is_known) ++mute;
    }
    if (mute == 0) return add(Level::Fine, "keys", std::move(text));
    text += options_.say(": faltan las claves de ", ": keys are missing of ") +
            std::to_string(mute) + options_.say(" de ", " of ") + std::to_string(paths.size()) +
            options_.say(" grabaciones", " recordings");
    add(Level::Bad,
        "keys",
        std::move(text),
        options_.say("Restaure el fichero de claves de su copia (o junte sus líneas con las "
                     "nuevas): sin ellas nadie las oirá.",
                     "Restore the key file from your copy (or join its lines with the new ones): "
                     "without them nobody hears these."));
}

}  // namespace escucha::ctl
