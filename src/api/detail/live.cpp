#include <algorithm>

#include <boost/json/array.hpp>

#include "api/detail/handlers.h"
#include "api/detail/json.h"
#include "api/detail/records.h"

namespace escucha::api {
namespace {

namespace json = boost::json;

/// Agents see the floor of nobody; what they get of colleagues is their names and states.
json::array encode_agents(std::vector<server::AgentView> agents) {
    std::ranges::sort(agents, {}, [](const auto& agent) { return std::tie(agent.name, agent.id); });
    json::array items;
    for (const auto& agent : agents) items.push_back(encode(agent));
    return items;
}

/// The id in a member of the contact that is an object or null.
template <typename Id>
std::optional<Id> id_in(const json::value& contact, std::string_view member) {
    const json::value& one = contact.at(json::string_view{member.data(), member.size()});
    if (one.is_null()) return std::nullopt;
    return Id::parse(std::string{one.at("id").as_string()});
}

/// The case, customer and open cases of the desk's contact. `contact` is not the desk's own: a
/// member assigned to the desk may move all of them.
Attempt<void> add_matter(Call& call, const json::value& contact, json::object& desk) {
    if (contact.is_null()) return BOOST_OUTCOME_V2_NAMESPACE::success();
    if (const auto matter = id_in<CaseId>(contact, "case")) {
        // The case may be so new that its row is only being written: then without.
        auto detail = case_detail(call, *matter);
        if (detail) desk["case"] = std::move(detail).value();
    }
    const auto customer = id_in<CustomerId>(contact, "customer");
    if (!customer) return BOOST_OUTCOME_V2_NAMESPACE::success();
    auto record = customer_record(call, *customer);
    if (record) desk["customer"] = std::move(record).value();
    ESC_TRY(auto live_cases, live_cases_of(call, customer->to_string()));
    desk["open_cases"] = std::move(live_cases);
    return BOOST_OUTCOME_V2_NAMESPACE::success();
}

Attempt<json::value> contact_of(Call& call,
                                const server::Floor& floor,
                                const server::AgentView& agent) {
    if (!agent.contact) return nullptr;
    const auto live = std::ranges::find(floor.contacts, *agent.contact, &server::ContactView::id);
    if (live != floor.contacts.end()) return json::value(encode(*live));
    return ended_contact(call, *agent.contact);
}

}  // namespace

Answer get_floor(Call& call) {
    ESC_TRY(auto floor, call.services.port.floor(call.company()));
    json::array queues, contacts;
    for (const auto& queue : floor.queues) queues.push_back(encode(queue));
    for (const auto& contact : floor.contacts) {
        contacts.push_back(encode(contact));
        if (contact.customer) call.seen.add(*contact.customer);
    }
    return json_response(json::object{{"seq", floor.seq},
                                      {"taken_at", to_rfc3339(floor.taken_at)},
                                      {"queues", std::move(queues)},
                                      {"agents", encode_agents(std::move(floor.agents))},
                                      {"contacts", std::move(contacts)}});
}

Answer get_desk(Call& call) {
    if (call.who.agent.is_nil()) return Problem{Code::Forbidden};
    ESC_TRY(const auto floor, call.services.port.floor(call.company()));
    const auto agent = std::ranges::find(floor.agents, call.who.agent, &server::AgentView::id);
    if (agent == floor.agents.end()) return Problem{Code::NotFound};
    json::array queues;
    for (const auto& queue : floor.queues) {
        const bool is_own = std::ranges::find(agent->queues, queue.id) != agent->queues.end();
        if (is_own) queues.push_back(encode(queue));
    }
    ESC_TRY(const auto contact, contact_of(call, floor, *agent));
    json::object desk{{"seq", floor.seq},
                      {"taken_at", to_rfc3339(floor.taken_at)},
                      {"agent", encode(*agent)},
                      {"queues", std::move(queues)},
                      {"contact", contact},
                      {"case", nullptr},
                      {"customer", nullptr},
                      {"open_cases", json::array{}}};
    ESC_TRY(add_matter(call, contact, desk));
    call.seen.contact = agent->contact;
    return json_response(desk);
}

Answer list_agents(Call& call) {
    ESC_TRY(auto floor, call.services.port.floor(call.company()));
    return json_response(json::object{{"items", encode_agents(std::move(floor.agents))}});
}

Answer get_agent(Call& call) {
    ESC_TRY(const auto agent, call.id<AgentTag>(0));
    ESC_TRY(const auto view, call.services.port.agent(call.company(), agent));
    return json_response(encode(view));
}

}  // namespace escucha::api
