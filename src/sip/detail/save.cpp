#include <utility>

#include "sip/detail/impl.h"
#include "sip/detail/record.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::string_view kVersion = "leg3";
/// Before a leg knew its carrier.
constexpr std::string_view kSecondVersion = "leg2";
/// Before session timers.
constexpr std::string_view kFirstVersion = "leg1";

constexpr std::string_view kNoTrunk = "-";

std::string_view version_of(std::string_view saved) {
    if (saved.starts_with(kFirstVersion)) return kFirstVersion;
    return saved.starts_with(kSecondVersion) ? kSecondVersion : kVersion;
}
constexpr std::size_t kMaxSavedRoutes = 16;

}  // namespace

void Stack::Impl::connection_closed(std::uint64_t connection, Io& io) {
    if (connection == 0) return;  // Not a connection, but all that wait for one.
    registrar_.connection_closed(connection, io.effects);
    trunk_clients_.connection_closed(connection, io);
    legs_.each([&](Handle, Leg& leg) {
        Flow& flow = leg.dialog.flow;
        // The next request opens a new connection, to where the peer listens.
        if (is_stream(flow.transport) && flow.connection == connection) flow.connection = 0;
    });
    std::vector<TxnTimeout> timeouts;
    transactions_.connection_closed(connection, timeouts);
    for (const TxnTimeout& timeout : timeouts) on_timeout(timeout, io);
}

std::optional<Instant> Stack::Impl::next_wakeup() const {
    return earliest(earliest(earliest(transactions_.next_wakeup(), leg_timers_.next()),
                             earliest(session_timers_.next(), registrar_.next_wakeup())),
                    trunk_clients_.next_wakeup());
}

void Stack::Impl::wake(Io& io) {
    std::vector<TxnTimeout> timeouts;
    transactions_.wake(io, timeouts);
    for (const TxnTimeout& timeout : timeouts) on_timeout(timeout, io);
    const auto alarm_of = [this](Handle handle) -> Alarm* {
        Leg* leg = legs_.get(handle);
        return leg == nullptr ? nullptr : &leg->alarm;
    };
    while (const Handle handle = leg_timers_.pop(io.now.mono, alarm_of)) on_leg_alarm(handle, io);
    const auto session_alarm_of = [this](Handle handle) -> Alarm* {
        Leg* leg = legs_.get(handle);
        return leg == nullptr ? nullptr : &leg->session_alarm;
    };
    while (const Handle handle = session_timers_.pop(io.now.mono, session_alarm_of)) {
        on_session_alarm(handle, io);
    }
    registrar_.wake(io.now.mono, io.effects);
    trunk_clients_.wake(io);
}

Gauges Stack::Impl::gauges() const {
    return {.legs = legs_.size(),
            .transactions = transactions_.size(),
            .bindings = registrar_.bindings(),
            .timers = transactions_.timers() + leg_timers_.size() + session_timers_.size(),
            .nonces = authenticator_.remembered()};
}

std::optional<std::uint64_t> Stack::Impl::sdp_version(LegId id) const {
    const Leg* leg = find_leg(id);
    return leg == nullptr ? std::nullopt : leg->sdp_version;
}

Result<std::string> Stack::Impl::save_leg(LegId id) const {
    const Leg* leg = find_leg(id);
    if (leg == nullptr) return fail(Errc::UnknownLeg);
    if (!std::holds_alternative<Established>(leg->state)) return fail(Errc::WrongState, "save");
    const Dialog& dialog = leg->dialog;
    RecordWriter writer{kVersion};
    writer.add(dialog.call_id);
    writer.add(dialog.local_tag);
    writer.add(dialog.remote_tag);
    writer.add(dialog.local);
    writer.add(dialog.remote);
    writer.add(dialog.remote_target);
    writer.add(dialog.local_cseq);
    writer.add(dialog.remote_cseq);
    writer.add_flow(dialog.flow);
    writer.add(std::uint64_t{dialog.is_phone ? 1U : 0U});
    writer.add(std::uint64_t{dialog.is_outgoing ? 1U : 0U});
    writer.add(leg->sdp_version ? std::to_string(*leg->sdp_version) : std::string{"-"});
    writer.add(dialog.routes.size());
    for (const std::string& route : dialog.routes) writer.add(route);
    save_session(*leg, writer);
    writer.add(dialog.trunk.is_nil() ? std::string{kNoTrunk} : dialog.trunk.to_string());
    return writer.take();
}

Result<void> Stack::Impl::restore_leg(LegId id, std::string_view saved, Now now) {
    if (id.is_nil() || ids_.contains(id)) return fail(Errc::WrongState, "leg id");
    if (ids_.size() >= settings_.limits.legs) return fail(Errc::Overloaded, "legs");
    const std::string_view form = version_of(saved);
    RecordReader reader{saved, form};
    Leg leg;
    leg.id = id;
    Dialog& dialog = leg.dialog;
    dialog.call_id = reader.text();
    dialog.local_tag = reader.text();
    dialog.remote_tag = reader.text();
    dialog.local = reader.text();
    dialog.remote = reader.text();
    dialog.remote_target = reader.text();
    dialog.local_cseq = static_cast<std::uint32_t>(reader.number(0x7FFF'FFFF));
    dialog.remote_cseq = static_cast<std::uint32_t>(reader.number(0x7FFF'FFFF));
    dialog.flow = reader.flow();
    dialog.is_phone = reader.number(1) == 1;
    dialog.is_outgoing = reader.number(1) == 1;
    const std::string_view version = reader.text();
    if (version != "-") leg.sdp_version = parse_number(version, UINT64_MAX);
    const std::uint64_t routes = reader.number(kMaxSavedRoutes);
    for (std::uint64_t i = 0; i < routes && reader.ok(); ++i) {
        dialog.routes.emplace_back(reader.text());
    }
    if (form != kFirstVersion) restore_session(reader, leg, now);
    TrunkId trunk;
    const std::string_view carrier = form == kVersion ? reader.text() : kNoTrunk;
    if (carrier != kNoTrunk) {
        const auto parsed = TrunkId::parse(carrier);
        if (!parsed) return fail(Errc::Malformed, "saved leg");
        trunk = *parsed;
    }
    const bool is_whole = reader.ok() && reader.at_end() && !dialog.call_id.empty() &&
                          !dialog.local_tag.empty() && parse_uri(dialog.remote_target) &&
                          parse_name_addr(dialog.local) && parse_name_addr(dialog.remote);
    if (!is_whole) return fail(Errc::Malformed, "saved leg");
    if (dialogs_.contains(dialog_key(dialog.call_id, dialog.local_tag))) {
        return fail(Errc::WrongState, "dialog exists");
    }
    leg.state = Established{};
    const Handle handle = add_leg(std::move(leg));
    arm_session(handle, *legs_.get(handle));
    if (!trunk.is_nil()) enter_trunk(*legs_.get(handle), trunk);
    return ok();
}

}  // namespace escucha::sip
