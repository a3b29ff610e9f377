#include <algorithm>

#include <boost/json/array.hpp>

#include "detail/api.h"

namespace escucha::ctl {

namespace json = boost::json;

Outcome case_show(const Options& options, const std::string& reference) {
    std::string digits;
    for (const char c : reference) {
        if (c >= '0' && c <= '9') digits.push_back(c);
    }
    // A case's id has letters or is far longer than a reference.
    const bool is_id = reference.size() == 36;
    const std::string path =
        is_id ? "/api/v1/cases/" + reference : "/api/v1/cases/by-reference/" + digits;
    if (!is_id && digits.empty()) {
        return {
            Exit::Usage, {}, options.say("Eso no es una referencia.\n", "That is no reference.\n")};
    }
    return show(options, path, [&](const json::value& body) {
        const json::value& matter = body.at("case");
        std::string out =
            std::string{options.say("Expediente ", "Case ")} + text(matter, "reference") + ": " +
            text(matter, "subject") + "\n" +
            table({{options.say("  estado", "  status"), text(matter, "status")},
                   {options.say("  tema", "  topic"), text(matter, "topic")},
                   {options.say("  cliente", "  customer"), text(matter, "customer", "name")},
                   {options.say("  responsable", "  owner"), text(matter, "owner", "name")},
                   {options.say("  siguiente paso", "  next step"), text(matter, "next_step")},
                   {options.say("  para el", "  due"), text(matter, "due")},
                   {options.say("  abierto", "  opened"), text(matter, "opened_at")},
                   {options.say("  cerrado", "  closed"), text(matter, "closed_at")}});
        const json::array& data = body.at("data").as_array();
        if (!data.empty()) out += options.say("Datos\n", "Data\n");
        for (const json::value& datum : data) {
            out += "  " + text(datum, "name") + ": " + text(datum, "value") + "\n";
        }
        out += options.say("Contactos\n", "Contacts\n");
        for (const json::value& contact : body.at("contacts").as_array()) {
            out += "  " + text(contact, "arrived_at") + "  " + text(contact, "id") + "  " +
                   text(contact, "agent", "name") + "  " + text(contact, "outcome") + "\n";
        }
        out += options.say("Notas\n", "Notes\n");
        for (const json::value& note : body.at("notes").as_array()) {
            out += "  " + text(note, "updated_at") + "  " + text(note, "author", "name") + ": " +
                   text(note, "text") + "\n";
        }
        return out;
    });
}

}  // namespace escucha::ctl
