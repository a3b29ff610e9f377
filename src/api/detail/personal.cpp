#include "api/detail/personal.h"

#include <array>
#include <span>
#include <string_view>

#include "api/detail/records.h"

namespace escucha::api {
namespace {

namespace json = boost::json;

struct Personal {
    std::string_view type;
    std::string_view field;  ///< Empty: all fields.
};

// docs/journal.md says which fields are personal.
constexpr std::array kPersonal{
    Personal{"note_saved", "text"},
    Personal{"contact_arrived", "caller"},
    Personal{"contact_arrived", "diverted_from"},
    Personal{"datum_given", "value"},
    Personal{"case_datum_recorded", "value"},
    Personal{"customer_created", ""},
    Personal{"customer_updated", ""},
    Personal{"contact_point_added", "value"},
    Personal{"disposition_recorded", "next_step"},
    Personal{"case_updated", "next_step"},
    Personal{"outside_started", "number"},
    Personal{"outside_answered", "number"},
    Personal{"outside_redirected", "number"},
    Personal{"outside_redirected", "from"},
    Personal{"outside_ended", "number"},
    Personal{"alert_raised", "customers"},
    Personal{"canary_alert_raised", "customers"},
    Personal{"canary_alert_raised", "number"},
    Personal{"alert_acknowledged", "reason"},
    Personal{"read_block_lifted", "reason"},
};

}  // namespace

void strip_personal(json::object& event) {
    const json::string& type = event.at("type").as_string();
    json::object& data = event.at("data").as_object();
    for (const Personal& personal : kPersonal) {
        if (type != json::string_view{personal.type.data(), personal.type.size()}) continue;
        if (personal.field.empty()) {
            data.clear();
        } else {
            data.erase(json::string_view{personal.field.data(), personal.field.size()});
        }
    }
}

void mask_personal(json::object& event, const identity::Permissions& permissions) {
    if (permissions.has(identity::Permission::SeePersonal)) return;
    json::object& data = event.at("data").as_object();
    for (const char* field : {"document_id", "document"}) {
        auto* value = data.if_contains(field);
        if (value != nullptr && value->is_string()) *value = mask_document(value->get_string());
    }
    const auto* name = data.if_contains("name");
    auto* value = data.if_contains("value");
    if (name != nullptr && *name == "document" && value != nullptr && value->is_string()) {
        *value = mask_document(value->get_string());
    }
}

}  // namespace escucha::api
