#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "detail/api.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

std::string counts(const Options& options, const json::value& of) {
    std::string out;
    for (const auto& [name, number] : of.as_object()) {
        out += (out.empty() ? "" : ", ") + std::string{name} + " " + json::serialize(number);
    }
    return out.empty() ? options.say("ninguno", "none") : out;
}

}  // namespace

Outcome status(const Options& options) {
    return show(options, "/api/v1/status", [&](const json::value& body) {
        const bool is_ready = body.at("ready").as_bool();
        std::string out = "Escucha " + text(body, "version") + ", " +
                          (is_ready ? options.say("lista para recibir llamadas", "ready for calls")
                                    : options.say("no está lista", "not ready")) +
                          options.say(", en marcha desde ", ", running since ") +
                          text(body, "started_at") + "\n";
        for (const json::value& line : body.at("not_ready").as_array()) {
            out += "  - " + std::string{line.as_string()} + "\n";
        }
        for (const json::value& line : body.at("warnings").as_array()) {
            out += "  ! " + std::string{line.as_string()} + "\n";
        }
        out += std::string{options.say("Contactos: ", "Contacts: ")} +
               counts(options, body.at("contacts")) + "\n";
        out += std::string{options.say("Agentes: ", "Agents: ")} +
               counts(options, body.at("agents")) + "\n";
        return out;
    });
}

Outcome call_list(const Options& options, int recent) {
    if (recent > 0) {
        return show(
            options,
            "/api/v1/contacts?limit=" + std::to_string(recent),
            [&](const json::value& body) {
                std::vector<std::vector<std::string>> rows{{"ID",
                                                            options.say("LLEGÓ", "ARRIVED"),
                                                            options.say("LÍNEA", "LINE"),
                                                            options.say("LLAMA", "CALLER"),
                                                            options.say("EXPEDIENTE", "CASE"),
                                                            options.say("AGENTE", "AGENT"),
                                                            options.say("RESULTADO", "OUTCOME")}};
                for (const json::value& contact : body.at("items").as_array()) {
                    rows.push_back({text(contact, "id"),
                                    text(contact, "arrived_at"),
                                    text(contact, "line_name"),
                                    text(contact, "caller"),
                                    text(contact, "case", "reference"),
                                    text(contact, "agent", "name"),
                                    text(contact, "outcome")});
                }
                return table(rows);
            });
    }
    return show(options, "/api/v1/floor", [&](const json::value& body) {
        std::vector<std::vector<std::string>> rows{{"ID",
                                                    options.say("LLEGÓ", "ARRIVED"),
                                                    options.say("ESTADO", "STATE"),
                                                    options.say("DESDE", "SINCE"),
                                                    options.say("LÍNEA", "LINE"),
                                                    options.say("LLAMA", "CALLER"),
                                                    options.say("EXPEDIENTE", "CASE")}};
        for (const json::value& contact : body.at("contacts").as_array()) {
            rows.push_back({text(contact, "id"),
                            clock_of(text(contact, "arrived_at")),
                            text(contact, "state"),
                            clock_of(text(contact, "since")),
                            text(contact, "line_name"),
                            text(contact, "caller"),
                            text(contact, "case", "reference")});
        }
        if (rows.size() == 1) {
            return std::string{options.say("No hay llamadas.\n", "There are no calls.\n")};
        }
        return table(rows);
    });
}

Outcome agent_list(const Options& options) {
    return show(options, "/api/v1/agents", [&](const json::value& body) {
        std::vector<std::vector<std::string>> rows{{options.say("AGENTE", "AGENT"),
                                                    options.say("ESTADO", "STATE"),
                                                    options.say("MOTIVO", "REASON"),
                                                    options.say("DESDE", "SINCE"),
                                                    options.say("TELÉFONO", "PHONE"),
                                                    options.say("CONTACTO", "CONTACT")}};
        for (const json::value& agent : body.at("items").as_array()) {
            const bool has_phone = agent.at("is_phone_registered").as_bool();
            rows.push_back({text(agent, "name"),
                            text(agent, "state"),
                            text(agent, "reason"),
                            clock_of(text(agent, "since")),
                            has_phone ? options.say("registrado", "registered") : "-",
                            text(agent, "contact_id")});
        }
        return table(rows);
    });
}

}  // namespace escucha::ctl
