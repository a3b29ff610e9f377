#include "sip/detail/session_timer.h"

#include <algorithm>

#include "sip/detail/text.h"

namespace escucha::sip::detail {

using namespace std::chrono_literals;

namespace {

/// RFC 4028 §5: what holds where no Min-SE is given.
constexpr std::chrono::seconds kDefaultMinSe{90};
constexpr std::uint64_t kMostSeconds = 0x7FFF'FFFF;

std::optional<std::chrono::seconds> seconds_of(std::string_view value) {
    const auto number = parse_number(trim(value.substr(0, value.find(';'))), kMostSeconds);
    if (!number) return std::nullopt;
    return std::chrono::seconds{static_cast<std::int64_t>(*number)};
}

std::string expires_line(std::chrono::seconds interval, std::string_view refresher) {
    std::string line = "Session-Expires: " + std::to_string(interval.count());
    if (!refresher.empty()) line.append(";refresher=").append(refresher);
    return line + "\r\n";
}

}  // namespace

bool has_option(const Message& message, HeaderId id, std::string_view tag) {
    for (const Header& header : message.headers) {
        if (header.id != id) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (next_element(rest, element)) {
            if (iequals(trim(element), tag)) return true;
        }
    }
    return false;
}

std::optional<bool> allows(const Message& message, std::string_view method) {
    if (!message.has(HeaderId::Allow)) return std::nullopt;
    return has_option(message, HeaderId::Allow, method);
}

SessionHeaders read_session_headers(const Message& message) {
    SessionHeaders headers;
    headers.is_supported = has_option(message, HeaderId::Supported, "timer") ||
                           has_option(message, HeaderId::Require, "timer");
    const std::string_view expires = message.find(HeaderId::SessionExpires);
    headers.interval = seconds_of(expires);
    headers.min_se = seconds_of(message.find(HeaderId::MinSe));
    const std::size_t params = expires.find(';');
    if (params == std::string_view::npos) return headers;
    const auto refresher = find_param(expires.substr(params), "refresher");
    if (refresher && iequals(*refresher, "uac")) headers.refresher = "uac";
    if (refresher && iequals(*refresher, "uas")) headers.refresher = "uas";
    return headers;
}

bool is_too_brief(const SessionHeaders& asked, const Timing& timing) {
    return asked.is_supported && asked.interval && *asked.interval < timing.min_se;
}

SessionTerms grant_terms(const SessionHeaders& asked,
                         const Timing& timing,
                         std::optional<Refresher> present) {
    SessionTerms terms;
    // §9: the answer may be shorter than what was asked for, but not than either side's least.
    terms.interval = timing.session_expires;
    if (asked.interval) terms.interval = std::min(terms.interval, *asked.interval);
    terms.interval = std::max({terms.interval, asked.min_se.value_or(0s), timing.min_se});
    terms.is_agreed = asked.is_supported;
    if (!asked.is_supported) return terms;
    terms.refresher = present.value_or(Refresher::Us);
    if (asked.refresher == "uac") terms.refresher = Refresher::Peer;
    if (asked.refresher == "uas") terms.refresher = Refresher::Us;
    return terms;
}

std::optional<SessionTerms> read_terms(const SessionHeaders& answer) {
    if (!answer.interval) return std::nullopt;
    return SessionTerms{.interval = std::max(*answer.interval, kShortestInterval),
                        .refresher = answer.refresher == "uas" ? Refresher::Peer : Refresher::Us,
                        .is_agreed = true};
}

std::string offer_session(std::chrono::seconds interval, std::chrono::seconds min_se) {
    std::string lines = expires_line(interval, {});
    if (min_se > kDefaultMinSe) lines += min_se_line(min_se);
    return lines;
}

std::string keep_session(const SessionTerms& terms, std::chrono::seconds min_se) {
    std::string lines =
        expires_line(terms.interval, terms.refresher == Refresher::Us ? "uac" : "uas");
    if (min_se > kDefaultMinSe) lines += min_se_line(min_se);
    return lines;
}

std::string grant_session(const SessionTerms& terms) {
    std::string lines =
        expires_line(terms.interval, terms.refresher == Refresher::Us ? "uas" : "uac");
    if (terms.is_agreed) lines += "Require: timer\r\n";
    return lines;
}

std::string min_se_line(std::chrono::seconds min_se) {
    return "Min-SE: " + std::to_string(min_se.count()) + "\r\n";
}

Duration margin(const SessionTerms& terms) {
    return std::min<Duration>(32s, Duration{terms.interval} / 3);
}

Instant SessionTimer::ends_at() const {
    if (!terms.is_agreed) return kNever;
    return expires_at - margin(terms);
}

SessionTimer start_timer(const SessionTerms& terms, Now now) {
    SessionTimer timer{.terms = terms,
                       .expires_at = now.mono + terms.interval,
                       .expires_wall = now.wall + terms.interval};
    if (terms.refresher == Refresher::Us) {
        timer.refresh_at = now.mono + Duration{terms.interval} / 2;
    }
    return timer;
}

}  // namespace escucha::sip::detail
