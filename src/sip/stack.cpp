#include "sip/stack.h"

#include <utility>

#include "sip/detail/impl.h"

namespace escucha::sip {

using detail::Io;

Stack::Stack(Settings settings, Rng& rng)
    : impl_{std::make_unique<Impl>(std::move(settings), rng)} {}
Stack::~Stack() = default;

void Stack::set_trunks(std::vector<Trunk> trunks) { impl_->set_trunks(std::move(trunks)); }

void Stack::set_trunk_accounts(std::vector<TrunkAccount> accounts, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    impl_->trunk_clients().set_accounts(std::move(accounts), io);
}

Result<void> Stack::set_trunk_route(TrunkId trunk,
                                    std::vector<Flow> flows,
                                    Now now,
                                    Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->trunk_clients().set_route(trunk, std::move(flows), io);
}

void Stack::leave_trunks(Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    impl_->trunk_clients().leave(io);
}

bool Stack::is_leaving_trunks() const { return impl_->trunk_clients().is_leaving(); }

std::vector<Ban> Stack::bans(Now now) const { return impl_->guard().bans(now); }
bool Stack::lift_ban(const Address& source) { return impl_->guard().lift(source); }

void Stack::set_overloaded(bool is_overloaded) { impl_->set_overloaded(is_overloaded); }

void Stack::set_phones(std::vector<Phone> phones, Now, Effects& effects) {
    impl_->registrar().set_phones(std::move(phones), effects);
}

void Stack::receive(const Flow& flow, ByteView message, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    impl_->receive(flow, message, io);
}

void Stack::connection_closed(std::uint64_t connection, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    impl_->connection_closed(connection, io);
}

void Stack::unreachable(const Flow& flow, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    impl_->unreachable(flow, io);
}

std::vector<TrunkCalls> Stack::trunk_calls() const { return impl_->trunk_calls(); }

std::optional<LegId> Stack::find_replaced(const Replaces& wanted) const {
    const auto* leg = impl_->find_replaced(wanted);
    return leg == nullptr ? std::nullopt : std::optional{leg->id};
}

std::optional<Instant> Stack::next_wakeup() const { return impl_->next_wakeup(); }

void Stack::wake(Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    impl_->wake(io);
}

Result<void> Stack::ring(
    LegId leg, int status, std::optional<std::string> sdp, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->ring(leg, status, std::move(sdp), io);
}

Result<void> Stack::answer(LegId leg, std::string sdp, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->answer(leg, std::move(sdp), io);
}

Result<void> Stack::reject(LegId leg, const Rejection& rejection, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->reject(leg, rejection, io);
}

Result<void> Stack::invite(InviteRequest request, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->invite(std::move(request), io);
}

Result<void> Stack::cancel(LegId leg, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->cancel(leg, io);
}

Result<void> Stack::lift(LegId leg, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->lift(leg, io);
}

Result<void> Stack::ack_with_answer(LegId leg, std::string sdp, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->ack_with_answer(leg, std::move(sdp), io);
}

Result<void> Stack::hang_up(LegId leg, std::string_view reason, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->hang_up(leg, reason, io);
}

Result<void> Stack::reinvite(LegId leg, std::string sdp, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->reinvite(leg, std::move(sdp), io);
}

Result<void> Stack::accept_reinvite(LegId leg, std::string sdp, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->accept_reinvite(leg, std::move(sdp), io);
}

Result<void> Stack::reject_reinvite(LegId leg, int status, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->reject_reinvite(leg, status, io);
}

Result<void> Stack::accept_transfer(LegId leg, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->accept_transfer(leg, io);
}

Result<void> Stack::refuse_transfer(LegId leg, int status, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->refuse_transfer(leg, status, io);
}

Result<void> Stack::finish_transfer(LegId leg, int status, Now now, Effects& effects) {
    Io io{.now = now, .effects = effects};
    return impl_->finish_transfer(leg, status, io);
}

Result<std::string> Stack::save_leg(LegId leg) const { return std::as_const(*impl_).save_leg(leg); }

Result<void> Stack::restore_leg(LegId leg, std::string_view saved, Now now) {
    return impl_->restore_leg(leg, saved, now);
}

std::string Stack::save_registrations(Now now) const { return impl_->registrar().save(now); }

Result<std::vector<std::string>> Stack::restore_registrations(std::string_view saved, Now now) {
    return impl_->registrar().restore(saved, now);
}

bool Stack::is_registered(std::string_view username, Now now) const {
    return impl_->registrar().find(username, now.mono) != nullptr;
}

std::optional<std::uint64_t> Stack::sdp_version(LegId leg) const {
    return std::as_const(*impl_).sdp_version(leg);
}

std::vector<LegId> Stack::legs() const { return impl_->legs(); }
const Counters& Stack::counters() const { return impl_->counters(); }
Gauges Stack::gauges() const { return impl_->gauges(); }

}  // namespace escucha::sip
