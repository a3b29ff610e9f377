#include "api/detail/json.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace escucha::api {

namespace json = boost::json;
using server::AgentState;
using server::ContactState;

json::value or_null(std::string text) {
    if (text.empty()) return nullptr;
    return json::string{text};
}
json::value or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return json::string{to_rfc3339(*time)};
}
json::value number_or_null(const std::optional<std::int64_t>& number) {
    if (!number) return nullptr;
    return *number;
}
json::value named_or_null(const std::string& id, const std::string& name) {
    if (id.empty()) return nullptr;
    return json::object{{"id", id}, {"name", name}};
}

json::array names_of(const identity::Permissions& permissions) {
    json::array names;
    for (const std::string_view name : permissions.names()) names.emplace_back(json::string{name});
    return names;
}

identity::Permissions permissions_in(const json::array& names) {
    identity::Permissions permissions;
    for (const json::value& name : names) {
        if (const auto known = identity::parse_permission(name.get_string())) {
            permissions.add(*known);
        }
    }
    return permissions;
}

std::string_view word(AgentState state) {
    switch (state) {
        case AgentState::SignedOut:
            return "signed_out";
        case AgentState::NotReady:
            return "not_ready";
        case AgentState::Ready:
            return "ready";
        case AgentState::Offered:
            return "offered";
        case AgentState::Talking:
            return "talking";
        case AgentState::WrapUp:
            return "wrap_up";
    }
    return {};
}

std::string_view word(ContactState state) {
    switch (state) {
        case ContactState::Menu:
            return "menu";
        case ContactState::Waiting:
            return "waiting";
        case ContactState::Offered:
            return "offered";
        case ContactState::Talking:
            return "talking";
        case ContactState::Held:
            return "held";
        case ContactState::Voicemail:
            return "voicemail";
        case ContactState::Ended:
            return "ended";
    }
    return {};
}

namespace {

/// "not_ready:lunch" -> {"state": "not_ready", "reason": "lunch"}.
json::value next_state(const std::string& text) {
    if (text.empty()) return nullptr;
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string reason = text.substr(std::min(colon + 1, text.size()));
    return json::object{{"state", text.substr(0, colon)}, {"reason", or_null(reason)}};
}

}  // namespace

json::object encode(const server::AgentView& agent) {
    json::array queues;
    for (const QueueId& queue : agent.queues) queues.push_back(json::string{queue.to_string()});
    return {{"id", agent.id.to_string()},
            {"name", agent.name},
            {"state", word(agent.state)},
            {"reason", or_null(agent.reason)},
            {"since", to_rfc3339(agent.since)},
            {"until", or_null(agent.until)},
            {"contact_id", or_null(agent.contact)},
            {"next_state", next_state(agent.next_state)},
            {"is_phone_registered", agent.is_phone_registered},
            {"queue_ids", std::move(queues)}};
}

json::object encode(const server::QueueView& queue) {
    return {{"id", queue.id.to_string()},
            {"name", queue.name},
            {"waiting", queue.waiting},
            {"longest_since", or_null(queue.longest_since)},
            {"ready", queue.ready},
            {"talking", queue.talking},
            {"wrap_up", queue.wrap_up},
            {"not_ready", queue.not_ready},
            {"answered_today", queue.answered_today},
            {"abandoned_today", queue.abandoned_today},
            {"answered_within_20s_today", queue.answered_within_20s_today},
            {"is_stopped", queue.is_stopped}};
}

namespace {

std::string_view state_word(control::SecureInputView::State state) {
    switch (state) {
        case control::SecureInputView::State::Keying:
            return "keying";
        case control::SecureInputView::State::Checking:
            return "checking";
        case control::SecureInputView::State::Ended:
            return "ended";
    }
    return "ended";
}

json::object secure_input_json(const control::SecureInputView& input) {
    json::value result = nullptr;
    if (input.result) result = json::string{control::word(*input.result)};
    return {{"kind", control::word(input.kind)},
            {"label", or_null(input.label)},
            {"state", state_word(input.state)},
            {"digits", static_cast<std::uint64_t>(input.digits)},
            {"attempt", input.attempt},
            {"since", to_rfc3339(input.since)},
            {"result", std::move(result)},
            {"last_four", or_null(input.last_four)},
            {"is_delivered", input.is_delivered}};
}

}  // namespace

json::object encode(const server::ContactView& contact) {
    json::array context;
    for (const server::DatumView& datum : contact.context) {
        context.push_back(json::object{{"name", datum.name},
                                       {"sensitivity", to_text(datum.sensitivity)},
                                       {"value", datum.value},
                                       {"given_by", datum.given_by},
                                       {"at", to_rfc3339(datum.at)},
                                       {"verified", datum.verified}});
    }
    json::value matter = nullptr;
    if (contact.case_id) {
        matter = json::object{{"id", contact.case_id->to_string()},
                              {"reference", contact.case_reference},
                              {"subject", contact.case_subject}};
    }
    json::value consultation = nullptr;
    if (const auto& asked = contact.consultation) {
        consultation = json::object{{"by_agent_id", asked->by.to_string()},
                                    {"with_agent_id", or_null(asked->with)},
                                    {"is_answered", asked->is_answered},
                                    {"since", to_rfc3339(asked->since)}};
    }
    json::array conference;
    for (const server::MemberView& member : contact.conference) {
        conference.push_back(json::object{{"agent_id", member.agent.to_string()},
                                          {"is_joined", member.is_joined},
                                          {"since", to_rfc3339(member.since)}});
    }
    json::array supervised_by;
    for (const server::SupervisorView& supervisor : contact.supervised_by) {
        supervised_by.push_back(json::object{{"agent_id", supervisor.agent.to_string()},
                                             {"mode", supervisor.mode},
                                             {"is_joined", supervisor.is_joined},
                                             {"since", to_rfc3339(supervisor.since)}});
    }
    json::value diversion = nullptr;
    if (const auto& told = contact.diversion) {
        diversion = json::object{
            {"from", or_null(told->from)}, {"reason", word(told->reason)}, {"count", told->count}};
    }
    json::value secure_input = nullptr;
    if (contact.secure_input) secure_input = secure_input_json(*contact.secure_input);
    json::value position = nullptr;
    if (contact.position) position = *contact.position;
    const std::string customer = contact.customer ? contact.customer->to_string() : "";
    return {{"id", contact.id.to_string()},
            {"line_id", contact.line.to_string()},
            {"line_name", contact.line_name},
            {"caller", or_null(contact.caller)},
            {"diversion", std::move(diversion)},
            {"language", contact.language},
            {"state", word(contact.state)},
            {"menu_node", or_null(contact.menu_node)},
            {"arrived_at", to_rfc3339(contact.arrived)},
            {"since", to_rfc3339(contact.since)},
            {"customer", named_or_null(customer, contact.customer_name)},
            {"case", std::move(matter)},
            {"queue_id", or_null(contact.queue)},
            {"position", std::move(position)},
            {"agent_id", or_null(contact.agent)},
            {"outside", or_null(contact.outside)},
            {"consultation", std::move(consultation)},
            {"conference", std::move(conference)},
            {"supervised_by", std::move(supervised_by)},
            {"secure_input", std::move(secure_input)},
            {"recording_id", or_null(contact.recording)},
            {"is_recording_paused", contact.is_recording_paused},
            {"reasks", contact.reasks},
            {"context", std::move(context)}};
}

json::object encode(const store::StoredEvent& event) {
    json::error_code ignored;
    json::value data = json::parse(event.data, ignored);
    if (!data.is_object()) data = json::object{};
    return {{"seq", event.seq},
            {"type", event.type},
            {"at", to_rfc3339(event.at)},
            {"contact_id", or_null(event.contact)},
            {"case_id", or_null(event.case_id)},
            {"customer_id", or_null(event.customer)},
            {"agent_id", or_null(event.agent)},
            {"queue_id", or_null(event.queue)},
            {"data", std::move(data)}};
}

net::Response json_response(const json::value& body, unsigned status) {
    net::Response response{status, {}, json::serialize(body)};
    return response.with("Content-Type", "application/json");
}

}  // namespace escucha::api
