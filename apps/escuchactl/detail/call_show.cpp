#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "detail/api.h"

namespace escucha::ctl {

namespace json = boost::json;

namespace {

/// The ladder's arrow: towards us, from us, or a decision of ours.
std::string_view arrow(std::string_view kind) {
    if (kind == "sip_in") return "  →  ";
    if (kind == "sip_out") return "  ←  ";
    if (kind == "media") return "  ♪  ";
    return "  ·  ";
}

struct Line {
    std::string at;
    std::string text;
};

std::string fields_of(const json::value& data) {
    std::string out;
    for (const auto& [name, value] : data.as_object()) {
        out += " " + std::string{name} + "=";
        out += value.is_string() ? std::string{value.get_string()} : json::serialize(value);
    }
    return out;
}

void add_trace(const json::value& trace, std::vector<Line>& lines) {
    for (const json::value& line : trace.at("lines").as_array()) {
        const std::string kind = text(line, "kind");
        std::string written{arrow(kind)};
        if (!kind.starts_with("sip")) written += kind + ": ";
        lines.push_back({text(line, "at"), written + text(line, "text")});
    }
}

void add_journal(const json::value& detail, std::vector<Line>& lines) {
    for (const json::value& event : detail.at("events").as_array()) {
        lines.push_back(
            {text(event, "at"), "  ✎  " + text(event, "type") + fields_of(event.at("data"))});
    }
}

std::string heading(const Options& options, const json::value& contact) {
    return std::string{options.say("Contacto ", "Contact ")} + text(contact, "id") + "\n" +
           table({{options.say("  llama", "  caller"), text(contact, "caller")},
                  {options.say("  línea", "  line"), text(contact, "line_name")},
                  {options.say("  cliente", "  customer"), text(contact, "customer", "name")},
                  {options.say("  caso", "  case"), text(contact, "case", "reference")},
                  {options.say("  agente", "  agent"), text(contact, "agent", "name")},
                  {options.say("  resultado", "  outcome"), text(contact, "outcome")}}) +
           "\n";
}

}  // namespace

Outcome call_show(const Options& options, const std::string& id) {
    Api api{options};
    auto answer = api.get("/api/v1/contacts/" + id);
    if (auto* failure = std::get_if<Outcome>(&answer)) return std::move(*failure);
    const auto& detail = std::get<json::value>(answer);
    auto recorder = api.get("/api/v1/contacts/" + id + "/trace");
    const auto* trace = std::get_if<json::value>(&recorder);
    if (options.format == Format::Json) {
        return {Exit::Done,
                serialize_line(json::object{{"detail", detail},
                                            {"trace", trace == nullptr ? json::value{} : *trace}}),
                {}};
    }
    std::vector<Line> lines;
    add_journal(detail, lines);
    if (trace != nullptr) add_trace(*trace, lines);
    std::ranges::stable_sort(lines, {}, &Line::at);
    std::string out = heading(options, detail.at("contact"));
    for (const Line& line : lines) {
        const std::string at = line.at.size() > 23 ? line.at.substr(11, 12) : line.at;
        out += at + line.text + "\n";
    }
    std::string note;
    if (trace == nullptr) {
        note = options.say("La traza de esta llamada ya no está en memoria; queda su diario.\n",
                           "This call's trace is no longer in memory; its journal remains.\n");
    }
    return {Exit::Done, std::move(out), std::move(note)};
}

}  // namespace escucha::ctl
