#include "control/centre.h"

#include "control/detail/impl.h"

namespace escucha::control {

Centre::Centre(std::uint64_t seed, KeySource keys)
    : impl_{std::make_unique<Impl>(seed, std::move(keys))} {}
Centre::~Centre() = default;

namespace {

/// One event from outside: what it causes, and then what must be saved of it.
template <typename Impl, typename Body>
void turn(Impl& impl, Now now, Effects& out, Body body) {
    const Turn current{.now = now, .out = out};
    body(current);
    impl.flush(current);
}

}  // namespace

void Centre::configure(Config config, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->configure(std::move(config), t); });
}

void Centre::add_references(CompanyId company, std::int64_t first, std::int64_t count) {
    impl_->add_references(company, first, count);
}

void Centre::on(const LegEvent& event, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) {
        std::visit([&](const auto& one) { impl_->handle(one, t); }, event);
    });
}

void Centre::on(const media::Event& event, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->handle(event, t); });
}

void Centre::on_speech(ContactId contact,
                       media::PlayId play,
                       std::optional<std::vector<std::string>> prompts,
                       Now now,
                       Effects& out) {
    turn(*impl_, now, out, [&](Turn t) {
        impl_->handle_speech(contact, play, std::move(prompts), t);
    });
}

void Centre::on_answer(Ticket ticket, const Answer& answer, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->handle_answer(ticket, answer, t); });
}

void Centre::on_living_legs(const std::vector<LegId>& living, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->compare_legs(living, t); });
}

void Centre::on_phone(std::string_view username,
                      acd::Reachability reach,
                      Signalling signalling,
                      Now now,
                      Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->handle_phone(username, reach, signalling, t); });
}

void Centre::on_command(
    CommandToken token, CompanyId company, const Command& command, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->handle_command(token, company, command, t); });
}

bool Centre::trace(LegId leg, std::string_view kind, std::string text, Now now) {
    Call* call = impl_->find_by_leg(leg);
    if (call != nullptr) impl_->note(*call, kind, std::move(text), now);
    return call != nullptr;
}

void Centre::media_lost(Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->media_lost(t); });
}

void Centre::media_ready(const media::Listing& listing, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->media_ready(listing, t); });
}

std::optional<Instant> Centre::next_wakeup() const { return impl_->next_wakeup(); }

void Centre::wake(Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->wake(t); });
}

void Centre::restore(const SavedRows& rows, Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->restore(rows, now, t); });
}

void Centre::drain(Now now, Effects& out) {
    turn(*impl_, now, out, [&](Turn t) { impl_->drain(t); });
}

std::vector<ContactView> Centre::contacts(CompanyId company) const {
    std::vector<ContactView> out;
    for (const auto& [id, call] : impl_->calls_) {
        if (call->company() == company) out.push_back(impl_->view(*call));
    }
    return out;
}

std::vector<AgentView> Centre::agents(CompanyId company) const {
    std::vector<AgentView> out;
    for (const auto& agent : impl_->acd_.agents(company)) out.push_back(impl_->view(agent));
    return out;
}

std::vector<QueueView> Centre::queues(CompanyId company) const {
    std::vector<QueueView> out;
    for (const auto& queue : impl_->acd_.queues(company)) {
        QueueView view;
        view.id = queue.id;
        view.name = queue.name;
        view.waiting = queue.waiting;
        view.longest_since = queue.longest_since;
        view.ready = queue.ready;
        view.talking = queue.talking + queue.offered;
        view.wrap_up = queue.wrap_up;
        view.not_ready = queue.not_ready;
        const Queue* known = impl_->find_queue(queue.id);
        view.is_stopped = known != nullptr && known->is_stopped;
        out.push_back(std::move(view));
    }
    return out;
}

std::optional<ContactView> Centre::contact(CompanyId company, ContactId contact) const {
    const auto found = impl_->calls_.find(contact);
    if (found == impl_->calls_.end() || found->second->company() != company) return std::nullopt;
    return impl_->view(*found->second);
}

std::optional<AgentView> Centre::agent(CompanyId company, AgentId agent) const {
    const auto found = impl_->acd_.agent(agent);
    if (!found || found->company != company) return std::nullopt;
    return impl_->view(*found);
}

std::optional<std::vector<TraceLine>> Centre::trace_of(CompanyId company, ContactId contact) const {
    const auto found = impl_->calls_.find(contact);
    if (found != impl_->calls_.end()) {
        if (found->second->company() != company) return std::nullopt;
        const auto& trace = found->second->trace;
        return std::vector<TraceLine>{trace.begin(), trace.end()};
    }
    for (const auto& ended : impl_->ended_) {
        if (ended.contact == contact && ended.company == company) return ended.lines;
    }
    return std::nullopt;
}

std::size_t Centre::live_contacts() const { return impl_->calls_.size(); }
const Counters& Centre::counters() const { return impl_->counters_; }
std::optional<std::string> Centre::broken_invariant() const { return impl_->broken_invariant(); }

}  // namespace escucha::control
