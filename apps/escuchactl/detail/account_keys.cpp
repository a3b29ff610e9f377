// The key of what is sealed in the database of accounts.

#include <boost/json/object.hpp>

#include "detail/api.h"
#include "detail/folder_lock.h"
#include "identity/second_factor.h"
#include "identity/secret_keys.h"
#include "store/sql.h"

namespace escucha::ctl {

namespace {

namespace json = boost::json;

/// Both keys are in the file until every secret is sealed by the new one: whenever this ends, all
/// of them open.
Result<std::int64_t> rotate(const server::Config& config) {
    const auto path = config.effective_account_key_file();
    ESC_TRY(identity::SecretKeys::add_key(path));
    ESC_TRY(const auto keys,
            identity::SecretKeys::open(path, identity::SecretKeys::WhenMissing::Refuse));
    ESC_TRY(auto database, store::Database::open(config.effective_store_url()));
    ESC_TRY(auto connection, database.connect());
    ESC_TRY(auto tx, store::Tx::begin(connection));
    ESC_TRY(const auto resealed, identity::reseal_second_factors(connection, keys));
    ESC_TRY(tx.commit());
    ESC_TRY(identity::SecretKeys::forget_old_keys(path));
    return resealed;
}

}  // namespace

Outcome account_rotate_key(const Options& options, const Installation& installation) {
    if (!installation.config) return {Exit::Usage, {}, installation.config.error().detail + "\n"};
    const FolderLock lock{options.data_dir};
    if (!lock.is_held()) {
        return {Exit::Refused,
                {},
                options.say("Un servidor usa esa carpeta: deténgalo y repita la orden.\n",
                            "A server uses that folder: stop it and repeat the command.\n")};
    }
    const auto resealed = rotate(installation.config.value());
    if (!resealed) return {Exit::No, {}, resealed.error().message() + "\n"};
    const std::string count = std::to_string(resealed.value());
    if (options.format == Format::Json) {
        return {Exit::Done, serialize_line(json::object{{"resealed", resealed.value()}}), {}};
    }
    return {
        Exit::Done,
        options.say("Clave nueva. Segundos factores pasados a ella: ",
                    "A new key. Second factors moved to it: ") +
            count + ".\n" +
            options.say("Guarde una copia del fichero de claves; la anterior ya no abre nada.\n",
                        "Keep a copy of the key file; the one before opens nothing now.\n"),
        {}};
}

}  // namespace escucha::ctl
