#include "sim/detail/ledger.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace escucha::sim {

namespace {

constexpr std::size_t kRemembered = 60;
constexpr std::size_t kCasesOfCaller = 20;
constexpr std::array<std::string_view, 7> kOutcomes{
    "served", "self_served", "abandoned_menu", "abandoned_queue", "voicemail", "refused", "fault"};

std::string text(const Event& event, std::string_view field) {
    const Event::Value* value = event.find(field);
    const auto* found = value == nullptr ? nullptr : std::get_if<std::string>(value);
    return found == nullptr ? std::string{} : *found;
}

std::int64_t number(const Event& event, std::string_view field) {
    const Event::Value* value = event.find(field);
    const auto* found = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
    return found == nullptr ? 0 : *found;
}

template <typename Id>
std::string tail(const std::optional<Id>& id) {
    return id ? id->to_string().substr(28) : std::string{"-"};
}

std::string print(const Event::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
    if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
    return std::get<bool>(value) ? "true" : "false";
}

/// Sorts as the queue does.
std::string rank_of(const Event& event) {
    const std::string priority = text(event, "priority");
    const char first = priority == "urgent" ? '0'
                       : priority == "high" ? '1'
                       : priority == "low"  ? '3'
                                            : '2';
    return first + text(event, "arrived");
}

}  // namespace

void Ledger::fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
}

void Ledger::commit(const Event& event) {
    ++counts_.events;
    digest(event);
    remember(event);
    if (event.type == "agent_state_changed") return agent_changed(event);
    if (event.type == "state_repaired") ++counts_.repaired;
    if (event.type == "bug_met") fail("bug_met: " + text(event, "where"));
    if (event.type == "recording_ended") {
        if (open_recordings_.erase(text(event, "recording")) == 0) fail("a recording ended twice");
        return;
    }
    if (event.contact) on_contact(event);
}

void Ledger::on_contact(const Event& event) {
    if (event.type == "contact_arrived") return arrived(event);
    const auto found = contacts_.find(*event.contact);
    if (found == contacts_.end()) return fail(fmt::format("{} of nobody", event.type));
    Contact& contact = found->second;
    if (contact.is_ended && event.type != "state_repaired" && event.type != "wrap_up_extended") {
        return fail(fmt::format("{} after the end of {}", event.type, tail(event.contact)));
    }
    if (event.type == "contact_queued") return queued(contact, event);
    if (event.type == "contact_left_queue") return left_queue(contact, event);
    if (event.type == "offer_made") return offered(contact, event);
    if (event.type == "offer_returned") return returned(contact, event);
    if (event.type == "contact_connected") return connected(contact, event);
    if (event.type == "contact_disconnected") return disconnected(contact, event);
    if (event.type == "contact_ended") return ended(contact, event);
    if (event.type.starts_with("outside_")) return outside(contact, event);
    if (event.type.starts_with("consultation_")) return consultation(contact, event);
    if (event.type.starts_with("conference_")) return conference(contact, event);
    if (event.type.starts_with("supervision_")) return supervision(contact, event);
    if (event.type == "case_opened") return opened(contact, event);
    if (event.type == "transfer_started") ++counts_.transfers;
    if (event.type == "recording_started") {
        if (!open_recordings_.insert(text(event, "recording")).second) fail("a recording twice");
    }
}

// One number at a time; who talks with it waits nowhere, and talks with no agent, unless it is the
// agent who asks it first.
void Ledger::outside(Contact& contact, const Event& event) {
    if (event.type == "outside_started") {
        if (contact.is_outside) fail("two numbers outside: " + tail(event.contact));
        if (!contact.talking) fail("outside without an agent: " + tail(event.contact));
        contact.is_outside = true;
        contact.is_outside_asked = text(event, "how") == "attended";
        ++counts_.outside;
    } else if (event.type == "outside_answered") {
        const bool is_first = contact.is_outside && !contact.is_outside_answered;
        if (!is_first || contact.queue) fail("a number answered nobody: " + tail(event.contact));
        contact.is_outside_answered = true;
        ++counts_.outside_answered;
    } else if (event.type == "outside_ended") {
        if (!contact.is_outside) fail("the end of no number: " + tail(event.contact));
        if (contact.is_outside_answered && contact.talking && !contact.is_outside_asked) {
            fail("talked with two: " + tail(event.contact));
        }
        contact.is_outside = contact.is_outside_answered = contact.is_outside_asked = false;
    }
}

// One colleague at a time, who is asked by the agent the caller is with.
void Ledger::consultation(Contact& contact, const Event& event) {
    if (contact.talking != event.agent) fail("asked by another: " + tail(event.contact));
    if (event.type == "consultation_started") {
        if (contact.asked) fail("two colleagues asked: " + tail(event.contact));
        if (agents_[*event.agent].contact != event.contact) fail("asked of nobody's contact");
        contact.asked = text(event, "with");
        ++counts_.consultations;
        return;
    }
    if (contact.asked != text(event, "with")) fail("not who was asked: " + tail(event.contact));
    if (event.type == "consultation_ended") {
        contact.asked.reset();
        if (text(event, "result") == "transferred") ++counts_.attended;
    }
}

void Ledger::take_part(const std::string& agent, const Event& event) {
    if (!guests_.emplace(agent, *event.contact).second) {
        fail("in two conversations: " + tail(event.contact));
    }
    if (const auto id = AgentId::parse(agent); id && agents_[*id].contact) {
        fail("in a conversation beside their own: " + tail(event.contact));
    }
}

void Ledger::take_leave(const std::string& agent, const Event& event) {
    const auto guest = guests_.find(agent);
    if (guest == guests_.end() || guest->second != *event.contact) {
        return fail("left what they were not in: " + tail(event.contact));
    }
    guests_.erase(guest);
}

// It lasts from the first colleague to the last.
void Ledger::conference(Contact& contact, const Event& event) {
    const std::string with = text(event, "with");
    if (event.type == "conference_started") {
        if (contact.is_conference) fail("two conferences: " + tail(event.contact));
        contact.is_conference = true;
        ++counts_.conferences;
    } else if (event.type == "conference_joined") {
        if (!contact.is_conference || contact.talking != event.agent) {
            fail("joined no conference: " + tail(event.contact));
        }
        contact.members.insert(with);
        take_part(with, event);
    } else if (event.type == "conference_left") {
        if (contact.members.erase(with) == 0) fail("was in no conference: " + tail(event.contact));
        take_leave(with, event);
        if (text(event, "result") == "took_over") ++counts_.taken_over;
    } else if (event.type == "conference_ended") {
        if (!contact.is_conference || !contact.members.empty()) {
            fail("a conference ended with people in it: " + tail(event.contact));
        }
        contact.is_conference = false;
    }
}

void Ledger::supervision(Contact& contact, const Event& event) {
    const std::string supervisor = text(event, "supervisor");
    if (event.type == "supervision_started") {
        if (!contact.talking) fail("supervises nobody: " + tail(event.contact));
        take_part(supervisor, event);
        ++counts_.supervisions;
    } else if (event.type == "supervision_ended" && event.find("talk_ms") != nullptr) {
        take_leave(supervisor, event);
    }
}

void Ledger::arrived(const Event& event) {
    ++counts_.contacts;
    const auto [at, is_new] = contacts_.try_emplace(*event.contact);
    if (!is_new) fail("a contact arrived twice");
    at->second.caller = text(event, "caller");
}

void Ledger::queued(Contact& contact, const Event& event) {
    if (contact.queue) fail("queued while in a queue: " + tail(event.contact));
    if (contact.talking) fail("queued while talking: " + tail(event.contact));
    if (contact.is_outside) fail("queued while outside: " + tail(event.contact));
    contact.queue = event.queue;
    contact.rank = rank_of(event);
    lines_[*event.queue].insert({contact.rank, *event.contact});
    ++waiting_;
}

void Ledger::left_queue(Contact& contact, const Event& event) {
    if (!contact.queue || contact.queue != event.queue) {
        return fail("left a queue it was not in: " + tail(event.contact));
    }
    lines_[*event.queue].erase({contact.rank, *event.contact});
    contact.queue.reset();
    contact.ringing.reset();
    --waiting_;
    if (text(event, "reason") == "abandoned") ++counts_.abandoned;
    if (text(event, "reason") == "answered") waits_ms_.push_back(number(event, "wait_ms"));
}

void Ledger::offered(Contact& contact, const Event& event) {
    ++counts_.offers;
    if (contact.ringing) fail("offered to two agents: " + tail(event.contact));
    if (contact.talking) fail("offered while talking: " + tail(event.contact));
    if (agents_[*event.agent].contact) fail("offered to an agent in a call: " + tail(event.agent));
    contact.ringing = event.agent;
    if (!event.queue) return;
    auto& line = lines_[*event.queue];
    const Place place{contact.rank, *event.contact};
    if (!line.contains(place)) {
        fail("offered from a queue it does not wait in: " + tail(event.contact));
    } else if (line.begin()->first != contact.rank) {  // The journal tells milliseconds only.
        const auto& [rank, first] = *line.begin();
        fail(fmt::format("served out of order: {} ({}) before {} ({})",
                         tail(event.contact),
                         contact.rank,
                         tail(std::optional{first}),
                         rank));
    }
    line.erase(place);
}

void Ledger::returned(Contact& contact, const Event& event) {
    ++counts_.offers_returned;
    if (contact.ringing != event.agent) fail("an offer returned that was not made");
    contact.ringing.reset();
    if (contact.queue) lines_[*contact.queue].insert({contact.rank, *event.contact});
}

void Ledger::connected(Contact& contact, const Event& event) {
    ++counts_.connected;
    Agent& agent = agents_[*event.agent];
    if (contact.talking) fail("connected twice: " + tail(event.contact));
    if (agent.contact) fail("an agent in two calls: " + tail(event.agent));
    if (contact.was_served && !contact.was_transferred)
        fail("served twice: " + tail(event.contact));
    contact.ringing.reset();
    contact.talking = event.agent;
    contact.was_served = true;
    contact.was_transferred = false;
    agent.contact = event.contact;
}

void Ledger::disconnected(Contact& contact, const Event& event) {
    if (contact.talking != event.agent) fail("disconnected from another: " + tail(event.contact));
    agents_[*event.agent].contact.reset();
    contact.talking.reset();
    const std::string by = text(event, "by");
    contact.was_transferred = by == "transfer" || by == "fault";
    const bool was_asked = std::exchange(contact.is_outside_asked, false);
    if (was_asked && contact.is_outside_answered && by == "transfer") ++counts_.outside_attended;
}

void Ledger::ended(Contact& contact, const Event& event) {
    if (contact.is_outside) fail("a number is left behind: " + tail(event.contact));
    if (contact.asked) fail("a colleague is left behind: " + tail(event.contact));
    const std::string outcome = text(event, "outcome");
    if (std::ranges::find(kOutcomes, outcome) == kOutcomes.end()) fail("outcome " + outcome);
    if (!event.case_id) fail("ended without a case: " + tail(event.contact));
    if (contact.queue || contact.ringing || contact.talking) {
        fail("ended while waiting, ringing or talking: " + tail(event.contact));
    }
    if (outcome == "self_served") ++counts_.self_served;
    contact.is_ended = true;
}

void Ledger::opened(const Contact& contact, const Event& event) {
    control::KnownCase one;
    one.id = *event.case_id;
    one.reference = text(event, "reference");
    one.kind = text(event, "kind");
    one.topic = text(event, "topic");
    one.status = "open";
    one.subject = text(event, "subject");
    one.opened = one.last_contact = event.at;
    one.customer = event.customer;
    one.caller = contact.caller;
    if (!contact.caller.empty()) by_caller_[contact.caller].push_back(one.reference);
    const std::string reference = one.reference;
    if (!cases_.emplace(reference, std::move(one)).second) fail("a reference was given twice");
}

void Ledger::agent_changed(const Event& event) {
    Agent& agent = agents_[*event.agent];
    if (agent.state != text(event, "previous")) {
        fail(fmt::format("agent {} was {}, the journal says {}",
                         tail(event.agent),
                         agent.state,
                         text(event, "previous")));
    }
    agent.state = text(event, "state");
}

std::vector<control::KnownCase> Ledger::cases_of(const std::string& caller) const {
    std::vector<control::KnownCase> found;
    const auto known = by_caller_.find(caller);
    if (known == by_caller_.end()) return found;
    for (auto it = known->second.rbegin(); it != known->second.rend(); ++it) {
        if (found.size() == kCasesOfCaller) break;
        found.push_back(cases_.at(*it));
    }
    return found;
}

std::optional<control::KnownCase> Ledger::find_case(const std::string& reference) const {
    const auto found = cases_.find(reference);
    if (found == cases_.end()) return std::nullopt;
    return found->second;
}

// FNV-1a over what was committed.
void Ledger::digest(const Event& event) {
    const auto mix = [&](std::string_view bytes) {
        for (const char c : bytes) {
            digest_ = (digest_ ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
        }
    };
    const auto mix_number = [&](std::uint64_t value) {
        digest_ = (digest_ ^ value) * 1'099'511'628'211ULL;
    };
    mix(event.type);
    mix_number(static_cast<std::uint64_t>(to_micros(event.at)));
    if (event.contact) mix_number(event.contact->value().low);
    if (event.agent) mix_number(event.agent->value().low);
    if (event.case_id) mix_number(event.case_id->value().low);
    for (const auto& [name, value] : event.data) {
        mix(name);
        mix(print(value));
    }
}

void Ledger::remember(const Event& event) {
    std::string line = fmt::format("{} {} contact={} agent={}",
                                   to_rfc3339(event.at),
                                   event.type,
                                   tail(event.contact),
                                   tail(event.agent));
    for (const auto& [name, value] : event.data) line += fmt::format(" {}={}", name, print(value));
    if (journal_) journal_(line);
    last_.push_back(std::move(line));
    if (last_.size() > kRemembered) last_.pop_front();
}

void Ledger::close(Report& report) {
    for (const auto& [id, contact] : contacts_) {
        if (!contact.is_ended) fail("never ended: " + id.to_string());
    }
    if (waiting_ != 0) fail(fmt::format("{} are left in queues", waiting_));
    if (!guests_.empty()) fail("somebody is left in a conversation: " + guests_.begin()->first);
    if (!open_recordings_.empty()) fail("a recording never ended: " + *open_recordings_.begin());
    const Report kept = report;
    report = counts_;
    report.seed = kept.seed;
    report.steps = kept.steps;
    report.refused = kept.refused;
    report.restarts = kept.restarts;
    report.ends_lost = kept.ends_lost;
    report.digest = digest_;
    report.failure = failure_;
    report.last_events.assign(last_.begin(), last_.end());
    std::ranges::sort(waits_ms_);
    const auto quantile = [&](std::size_t percent) {
        if (waits_ms_.empty()) return 0.0;
        const std::size_t at = (waits_ms_.size() - 1) * percent / 100;
        return static_cast<double>(waits_ms_[at]) / 1000.0;
    };
    report.wait_p50_s = quantile(50);
    report.wait_p95_s = quantile(95);
}

}  // namespace escucha::sim
