#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "detail/api.h"
#include "identity/passwords.h"

namespace escucha::ctl {

namespace json = boost::json;

Outcome user_add(const Options& options, NewUser user) {
    const bool is_made_up = user.password.empty();
    if (is_made_up) user.password = identity::random_password();
    json::object body{{"login", user.login},
                      {"name", user.name.empty() ? user.login : user.name},
                      {"role", user.role},
                      {"password", user.password}};
    if (!user.language.empty()) body["language"] = user.language;
    Api api{options};
    auto answer = api.post("/api/v1/users", body);
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    json::value added = std::get<json::value>(answer);
    if (options.format == Format::Json) {
        if (is_made_up) added.as_object()["password"] = user.password;
        return {Exit::Done, serialize_line(added), {}};
    }
    std::string out = options.say("Usuario creado: ", "User added: ") + text(added, "login") +
                      " (" + text(added, "role") + ")\n";
    if (is_made_up) out += options.say("Contraseña: ", "Password: ") + user.password + "\n";
    return {Exit::Done, std::move(out), {}};
}

Outcome user_list(const Options& options) {
    return show(options, "/api/v1/users", [&](const json::value& body) {
        std::vector<std::vector<std::string>> rows{{options.say("USUARIO", "LOGIN"),
                                                    options.say("NOMBRE", "NAME"),
                                                    options.say("PERFIL", "ROLE"),
                                                    options.say("ACTIVO", "ACTIVE"),
                                                    options.say("2.º FACTOR", "2ND FACTOR"),
                                                    options.say("ESPERA HASTA", "WAITS UNTIL")}};
        const auto yes_or_no = [&](const json::value& user, const char* member) {
            return std::string{user.at(member).as_bool() ? options.say("sí", "yes")
                                                         : options.say("no", "no")};
        };
        for (const json::value& user : body.at("items").as_array()) {
            rows.push_back({text(user, "login"),
                            text(user, "name"),
                            text(user, "role"),
                            yes_or_no(user, "is_active"),
                            yes_or_no(user, "has_second_factor"),
                            text(user, "locked_until")});
        }
        return table(rows);
    });
}

namespace {

/// The path of the user with this login, or what to tell the operator instead.
std::variant<std::string, Outcome> path_of(Api& api,
                                           const Options& options,
                                           const std::string& login) {
    auto answer = api.get("/api/v1/users");
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    for (const json::value& user : std::get<json::value>(answer).at("items").as_array()) {
        if (text(user, "login") == login) return "/api/v1/users/" + text(user, "id");
    }
    return Outcome{
        Exit::No, {}, login + options.say(": no hay tal usuario\n", ": there is no such user\n")};
}

/// Asks with `ask` at the user's path; `print` says what came of it.
template <typename Ask, typename Print>
Outcome change(const Options& options, const std::string& login, Ask ask, Print print) {
    Api api{options};
    auto path = path_of(api, options, login);
    if (auto* failure = std::get_if<Outcome>(&path)) return std::move(*failure);
    auto answer = ask(api, std::get<std::string>(path));
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    const auto& body = std::get<json::value>(answer);
    if (options.format == Format::Json) {
        return {
            Exit::Done, serialize_line(body.is_null() ? json::object{{"login", login}} : body), {}};
    }
    return {Exit::Done, print(body), {}};
}

Outcome post_and_say(const Options& options,
                     const std::string& login,
                     const std::string& action,
                     const char* said) {
    return change(
        options,
        login,
        [&](Api& api, const std::string& path) {
            return api.post(path + "/" + action, json::object{});
        },
        [&](const json::value&) { return login + said; });
}

}  // namespace

Outcome user_reset_password(const Options& options, const std::string& login) {
    return change(
        options,
        login,
        [](Api& api, const std::string& path) {
            return api.post(path + "/reset-password", json::object{});
        },
        [&](const json::value& user) {
            return options.say("Contraseña de un solo uso: ", "One-time password: ") +
                   text(user, "one_time_password") + "\n";
        });
}

Outcome user_drop_second_factor(const Options& options, const std::string& login) {
    return change(
        options,
        login,
        [](Api& api, const std::string& path) { return api.remove(path + "/second-factor"); },
        [&](const json::value&) {
            return login + options.say(": entra solo con su contraseña\n",
                                       ": signs in with the password\n");
        });
}

Outcome user_unlock(const Options& options, const std::string& login) {
    return post_and_say(
        options, login, "unlock", options.say(": ya no espera\n", ": waits no more\n"));
}

Outcome user_deactivate(const Options& options, const std::string& login) {
    return post_and_say(
        options, login, "deactivate", options.say(": desactivado\n", ": not active\n"));
}

Outcome user_activate(const Options& options, const std::string& login) {
    return post_and_say(options, login, "activate", options.say(": activo\n", ": active\n"));
}

}  // namespace escucha::ctl
