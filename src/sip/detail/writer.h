#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sip/address.h"
#include "sip/detail/message.h"

/// The wire codec, writing side.
namespace escucha::sip::detail {

inline constexpr std::string_view kSdpType = "application/sdp";

/// What every response to one request repeats (RFC 3261 §8.2.6.2), kept while the request waits.
struct Echo {
    std::string head;  ///< Via, From, Call-ID, CSeq lines.
    std::string to;    ///< Value of To as it came.
    bool has_to_tag = false;
    std::string record_routes;  ///< Lines, for responses that make a dialog.
    Flow flow;                  ///< Where responses go.
};

/// Adds received and rport to the top Via (RFC 3261 §18.2.1, RFC 3581).
Echo make_echo(const Message& request, const Flow& flow);

struct ResponseParts {
    int status = 200;
    std::string_view phrase = {};   ///< Empty: the usual one.
    std::string_view to_tag = {};   ///< Added when the request had none.
    std::string_view headers = {};  ///< Whole lines, each with CRLF.
    std::string_view body = {};     ///< SDP.
    bool makes_dialog = false;
};
std::string write_response(const Echo& echo, const ResponseParts& parts);

struct RequestParts {
    std::string_view method = {};
    std::string_view uri = {};
    Flow flow = {};
    std::string_view via_host = {};  ///< host:port
    std::string_view branch = {};
    std::string_view from = {};  ///< Whole value with tag.
    std::string_view to = {};
    std::string_view call_id = {};
    std::uint32_t cseq = 1;
    const std::vector<std::string>* routes = nullptr;
    std::string_view headers = {};  ///< Whole lines.
    std::string_view body = {};
    std::string_view body_type = kSdpType;
};
std::string write_request(const RequestParts& parts);

/// CANCEL, or the ACK of a non-2xx, made from the INVITE as it was sent (RFC 3261 §9.1, §17.1.1.3).
/// `to` replaces the To value when not empty.
std::string derive_request(const Message& invite,
                           std::string_view method,
                           std::string_view to,
                           std::string_view headers);

/// Our INVITE again, as another transaction: its own branch and CSeq, other session headers.
struct Again {
    std::string_view branch = {};
    std::uint32_t cseq = 0;
    std::string_view session = {};  ///< Whole lines.
};
std::string repeat_invite(const Message& invite, const Again& again);

/// Any request of ours again, as another transaction: its own branch and CSeq, and these lines
/// instead of the credentials it had.
struct Authorised {
    std::string_view branch = {};
    std::uint32_t cseq = 0;
    std::string_view credentials = {};  ///< Whole lines.
};
std::string repeat_authorised(const Message& request, const Authorised& again);

/// The credentials in a request of ours, as whole lines.
std::string credentials_of(const Message& request);

std::string_view usual_phrase(int status);

/// One line for the flight recorder: start line, From, To with numbers shortened, CSeq, Call-ID.
/// The text form is for what we wrote ourselves.
std::string trace_line(const Message& message);
std::string trace_line(std::string_view own_message);

inline constexpr std::string_view kAllow =
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER, UPDATE, PRACK, REFER, INFO\r\n";
/// 100rel concerns the INVITE that opens a call, and needs an offer in it.
inline constexpr std::string_view kSupported = "Supported: timer, replaces\r\n";
inline constexpr std::string_view kSupportedAtAll = "Supported: timer, replaces, 100rel\r\n";
inline constexpr std::string_view kAcceptSdp = "Accept: application/sdp\r\n";
/// All three of them.
std::string capabilities();

}  // namespace escucha::sip::detail
