#include <boost/json/array.hpp>

#include "api/detail/event_feed.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/secrets.h"
#include "identity/api_keys.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

json::object key_record(const identity::ApiKeyView& key, WallTime now) {
    const bool is_good = !key.has_ended && key.expires_at > now;
    return {{"id", key.id.to_string()},
            {"name", key.name},
            {"permissions", names_of(key.permissions)},
            {"created_by", or_null(key.creator)},
            {"created_at", to_rfc3339(key.created_at)},
            {"expires_at", to_rfc3339(key.expires_at)},
            {"last_used_at", or_null(key.last_used_at)},
            {"is_good", is_good}};
}

/// Those asked for, all of them the creator's own.
Attempt<identity::Permissions> wanted_permissions(const Call& call) {
    const auto permissions = permissions_in(call.body.at("permissions").as_array());
    if (!call.who.permissions.has_all_of(permissions)) {
        return Problem::field("/permissions",
                              {"Una clave no puede tener permisos que usted no tiene.",
                               "A key cannot have permissions that you do not have."});
    }
    return permissions;
}

}  // namespace

Answer list_api_keys(Call& call) {
    ESC_TRY(const auto keys, identity::api_keys_of(call.db, call.company()));
    json::array items;
    for (const auto& key : keys) items.push_back(key_record(key, call.now));
    const auto offered = call.who.permissions & identity::permissions_for_keys();
    return json_response(
        json::object{{"items", std::move(items)}, {"permissions", names_of(offered)}});
}

Answer create_api_key(Call& call) {
    call.is_secret = true;
    ESC_TRY(auto permissions, wanted_permissions(call));
    const auto expires_at = parse_rfc3339(call.text("expires_at"));
    if (!expires_at || *expires_at <= call.now ||
        *expires_at > call.now + identity::kLongestKeyLife) {
        return Problem::field("/expires_at",
                              {"Elija un día entre mañana y dentro de un año.",
                               "Choose a day between tomorrow and a year from now."});
    }
    const auto id = call.services.ids.make<identity::ApiKeyId>(call.now);
    call.seen.made = id.to_string();
    call.seen.changed = {{"permissions", permissions.words()},
                         {"expires_at", to_rfc3339(*expires_at)}};
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(const auto key,
            identity::make_api_key(
                connection,
                {.company = call.company(),
                 .creator = call.who.user.is_nil() ? std::nullopt : std::optional{call.who.user},
                 .name = call.text("name"),
                 .permissions = permissions,
                 .expires_at = *expires_at},
                id,
                call.now));
    return json_response(json::object{{"id", id.to_string()}, {"key", key}}, 201);
}

Answer revoke_api_key(Call& call) {
    ESC_TRY(const auto id, call.id<identity::ApiKeyTag>(0));
    ESC_TRY(auto connection, writer(call));
    ESC_TRY(identity::revoke_api_key(connection, call.company(), id));
    call.services.feed.end_sessions();
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
