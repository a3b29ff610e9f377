// Session timers at work (RFC 4028): who refreshes when, and the end of those nobody refreshed.

#include <algorithm>
#include <utility>

#include "sip/detail/impl.h"

namespace escucha::sip {

using namespace detail;
using namespace std::chrono_literals;

namespace {

/// Another offer is open: the refresh looks again after this.
constexpr std::chrono::seconds kBusyAgain{2};
/// A refresh the peer could not take is tried again after this, as long as the session lives.
constexpr std::chrono::seconds kRefusedAgain{30};
/// Legs restored together do not all refresh in the same instant.
constexpr std::chrono::milliseconds kRestoreSpread{5000};
constexpr std::uint64_t kMaxWallMicros = std::uint64_t{1} << 62U;

}  // namespace

void Stack::Impl::start_session(Handle handle, Leg& leg, const SessionTerms& terms, Io& io) {
    leg.session = start_timer(terms, io.now);
    arm_session(handle, leg);
}

void Stack::Impl::renew_session(Handle handle, Leg& leg, const Message& response, Io& io) {
    if (const auto is_allowed = allows(response, "UPDATE")) leg.is_update_allowed = *is_allowed;
    if (const auto terms = read_terms(read_session_headers(response))) {
        start_session(handle, leg, *terms, io);
    } else if (leg.session && !leg.session->terms.is_agreed) {
        start_session(handle, leg, leg.session->terms, io);
    } else {
        // RFC 4028 §7.2: turned off by a response without Session-Expires.
        leg.session.reset();
        arm_session(handle, leg);
    }
}

void Stack::Impl::arm_session(Handle handle, Leg& leg) {
    const Instant due =
        leg.session ? std::min(leg.session->refresh_at, leg.session->ends_at()) : kNever;
    session_timers_.set(handle, leg.session_alarm, due);
}

void Stack::Impl::on_session_alarm(Handle handle, Io& io) {
    Leg* leg = legs_.get(handle);
    if (leg == nullptr || !leg->session) return;
    const auto* established = std::get_if<Established>(&leg->state);
    SessionTimer& session = *leg->session;
    if (established == nullptr) {
        if (!std::holds_alternative<AnswerOwed>(leg->state)) return;
        // Its own deadline is near.
        session_timers_.set(handle, leg->session_alarm, io.now.mono + kBusyAgain);
    } else if (session.ends_at() <= io.now.mono) {
        ++counters_.sessions_expired;
        hang_up_established(
            {.handle = handle, .leg = leg}, EndedBy::Timeout, "session expired", io);
    } else if (session.refresh_at <= io.now.mono) {
        const bool is_quiet = std::holds_alternative<Quiet>(established->exchange);
        session.refresh_at = is_quiet ? kNever : io.now.mono + kBusyAgain;
        arm_session(handle, *leg);
        if (!is_quiet) return;
        refresh(handle, *leg, io);
    } else {
        arm_session(handle, *leg);
    }
}

// RFC 4028 §7.4: UPDATE is the better one, since it leaves the media alone.
void Stack::Impl::refresh(Handle handle, Leg& leg, Io& io) {
    // After a restart there may be no SDP to repeat.
    if (leg.is_update_allowed || leg.sdp.empty()) return send_update(handle, leg, io);
    start_reinvite(handle, leg, {.sdp = leg.sdp, .motive = Motive::Refresh}, io);
}

// RFC 4028 §10: the session is as it was, and ends when no later refresh saves it. A peer that does
// not know the extension has said with its refusal that it is there.
void Stack::Impl::on_refresh_failed(Handle handle, Leg& leg, Io& io) {
    if (!leg.session) return;
    SessionTimer& session = *leg.session;
    session.refresh_at = io.now.mono + kRefusedAgain;
    if (!session.terms.is_agreed) session.refresh_at = io.now.mono + session.terms.interval / 2;
    arm_session(handle, leg);
}

std::optional<std::string> Stack::Impl::session_refusal(const Message& request) const {
    if (!is_too_brief(read_session_headers(request), settings_.timing)) return std::nullopt;
    return min_se_line(settings_.timing.min_se);
}

SessionTerms Stack::Impl::terms_for(const Message& request, const Leg& leg) const {
    std::optional<Refresher> present;
    if (leg.session) present = leg.session->terms.refresher;
    return grant_terms(read_session_headers(request), settings_.timing, present);
}

// RFC 4028 §7.4: a request without them would turn the timer off.
std::string Stack::Impl::session_headers(const Leg& leg) const {
    if (!leg.session) return {};
    return keep_session(leg.session->terms, std::max(settings_.timing.min_se, leg.min_se));
}

void Stack::Impl::save_session(const Leg& leg, RecordWriter& writer) const {
    const auto seconds = [](std::chrono::seconds value) {
        return static_cast<std::uint64_t>(value.count());
    };
    writer.add(seconds(leg.session ? leg.session->terms.interval : 0s));
    if (!leg.session) return;
    const SessionTimer& session = *leg.session;
    const bool is_ours = session.terms.refresher == Refresher::Us;
    writer.add(std::uint64_t{is_ours ? 1U : 0U});
    writer.add(std::uint64_t{session.terms.is_agreed ? 1U : 0U});
    writer.add(seconds(leg.min_se));
    writer.add(static_cast<std::uint64_t>(to_micros(session.expires_wall)));
    writer.add(std::uint64_t{leg.is_update_allowed ? 1U : 0U});
    writer.add(is_ours && !leg.is_update_allowed ? std::string_view{leg.sdp} : std::string_view{});
}

void Stack::Impl::restore_session(RecordReader& reader, Leg& leg, Now now) {
    SessionTimer session;
    SessionTerms& terms = session.terms;
    const auto seconds = [&] {
        return std::chrono::seconds{static_cast<std::int64_t>(reader.number(0x7FFF'FFFF))};
    };
    terms.interval = seconds();
    if (terms.interval.count() == 0) return;
    terms.refresher = reader.number(1) == 1 ? Refresher::Us : Refresher::Peer;
    terms.is_agreed = reader.number(1) == 1;
    leg.min_se = seconds();
    session.expires_wall = from_micros(static_cast<std::int64_t>(reader.number(kMaxWallMicros)));
    leg.is_update_allowed = reader.number(1) == 1;
    leg.sdp = reader.body();
    const bool is_ours = terms.refresher == Refresher::Us;
    if (!reader.ok() || (is_ours && !leg.is_update_allowed && leg.sdp.empty())) return;
    // What is left of it, whatever the wall clock did meanwhile. A peer's refresh that came while
    // we were away is repeated for 64*T1, so it is waited for.
    const Duration left = std::clamp<Duration>(
        session.expires_wall - now.wall, Duration{0}, Duration{terms.interval});
    session.expires_at = now.mono + left;
    const Instant patience = now.mono + 64 * Duration{settings_.timing.t1} + margin(terms);
    session.expires_at = std::max(session.expires_at, patience);
    if (is_ours) {
        const Instant soon = now.mono + 1ms * rng_.below(kRestoreSpread.count());
        session.refresh_at = std::max(session.expires_at - Duration{terms.interval} / 2, soon);
    }
    leg.session = session;
}

}  // namespace escucha::sip
