// Rows as JSON: short to store, strict to read.

#include <limits>

#include <boost/json.hpp>

#include "acd/errc.h"
#include "acd/rows.h"
#include "base/overloaded.h"

namespace escucha::acd {

namespace {

namespace json = boost::json;

json::object to_json(const NextStatus& next) {
    return {{"kind", word(next.kind)}, {"reason", next.reason}};
}

json::object to_json(const AgentState& state) {
    json::object out{{"kind", word(kind_of(state))}};
    std::visit(overloaded{
                   [](const SignedOut&) {},
                   [&](const NotReady& s) {
                       out["reason"] = s.reason;
                       out["waits_for_phone"] = s.is_waiting_for_phone;
                   },
                   [&](const Ready& s) { out["idle_rank"] = s.idle_rank; },
                   [&](const Offered& s) {
                       out["offer"] = s.offer.to_string();
                       out["contact"] = s.contact.to_string();
                       out["until_us"] = to_micros(s.deadline.wall);
                       out["idle_rank"] = s.idle_rank;
                       out["next"] = to_json(s.next);
                   },
                   [&](const Talking& s) {
                       out["contact"] = s.contact.to_string();
                       out["queue"] = s.queue.to_string();
                       out["next"] = to_json(s.next);
                   },
                   [&](const WrapUp& s) {
                       out["contact"] = s.contact.to_string();
                       out["queue"] = s.queue.to_string();
                       out["until_us"] = to_micros(s.deadline.wall);
                       out["extensions"] = s.extensions;
                       out["next"] = to_json(s.next);
                   },
               },
               state);
    return out;
}

json::object to_json(const AgentRow& row) {
    return {{"agent", row.agent.to_string()},
            {"state", to_json(row.state)},
            {"since_us", to_micros(row.since)},
            {"phone", row.is_phone_reachable}};
}

json::object to_json(const ContactRow& row) {
    const QueuedContact& contact = row.contact;
    json::object place;
    std::visit(overloaded{
                   [&](const InQueue&) { place["kind"] = "in_queue"; },
                   [&](const Ringing& p) {
                       place["kind"] = "ringing";
                       place["offer"] = p.offer.to_string();
                       place["agent"] = p.agent.to_string();
                       place["began_us"] = to_micros(p.began);
                       place["direct"] = p.is_direct;
                   },
                   [&](const InTalk& p) {
                       place["kind"] = "in_talk";
                       place["agent"] = p.agent.to_string();
                   },
               },
               row.place);
    return {{"contact", contact.id.to_string()},
            {"company", contact.company.to_string()},
            {"queue", contact.queue.to_string()},
            {"arrived_us", to_micros(contact.arrived)},
            {"priority", word(contact.priority)},
            {"language", contact.language},
            {"because", word(contact.because)},
            {"queued_at_us", to_micros(row.queued_at)},
            {"place", std::move(place)}};
}

/// Reads the fields of one object; the first that is missing or of the wrong kind is remembered.
class Fields {
public:
    Fields(const json::object& object, std::string& problem) : object_{object}, problem_{problem} {}

    std::string text(std::string_view name) {
        const json::value* value = find(name);
        if (value == nullptr || !value->is_string()) return miss(name), std::string{};
        return std::string{value->get_string()};
    }
    std::int64_t number(std::string_view name) {
        const json::value* value = find(name);
        if (value == nullptr || !value->is_int64()) return miss(name), 0;
        return value->get_int64();
    }
    std::uint64_t count(std::string_view name, std::uint64_t limit) {
        const std::int64_t value = number(name);
        if (value < 0 || static_cast<std::uint64_t>(value) > limit) return miss(name), 0;
        return static_cast<std::uint64_t>(value);
    }
    bool flag(std::string_view name) {
        const json::value* value = find(name);
        if (value == nullptr || !value->is_bool()) return miss(name), false;
        return value->get_bool();
    }
    template <typename Id>
    Id id(std::string_view name) {
        const auto id = Id::parse(text(name));
        if (!id) miss(name);
        return id.value_or(Id{});
    }
    WallTime time(std::string_view name) { return from_micros(number(name)); }
    Fields object(std::string_view name) {
        static const json::object kEmpty;
        const json::value* value = find(name);
        if (value == nullptr || !value->is_object()) {
            miss(name);
            return {kEmpty, problem_};
        }
        return {value->get_object(), problem_};
    }
    void miss(std::string_view name) {
        if (problem_.empty()) problem_ = name;
    }

private:
    const json::value* find(std::string_view name) const { return object_.if_contains(name); }

    const json::object& object_;
    std::string& problem_;
};

constexpr std::uint64_t kMaxCount = std::numeric_limits<std::int64_t>::max();

NextStatus read_next(Fields fields) {
    NextStatus next;
    const std::string kind = fields.text("kind");
    next.reason = fields.text("reason");
    for (const auto candidate :
         {NextStatus::Kind::Ready, NextStatus::Kind::NotReady, NextStatus::Kind::SignedOut}) {
        if (word(candidate) == kind) {
            next.kind = candidate;
            return next;
        }
    }
    fields.miss("next/kind");
    return next;
}

Deadline read_deadline(Fields fields) { return {.at = {}, .wall = fields.time("until_us")}; }

AgentState read_state(Fields fields) {
    const std::string kind = fields.text("kind");
    if (kind == "signed_out") return SignedOut{};
    if (kind == "not_ready") {
        return NotReady{.reason = fields.text("reason"),
                        .is_waiting_for_phone = fields.flag("waits_for_phone")};
    }
    if (kind == "ready") return Ready{.idle_rank = fields.count("idle_rank", kMaxCount)};
    if (kind == "offered") {
        return Offered{.offer = fields.id<OfferId>("offer"),
                       .contact = fields.id<ContactId>("contact"),
                       .deadline = read_deadline(fields),
                       .idle_rank = fields.count("idle_rank", kMaxCount),
                       .next = read_next(fields.object("next"))};
    }
    if (kind == "talking") {
        return Talking{.contact = fields.id<ContactId>("contact"),
                       .queue = fields.id<QueueId>("queue"),
                       .next = read_next(fields.object("next"))};
    }
    if (kind == "wrap_up") {
        return WrapUp{.contact = fields.id<ContactId>("contact"),
                      .queue = fields.id<QueueId>("queue"),
                      .deadline = read_deadline(fields),
                      .extensions = static_cast<std::uint32_t>(fields.count("extensions", 1000)),
                      .next = read_next(fields.object("next"))};
    }
    fields.miss("state/kind");
    return SignedOut{};
}

Place read_place(Fields fields) {
    const std::string kind = fields.text("kind");
    if (kind == "in_queue") return InQueue{};
    if (kind == "in_talk") return InTalk{.agent = fields.id<AgentId>("agent")};
    if (kind == "ringing") {
        return Ringing{.offer = fields.id<OfferId>("offer"),
                       .agent = fields.id<AgentId>("agent"),
                       .began = fields.time("began_us"),
                       .is_direct = fields.flag("direct")};
    }
    fields.miss("place/kind");
    return InQueue{};
}

QueuedBecause read_because(Fields fields) {
    const std::string text = fields.text("because");
    for (const auto because :
         {QueuedBecause::Flow, QueuedBecause::Transfer, QueuedBecause::OfferReturned}) {
        if (word(because) == text) return because;
    }
    fields.miss("because");
    return QueuedBecause::Flow;
}

AgentRow read_agent_row(Fields fields) {
    return {.agent = fields.id<AgentId>("agent"),
            .state = read_state(fields.object("state")),
            .since = fields.time("since_us"),
            .is_phone_reachable = fields.flag("phone")};
}

ContactRow read_contact_row(Fields fields) {
    const auto priority = parse_priority(fields.text("priority"));
    if (!priority) fields.miss("priority");
    return {.contact = {.id = fields.id<ContactId>("contact"),
                        .company = fields.id<CompanyId>("company"),
                        .queue = fields.id<QueueId>("queue"),
                        .arrived = fields.time("arrived_us"),
                        .priority = priority.value_or(Priority::Normal),
                        .language = fields.text("language"),
                        .because = read_because(fields)},
            .queued_at = fields.time("queued_at_us"),
            .place = read_place(fields.object("place"))};
}

template <typename Row, typename Read>
Result<Row> decode_object(const json::value& value, Read read) {
    if (!value.is_object()) return fail(Errc::InvalidSavedState, "not an object");
    std::string problem;
    Row row = read(Fields{value.get_object(), problem});
    if (!problem.empty()) return fail(Errc::InvalidSavedState, std::move(problem));
    return row;
}

Result<json::value> parse(std::string_view text) {
    boost::system::error_code error;
    json::value value = json::parse({text.data(), text.size()}, error);
    if (error) return fail(Errc::InvalidSavedState, "not JSON");
    return value;
}

}  // namespace

std::string encode(const ContactRow& row) { return json::serialize(to_json(row)); }
std::string encode(const AgentRow& row) { return json::serialize(to_json(row)); }

std::string encode(const Rows& rows) {
    json::array agents;
    for (const AgentRow& row : rows.agents) agents.push_back(to_json(row));
    json::array contacts;
    for (const ContactRow& row : rows.contacts) contacts.push_back(to_json(row));
    return json::serialize(
        json::object{{"agents", std::move(agents)}, {"contacts", std::move(contacts)}});
}

Result<AgentRow> decode_agent_row(std::string_view text) {
    ESC_TRY(const json::value value, parse(text));
    return decode_object<AgentRow>(value, read_agent_row);
}

Result<ContactRow> decode_contact_row(std::string_view text) {
    ESC_TRY(const json::value value, parse(text));
    return decode_object<ContactRow>(value, read_contact_row);
}

Result<Rows> decode_rows(std::string_view text) {
    ESC_TRY(const json::value value, parse(text));
    const json::object* object = value.if_object();
    const json::value* agents = object == nullptr ? nullptr : object->if_contains("agents");
    const json::value* contacts = object == nullptr ? nullptr : object->if_contains("contacts");
    if (agents == nullptr || !agents->is_array()) return fail(Errc::InvalidSavedState, "agents");
    if (contacts == nullptr || !contacts->is_array()) {
        return fail(Errc::InvalidSavedState, "contacts");
    }
    Rows rows;
    for (const json::value& row : agents->get_array()) {
        ESC_TRY(AgentRow agent, decode_object<AgentRow>(row, read_agent_row));
        rows.agents.push_back(std::move(agent));
    }
    for (const json::value& row : contacts->get_array()) {
        ESC_TRY(ContactRow contact, decode_object<ContactRow>(row, read_contact_row));
        rows.contacts.push_back(std::move(contact));
    }
    return rows;
}

}  // namespace escucha::acd
