#pragma once

namespace escucha::control {

/// Statuses of SIP that the core tells phones and carriers, or is told by them (RFC 3261 §21).
struct SipStatus {
    static constexpr int kRinging = 180;
    static constexpr int kOk = 200;
    static constexpr int kBadRequest = 400;
    static constexpr int kForbidden = 403;
    static constexpr int kNotFound = 404;
    static constexpr int kNoAnswer = 408;
    static constexpr int kGone = 480;  ///< Temporarily unavailable.
    static constexpr int kNoSuchCall = 481;
    static constexpr int kBusyHere = 486;
    static constexpr int kCancelled = 487;
    static constexpr int kNotAcceptable = 488;  ///< No audio in common.
    static constexpr int kUnavailable = 503;
    static constexpr int kBusyEverywhere = 600;
    static constexpr int kDecline = 603;
};

}  // namespace escucha::control
