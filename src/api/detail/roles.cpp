#include "identity/roles.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/detail/event_feed.h"
#include "api/detail/handlers.h"
#include "api/detail/json.h"

namespace escucha::api {
namespace {

namespace json = boost::json;

json::object role_record(const identity::OwnRole& role) {
    return {{"key", role.key},
            {"name_es", role.name_es},
            {"name_en", role.name_en},
            {"is_built_in", false},
            {"permissions", names_of(role.permissions)}};
}

}  // namespace

Answer list_roles(Call& call) {
    json::array items;
    for (const identity::BuiltInRole& role : identity::built_in_roles()) {
        items.push_back(json::object{{"key", json::string{role.key}},
                                     {"name_es", nullptr},
                                     {"name_en", nullptr},
                                     {"is_built_in", true},
                                     {"permissions", names_of(role.permissions)}});
    }
    ESC_TRY(const auto own, identity::own_roles(call.db, call.company()));
    for (const identity::OwnRole& role : own) items.push_back(role_record(role));
    return json_response(json::object{{"items", std::move(items)}});
}

Answer save_role(Call& call) {
    identity::OwnRole role{.key = call.path.at(0),
                           .name_es = call.text("name_es"),
                           .name_en = call.text("name_en"),
                           .permissions = permissions_in(call.body.at("permissions").as_array())};
    ESC_TRY(const auto before, identity::find_permissions(call.db, call.company(), role.key));
    // Nor does anybody take from others what he could not give back.
    const bool may_change = !before || call.may_give(*before);
    if (!may_change || !call.may_give(role.permissions)) return Problem{Code::Forbidden};
    ESC_TRY(auto connection, call.services.database.connect());
    ESC_TRY(identity::save_role(connection, call.company(), role));
    call.seen.made = role.key;
    call.seen.changed["permissions"] = role.permissions.words();
    if (before) call.seen.changed["before"] = before->words();
    // Who listens to the events is looked at again.
    call.services.feed.end_sessions();
    return json_response(role_record(role));
}

Answer delete_role(Call& call) {
    ESC_TRY(auto connection, call.services.database.connect());
    ESC_TRY(identity::delete_role(connection, call.company(), call.path.at(0)));
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
