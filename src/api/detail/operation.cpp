#include <algorithm>

#include <boost/json/array.hpp>

#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/recorded_sound.h"
#include "store/backup.h"

namespace escucha::api {

namespace json = boost::json;

namespace {

/// "escucha-20261123T041500Z.db"
std::string backup_name(WallTime now) {
    std::string name = "escucha-";
    for (const char c : to_rfc3339(now).substr(0, 19)) {
        if (c != '-' && c != ':') name.push_back(c);
    }
    return name + "Z.db";
}

bool is_backup_name(std::string_view name) {
    const bool is_plain = std::ranges::all_of(name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'T' || c == 'Z' ||
               c == '-' || c == '.';
    });
    return is_plain && name.starts_with("escucha-") && name.ends_with(".db");
}

std::string_view word_of(sip::TrunkRegistration registration) {
    switch (registration) {
        case sip::TrunkRegistration::NotWanted:
            return "not_wanted";
        case sip::TrunkRegistration::Trying:
            return "trying";
        case sip::TrunkRegistration::Registered:
            return "registered";
        case sip::TrunkRegistration::Failed:
            return "failed";
    }
    return {};
}

std::string_view word_of(sip::TrunkReach reach) {
    switch (reach) {
        case sip::TrunkReach::Unknown:
            return "unknown";
        case sip::TrunkReach::Reachable:
            return "reachable";
        case sip::TrunkReach::Unreachable:
            return "unreachable";
    }
    return {};
}

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value{} : json::value(text);
}

}  // namespace

Answer get_status(Call& call) {
    ESC_TRY(const auto floor, call.services.port.floor(call.company()));
    json::object contacts, agents;
    const auto count = [](json::object& counts, std::string_view name) {
        json::value& value = counts[json::string_view{name.data(), name.size()}];
        value = value.is_null() ? 1 : value.as_int64() + 1;
    };
    for (const auto& contact : floor.contacts) count(contacts, word(contact.state));
    for (const auto& agent : floor.agents) count(agents, word(agent.state));
    json::array missing;
    for (const std::string& line : call.services.port.not_ready()) {
        missing.push_back(json::string{line});
    }
    const bool is_ready = missing.empty();
    json::array warnings;
    ESC_TRY(const bool is_mute, are_keys_missing(call));
    if (is_mute) warnings.push_back("recordings: keys are missing from the key file");
    return json_response(json::object{{"version", ESCUCHA_VERSION},
                                      {"started_at", to_rfc3339(call.services.config.started_at)},
                                      {"ready", is_ready},
                                      {"not_ready", std::move(missing)},
                                      {"warnings", std::move(warnings)},
                                      {"contacts", std::move(contacts)},
                                      {"agents", std::move(agents)}});
}

Answer list_sip_bans(Call& call) {
    ESC_TRY(const auto bans, call.services.port.sip_bans());
    json::array items;
    for (const auto& ban : bans) {
        items.push_back(json::object{{"source", ban.source}, {"until", to_rfc3339(ban.until)}});
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer lift_sip_ban(Call& call) {
    ESC_TRY(call.services.port.lift_sip_ban(call.path.at(0)));
    return net::Response{204, {}, {}};
}

Answer list_trunks(Call& call) {
    ESC_TRY(const auto trunks, call.services.port.trunks());
    json::array items;
    for (const auto& trunk : trunks) {
        items.push_back(json::object{{"name", trunk.name},
                                     {"registration", word_of(trunk.registration)},
                                     {"reach", word_of(trunk.reach)},
                                     {"server", text_or_null(trunk.server)},
                                     {"since", to_rfc3339(trunk.since)},
                                     {"why", text_or_null(trunk.why)},
                                     {"calls", trunk.calls},
                                     {"calls_max", trunk.calls_max}});
    }
    return json_response(json::object{{"items", std::move(items)}});
}

Answer create_backup(Call& call) {
    const std::filesystem::path& folder = call.services.config.backups_dir;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    const std::string name = backup_name(call.now);
    call.seen.made = name;
    auto report = store::backup(call.services.database, (folder / name).string());
    if (!report && report.error().code == store::Errc::Unsupported) {
        return Problem{Code::Unavailable,
                       {"Con PostgreSQL, haga la copia con pg_dump.",
                        "With PostgreSQL, make the copy with pg_dump."}};
    }
    ESC_TRY(const auto done, std::move(report));
    return json_response(
        json::object{{"name", name}, {"bytes", done.bytes}, {"created_at", to_rfc3339(call.now)}},
        201);
}

Answer get_backup(Call& call) {
    // It holds every company's rows: for the operator of the machine, who could read the file.
    if (!call.who.user.is_nil() || call.who.key) return Problem{Code::Forbidden};
    const std::string& name = call.path.at(0);
    if (!is_backup_name(name)) return Problem{Code::NotFound};
    const std::filesystem::path path = call.services.config.backups_dir / name;
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);
    if (error) return Problem{Code::NotFound};
    return net::Response{
        200, {{"Content-Type", "application/octet-stream"}}, net::FileBody{path.string(), 0, size}};
}

Answer reset_demo(Call& call) {
    if (!call.services.config.reset_demo) return Problem{Code::NotFound};
    ESC_TRY(const auto floor, call.services.port.floor(call.company()));
    if (!floor.contacts.empty()) return Problem{Code::WrongState};
    ESC_TRY(call.services.config.reset_demo());
    return net::Response{204, {}, {}};
}

}  // namespace escucha::api
