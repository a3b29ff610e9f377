#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/settings.h"

/// The wire codec, reading side: views into one buffer the caller keeps. ADR 0002 tells why not
/// libre's: an undecodable message must still be answered 400 and counted.
namespace escucha::sip::detail {

struct Uri {
    std::string_view text;    ///< All of it.
    std::string_view scheme;  ///< "sip", "sips", "tel", ... as written.
    std::string_view user;    ///< Escaped; a tel URI's number.
    std::string_view host;    ///< IPv6 without brackets.
    std::optional<std::uint16_t> port;
    std::string_view params;   ///< Without the first ';'.
    std::string_view headers;  ///< Without the '?'.

    [[nodiscard]] bool is_sip() const;
};
/// nullopt when malformed. Any scheme is well-formed if a token and a non-empty rest are there.
std::optional<Uri> parse_uri(std::string_view text);
/// RFC 3261 §19.1.4, as far as we need it: user, host, port, transport.
bool same_uri(const Uri& a, const Uri& b);

/// `"Ana" <sip:ana@example.net>;tag=1` or the bare form.
struct NameAddr {
    std::string_view whole;    ///< As it came.
    std::string_view display;  ///< Quoted or not.
    Uri uri;
    std::string_view params;  ///< Header parameters, without the first ';'.
    [[nodiscard]] std::string_view tag() const;
};
std::optional<NameAddr> parse_name_addr(std::string_view text);

struct Via {
    std::string_view whole;
    std::string_view transport;
    std::string_view host;
    std::optional<std::uint16_t> port;
    std::string_view params;
    std::string_view branch;
    bool has_rport = false;
};
std::optional<Via> parse_via(std::string_view text);

enum class HeaderId : std::uint8_t {
    Via,
    From,
    To,
    CallId,
    CSeq,
    MaxForwards,
    Contact,
    Route,
    RecordRoute,
    ContentLength,
    ContentType,
    ContentEncoding,
    Expires,
    Require,
    ProxyRequire,
    Authorization,
    PAssertedIdentity,
    Reason,
    RetryAfter,
    Supported,
    Allow,
    SessionExpires,
    MinSe,
    RSeq,
    RAck,
    ReferTo,
    ReferredBy,
    Replaces,
    WwwAuthenticate,
    ProxyAuthenticate,
    MinExpires,
    Accept,
    Diversion,
    HistoryInfo,
    Privacy,
    Other
};

struct Header {
    HeaderId id = HeaderId::Other;
    std::string_view name;
    std::string_view value;
};

/// A whole message. Valid as long as the buffer given to `parse` and not reused.
struct Message {
    bool is_request = false;
    Counters::Method method =
        Counters::Other;  ///< From the request line, or from a response's CSeq.
    std::string_view method_text;
    std::string_view request_uri_text;
    Uri request_uri;
    int status = 0;
    std::string_view reason;

    std::vector<Header> headers;
    Via via;
    NameAddr from;
    NameAddr to;
    std::string_view call_id;
    std::uint32_t cseq = 0;
    unsigned max_forwards = 70;
    std::string_view body;

    [[nodiscard]] std::string_view find(HeaderId id) const;  ///< First value, or empty.
    [[nodiscard]] bool has(HeaderId id) const;
    void clear();
};

/// What to do with the bytes.
struct Verdict {
    enum Kind { Ok, Garbage, Refuse };
    Kind kind = Ok;
    int status = 400;  ///< For Refuse: Via, From, To, Call-ID and CSeq are there to be echoed.
    std::string_view phrase;
};

/// Reads `buffer`, in which folded lines are unfolded in place. `message` is cleared first; its
/// vector's memory is reused. A response is Ok or Garbage, never Refuse.
Verdict parse(std::string& buffer, const Limits& limits, Message& message);

Counters::Method method_of(std::string_view text);
/// Long and compact forms, any case.
HeaderId header_id(std::string_view name);

}  // namespace escucha::sip::detail
