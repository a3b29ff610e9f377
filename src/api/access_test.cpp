#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <boost/json/parse.hpp>

#include "api/detail/access.h"
#include "api/detail/contract.h"
#include "api/detail/handlers.h"
#include "api/testing/world.h"

using namespace escucha;
using namespace escucha::api;
using namespace escucha::api::testing;

namespace {

namespace json = boost::json;

std::string lower(std::string_view method) {
    std::string out{method};
    std::ranges::transform(out, out.begin(), [](char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return out;
}

Access access_of(const Contract& contract, const Route& route) {
    return declared_access(*contract.operation(route.path, lower(route.method))).value();
}

/// A path of the template with an id that no company has.
std::string some_path(std::string_view pattern) {
    std::string path;
    for (std::size_t at = 0; at < pattern.size();) {
        if (pattern[at] != '{') {
            path += pattern[at++];
            continue;
        }
        path += "019a0000-0000-7000-8000-000000000000";
        at = pattern.find('}', at) + 1;
    }
    return path;
}

/// The document that shows who may what.
std::string access_table() {
    const Contract contract{openapi_json()};
    std::ostringstream out;
    out << "# Who may what\n\n"
           "Every operation of the API says in `src/api/openapi.yaml` what it asks of its caller "
           "(`x-permission`), and the\nserver enforces what is written there. A role is a set of "
           "permissions: those below are every company's,\nothers it makes itself (Personas, "
           "Roles). The table is made by a test from both; a change of it is reviewed\nlike code. "
           "What belongs to another company does not exist for anybody: 404.\n\n";
    const auto roles = identity::built_in_roles();
    const auto header = [&](std::string_view first) {
        out << "| " << first << " |";
        for (const auto& role : roles) out << ' ' << role.key << " |";
        out << "\n|---|";
        for (std::size_t i = 0; i < roles.size(); ++i) out << "---|";
        out << '\n';
    };
    out << "## Permissions\n\n";
    header("Permission");
    for (const std::string_view name : identity::Permissions::all().names()) {
        out << "| " << name << " |";
        const auto permission = identity::parse_permission(name).value();
        for (const auto& role : roles) {
            out << (role.permissions.has(permission) ? " yes |" : " |");
        }
        out << '\n';
    }
    out << "\n## Operations\n\n";
    header("Operation");
    for (const Route& route : routes()) {
        const Access access = access_of(contract, route);
        out << "| " << route.method << ' ' << route.path << " |";
        for (const auto& role : roles) {
            const bool may = access.admits(role.permissions);
            out << (access.kind == Access::Kind::Public ? " public |" : may ? " yes |" : " |");
        }
        out << '\n';
    }
    return out.str();
}

std::string file_text(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE(
    "every operation of the contract declares who may, and the contract knows every permission") {
    const json::value document = json::parse(openapi_json());
    std::size_t operations = 0;
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& operation : path.value().as_object()) {
            if (!operation.value().is_object()) continue;
            INFO(std::string{path.key()}, " ", std::string{operation.key()});
            CHECK(declared_access(operation.value().as_object()).has_value());
            ++operations;
        }
    }
    CHECK(operations > routes().size());
    std::set<std::string> listed;
    const auto& names = document.at_pointer("/components/schemas/Permission/enum").as_array();
    for (const json::value& name : names) listed.emplace(name.as_string());
    std::set<std::string> known;
    for (const std::string_view name : identity::Permissions::all().names()) known.emplace(name);
    CHECK(listed == known);

    CHECK_FALSE(declared_access({}));
    CHECK_FALSE(declared_access({{"x-permission", "everything"}}));
    CHECK_FALSE(declared_access({{"x-permission", 7}}));
    CHECK_FALSE(declared_access({{"x-permission", json::array{}}}));
    CHECK_FALSE(declared_access({{"x-permission", json::array{"operate", "everything"}}}));
    const auto either = declared_access({{"x-permission", json::array{"operate", "supervise"}}});
    REQUIRE(either.has_value());
    CHECK(either->admits({identity::Permission::Supervise}));
    CHECK_FALSE(either->admits({identity::Permission::TakeContacts}));
}

TEST_CASE("docs/access.md shows who may what") {
    const std::string path = ESCUCHA_SOURCE_DIR "/docs/access.md";
    const std::string table = access_table();
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream{path, std::ios::binary} << table;
    }
    CHECK(file_text(path) == table);
}

TEST_CASE("whoever is not explicitly allowed is refused, operation by operation") {
    World world;
    const Contract contract{openapi_json()};
    std::vector<std::pair<std::string, std::string>> people;  // Login and role.
    for (const auto& role : identity::built_in_roles()) {
        people.emplace_back(world.add_person(role.key, world.company), role.key);
    }
    Person stranger = world.stranger();
    for (const Route& route : routes()) {
        const Access access = access_of(contract, route);
        if (access.kind == Access::Kind::Public) continue;
        INFO(std::string{route.method}, " ", std::string{route.path});
        CHECK(stranger.send(std::string{route.method}, some_path(route.path)).status == 401);
    }
    for (const auto& [login, role] : people) {
        Person person = world.sign_in(login);
        for (const Route& route : routes()) {
            const Access access = access_of(contract, route);
            // Signing out would end the walk.
            if (access.kind != Access::Kind::Allowed) continue;
            INFO(role, ": ", std::string{route.method}, " ", std::string{route.path});
            const bool may = access.admits(identity::built_in(role).value());
            const Got got = person.send(std::string{route.method}, some_path(route.path));
            if (may) {
                CHECK(got.status != 401);
            } else {
                CHECK(got.status == 403);
                CHECK(got.text("/code") == "forbidden");
            }
        }
    }
}

TEST_CASE("a company's own role is made, given, changed and removed; nobody gives what he lacks") {
    World world;
    Person root = world.sign_in(world.add_person("administrator", world.company));
    const std::string body =
        R"({"name_es":"Turno de tarde","name_en":"Evening","permissions":["watch_floor"]})";
    CHECK(root.send("PUT", "/api/v1/roles/tarde", body).status == 200);
    CHECK(root.send("PUT", "/api/v1/roles/agent", body).status == 422);
    CHECK(root.send("PUT",
                    "/api/v1/roles/tarde",
                    R"({"name_es":"x","name_en":"x","permissions":["root"]})")
              .status == 422);
    const Got listed = root.get("/api/v1/roles");
    CHECK(listed.count("/items") == identity::built_in_roles().size() + 1);

    const auto made = root.post(
        "/api/v1/users",
        R"({"login":"tina","password":"cuatro palabras al azar","name":"Tina","role":"tarde","language":"es"})");
    CHECK(made.status == 201);
    CHECK(
        root.post(
                "/api/v1/users",
                R"({"login":"t2","password":"cuatro palabras al azar","name":"T","role":"nadie"})")
            .text("/pointer") == "/role");
    Person tina = world.sign_in("tina", "cuatro palabras al azar");
    CHECK(tina.get("/api/v1/floor").status == 200);
    CHECK(tina.get("/api/v1/customers").status == 403);
    CHECK(root.send("DELETE", "/api/v1/roles/tarde").status == 409);

    const std::string people =
        R"({"name_es":"Altas","name_en":"People","permissions":["manage_users"]})";
    CHECK(root.send("PUT", "/api/v1/roles/altas", people).status == 200);
    CHECK(
        root.post(
                "/api/v1/users",
                R"({"login":"pia","password":"cuatro palabras al azar","name":"Pía","role":"altas"})")
            .status == 201);
    Person pia = world.sign_in("pia", "cuatro palabras al azar");
    CHECK(pia.send("PUT",
                   "/api/v1/roles/altas",
                   R"({"name_es":"A","name_en":"A","permissions":["manage_users","operate"]})")
              .status == 403);
    CHECK(
        pia.post(
               "/api/v1/users",
               R"({"login":"jefe","password":"cuatro palabras al azar","name":"J","role":"administrator"})")
            .status == 403);
    CHECK(
        pia.post(
               "/api/v1/users",
               R"({"login":"nueva","password":"cuatro palabras al azar","name":"N","role":"tarde"})")
            .status == 403);
    // Whoever gives somebody a password can become that person.
    const Got everybody = root.get("/api/v1/users");
    for (std::size_t i = 0; i < everybody.count("/items"); ++i) {
        const std::string at = "/items/" + std::to_string(i);
        const bool is_administrator = everybody.text(at + "/role") == "administrator";
        const bool is_own_kind = everybody.text(at + "/role") == "altas";
        const std::string person = "/api/v1/users/" + everybody.text(at + "/id");
        for (const char* action : {"/reset-password", "/unlock"}) {
            INFO(everybody.text(at + "/login"), action);
            if (is_administrator) CHECK(pia.post(person + action).status == 403);
            if (is_own_kind && action == std::string{"/unlock"}) {
                CHECK(pia.post(person + action).status == 200);
            }
        }
        if (is_administrator) {
            CHECK(pia.send("DELETE", person + "/second-factor").status == 403);
            CHECK(pia.post(person + "/deactivate").status == 403);
        }
    }
    CHECK(pia.send("DELETE", "/api/v1/roles/tarde").status == 409);
}

TEST_CASE(
    "a role is not weakened by who could not give it, nor turned into an agent's while held") {
    World world;
    Person root = world.sign_in(world.add_person("administrator", world.company));
    const auto role = [](const std::string& permissions) {
        return R"({"name_es":"R","name_en":"R","permissions":[)" + permissions + "]}";
    };
    REQUIRE(root.send("PUT", "/api/v1/roles/altas", role(R"("manage_users")")).status == 200);
    REQUIRE(root.send("PUT", "/api/v1/roles/jefes", role(R"("operate")")).status == 200);
    Person pia = world.sign_in(world.add_person("altas", world.company));
    CHECK(pia.send("PUT", "/api/v1/roles/jefes", role("")).status == 403);

    CHECK(root.send("PUT", "/api/v1/roles/altas", role(R"("take_contacts")")).status == 409);
    CHECK(root.send("PUT", "/api/v1/roles/jefes", role(R"("take_contacts")")).status == 200);
}

TEST_CASE(
    "an administrator's own password and second factor are changed with the present password") {
    World world;
    Person root = world.sign_in(world.add_person("administrator", world.company));
    const std::string self = "/api/v1/users/" + root.get("/api/v1/me").text("/user/id");
    CHECK(root.post(self + "/reset-password").status == 409);
    CHECK(root.send("DELETE", self + "/second-factor").status == 409);
}

TEST_CASE("what a repeat is answered with belongs to one company") {
    World world;
    Person operator_ = world.operator_();
    const std::string key = "Idempotency-Key: k1";
    const std::string body = R"({"name":"Eva Gil"})";
    auto connection = world.fresh.database.connect().value();
    const auto name_of = [&](CompanyId company) {
        const auto row = connection.query_one("SELECT key FROM company WHERE id = ?", {company});
        return row.value()->get<std::string>(0).value();
    };
    const std::string here = "Escucha-Company: " + name_of(world.company);
    const std::string there = "Escucha-Company: " + name_of(world.other_company);
    const Got ours = operator_.post("/api/v1/customers", body, {key, here});
    REQUIRE(ours.status == 201);
    CHECK(operator_.post("/api/v1/customers", body, {key, here}).text("/id") == ours.text("/id"));
    const Got theirs = operator_.post("/api/v1/customers", body, {key, there});
    CHECK(theirs.status == 201);
    CHECK(theirs.text("/id") != ours.text("/id"));
}
