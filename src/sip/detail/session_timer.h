#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sip/detail/message.h"
#include "sip/detail/timers.h"
#include "sip/settings.h"

/// Session timers, RFC 4028: what two peers agree on, and when it falls due. Pure sums; refresh.cpp
/// acts on them.
namespace escucha::sip::detail {

enum class Refresher : std::uint8_t { Us, Peer };

/// What the session headers of one message say. Headers nobody can read count as absent.
struct SessionHeaders {
    bool is_supported = false;  ///< "timer" in Supported or Require.
    std::optional<std::chrono::seconds> interval = {};
    std::string_view refresher = {};  ///< "uac", "uas" or empty.
    std::optional<std::chrono::seconds> min_se = {};
};
SessionHeaders read_session_headers(const Message& message);

/// Does a Supported or Require header list `tag`?
bool has_option(const Message& message, HeaderId id, std::string_view tag);
/// Does the Allow header list `method`? nullopt when there is no such header.
std::optional<bool> allows(const Message& message, std::string_view method);

struct SessionTerms {
    std::chrono::seconds interval{0};
    Refresher refresher = Refresher::Us;
    /// The peer knows the extension, so an expiry ends the call. Else only we look, from time to
    /// time, whether it is still there.
    bool is_agreed = false;
};

/// Must the request be refused with 422 (RFC 4028 §9)? Never, when its sender could not read one.
bool is_too_brief(const SessionHeaders& asked, const Timing& timing);
/// Our terms as the server of a request that is not too brief (RFC 4028 §9, table 2). `present` is
/// the refresher until now. Free to choose at first, we refresh: a peer that forgets its duty then
/// costs no call.
SessionTerms grant_terms(const SessionHeaders& asked,
                         const Timing& timing,
                         std::optional<Refresher> present);
/// Those a 2xx to our own request lays down (RFC 4028 §7.2); nullopt: the session never expires.
std::optional<SessionTerms> read_terms(const SessionHeaders& answer);

/// Whole header lines: of our first INVITE, of later requests, of a 2xx, of a 422.
std::string offer_session(std::chrono::seconds interval, std::chrono::seconds min_se);
std::string keep_session(const SessionTerms& terms, std::chrono::seconds min_se);
std::string grant_session(const SessionTerms& terms);
std::string min_se_line(std::chrono::seconds min_se);

/// So long before the expiry the session is ended (RFC 4028 §10): 32 s, or a third of it.
Duration margin(const SessionTerms& terms);

/// The running timer of one leg.
struct SessionTimer {
    SessionTerms terms;
    Instant expires_at;
    WallTime expires_wall;        ///< The same, for a process that starts later.
    Instant refresh_at = kNever;  ///< Ours, when not on its way already.

    /// From this instant on the session has ended.
    [[nodiscard]] Instant ends_at() const;
};
SessionTimer start_timer(const SessionTerms& terms, Now now);

/// Bounds our own traffic when a peer answers with less than it may.
inline constexpr std::chrono::seconds kShortestInterval{10};
/// A 422 that wants more is a refusal.
inline constexpr std::chrono::seconds kLongestInterval{86'400};

}  // namespace escucha::sip::detail
