// What the strand shows of itself.

#include <fmt/format.h>

#include "base/log.h"
#include "server/detail/strand.h"

namespace escucha::server {

std::vector<TrunkView> Strand::trunks() const { return trunks_.views(stack_.trunk_calls()); }

std::vector<SipBan> Strand::sip_bans() const {
    std::vector<SipBan> result;
    for (const sip::Ban& ban : stack_.bans(read_clocks())) {
        result.push_back({.source = ban.source.ip(), .until = ban.until});
    }
    return result;
}

bool Strand::lift_sip_ban(const std::string& source) {
    const auto address = sip::Address::parse_host(source, 0);
    if (!address || !stack_.lift_ban(*address)) return false;
    log::info("sip_ban_lifted", {{"source", address->ip()}});
    return true;
}

std::string Strand::metrics() {
    const control::Counters& centre = centre_.counters();
    const sip::Counters& sip = stack_.counters();
    const sip::Gauges sizes = stack_.gauges();
    const auto& wire = transport_.counters();
    std::string out;
    const auto line = [&](std::string_view name, std::string_view type, std::uint64_t value) {
        out += fmt::format("# TYPE escucha_{0} {1}\nescucha_{0} {2}\n", name, type, value);
    };
    line("contacts_live", "gauge", centre_.live_contacts());
    line("contacts_arrived_total", "counter", centre.contacts_arrived);
    line("contacts_refused_total", "counter", centre.contacts_refused);
    line("contacts_ended_total", "counter", centre.contacts_ended);
    line("contacts_recovered_total", "counter", centre.contacts_recovered);
    line("offers_made_total", "counter", centre.offers_made);
    line("offers_returned_total", "counter", centre.offers_returned);
    line("states_repaired_total", "counter", centre.states_repaired);
    line("connector_failures_total", "counter", centre.connector_failures);
    line("connector_rests_total", "counter", centre.connector_rests);
    line("legs_encrypted_total", "counter", centre.legs_encrypted);
    line("packets_unauthentic_total", "counter", centre.packets_unauthentic);
    line("encryption_refusals_total", "counter", centre.encryption_refusals);
    line("connector_refusals_total", "counter", centre.connector_refusals);
    line("outside_started_total", "counter", centre.outside_started);
    line("outside_answered_total", "counter", centre.outside_answered);
    line("outside_returned_total", "counter", centre.outside_returned);
    line("secure_inputs_started_total", "counter", centre.secure_inputs_started);
    out += "# TYPE escucha_secure_inputs_ended_total counter\n";
    for (std::size_t i = 0; i < control::kSecureResults; ++i) {
        out += fmt::format("escucha_secure_inputs_ended_total{{result=\"{}\"}} {}\n",
                           control::word(static_cast<control::SecureResult>(i)),
                           centre.secure_inputs_ended.at(i));
    }
    out += "# TYPE escucha_outside_refused_total counter\n";
    for (std::size_t i = 0; i < control::kOutsideRefusals; ++i) {
        out += fmt::format("escucha_outside_refused_total{{reason=\"{}\"}} {}\n",
                           control::word(static_cast<control::OutsideRefusal>(i)),
                           centre.outside_refused.at(i));
    }
    line("media_failures_total", "counter", centre.media_failures);
    line("media_starts_total", "counter", media_.starts());
    line("recordings_without_key_total", "counter", recordings_without_key_);
    line("bugs_total", "counter", centre.bugs);
    line("sip_legs", "gauge", sizes.legs);
    line("sip_transactions", "gauge", sizes.transactions);
    line("sip_bindings", "gauge", sizes.bindings);
    line("sip_retransmissions_in_total", "counter", sip.retransmissions_in);
    line("sip_retransmissions_out_total", "counter", sip.retransmissions_out);
    line("sip_garbage_total", "counter", sip.parse_errors_garbage);
    line("sip_bad_requests_total", "counter", sip.parse_errors_answered);
    line("sip_sessions_refreshed_total", "counter", sip.sessions_refreshed);
    line("sip_sessions_expired_total", "counter", sip.sessions_expired);
    line("sip_rejected_sources_total", "counter", sip.rejected_sources);
    line("sip_rejected_overload_total", "counter", sip.rejected_overload);
    line("sip_challenges_total", "counter", sip.challenges);
    line("sip_authentication_failures_total", "counter", sip.authentications_failed);
    line("sip_silenced_total", "counter", sip.silenced);
    line("sip_bans_total", "counter", sip.banned);
    line("sip_dropped_banned_total", "counter", sip.dropped_banned);
    line("sip_udp_in_total", "counter", wire.udp_in);
    line("sip_udp_out_total", "counter", wire.udp_out);
    line("sip_udp_dropped_total", "counter", wire.udp_dropped);
    line("sip_tls_accepted_total", "counter", wire.tls_accepted);
    line("sip_tls_refused_total", "counter", wire.tls_refused);
    line("sip_tls_opened_total", "counter", wire.tls_opened);
    line("sip_tls_not_opened_total", "counter", wire.tls_not_opened);
    line("sip_tcp_connections", "gauge", transport_.connections());
    line("journal_refusals_total", "counter", journal_refusals_);
    line("strand_blocked_total", "counter", watchdog_.blocked());
    line("effects_pending", "gauge", pending_.size());
    return out + trunks_.metrics(stack_.trunk_calls());
}

}  // namespace escucha::server
