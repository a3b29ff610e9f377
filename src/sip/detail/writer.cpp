#include "sip/detail/writer.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/redact.h"
#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::string_view kEnd = "\r\n";

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    static_cast<void>(error);
    out.append(digits.data(), end);
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append(kEnd);
}

void append_body(std::string& out, std::string_view body, std::string_view type = kSdpType) {
    if (!body.empty()) append_line(out, "Content-Type", type);
    out.append("Content-Length: ");
    append_number(out, body.size());
    out.append(kEnd).append(kEnd).append(body);
}

bool is_credential(const Header& header) {
    return header.id == HeaderId::Authorization || iequals(header.name, "Proxy-Authorization");
}

// Via parameters of the top element, with received and rport filled in.
void append_top_via(std::string& out, const Via& via, const Flow& flow) {
    out.append("SIP/2.0/").append(via.transport).append(" ");
    const bool is_v6 = via.host.find(':') != std::string_view::npos;
    if (is_v6) out.push_back('[');
    out.append(via.host);
    if (is_v6) out.push_back(']');
    if (via.port) {
        out.push_back(':');
        append_number(out, *via.port);
    }
    std::string_view rest = via.params;
    Param param;
    while (next_param(rest, param)) {
        if (iequals(param.name, "rport") || iequals(param.name, "received")) continue;
        out.append(";").append(param.name);
        if (!param.value.empty()) out.append("=").append(param.value);
    }
    const auto sent_by = Address::parse_host(via.host, 0);
    if (via.has_rport) {
        out.append(";rport=");
        append_number(out, flow.remote.port);
    }
    if (via.has_rport || !sent_by || !sent_by->same_host(flow.remote)) {
        out.append(";received=");
        const std::string host = flow.remote.host();
        // RFC 3261's grammar has no brackets in `received`.
        out.append(host.front() == '[' ? std::string_view{host}.substr(1, host.size() - 2)
                                       : std::string_view{host});
    }
}

void append_vias(std::string& out, const Message& request, const Flow& flow) {
    bool is_top = true;
    for (const Header& header : request.headers) {
        if (header.id != HeaderId::Via) continue;
        out.append("Via: ");
        if (is_top) {
            append_top_via(out, request.via, flow);
            std::string_view rest = header.value;
            std::string_view element;
            next_element(rest, element);
            while (next_element(rest, element)) out.append(", ").append(element);
            is_top = false;
        } else {
            out.append(header.value);
        }
        out.append(kEnd);
    }
}

// RFC 3261 §18.2.2. A peer without rport that names its own address may listen on another port;
// one behind a NAT cannot be reached except where it sent from.
Flow response_flow(const Via& via, const Flow& flow) {
    if (is_stream(flow.transport) || via.has_rport) return flow;
    const auto sent_by = Address::parse_host(via.host, via.port.value_or(5060));
    if (!sent_by || !sent_by->same_host(flow.remote)) return flow;
    Flow answer = flow;
    answer.remote.port = sent_by->port;
    return answer;
}

std::string_view header_value(std::string_view message, std::string_view name) {
    const std::size_t at = message.find(name);
    if (at == std::string_view::npos) return {};
    const std::size_t start = at + name.size();
    return trim(message.substr(start, message.find('\n', start) - start));
}

void append_uri(std::string& out, std::string_view label, const Uri& uri) {
    out.append(label);
    if (!uri.user.empty()) out.append(redact_number(uri.user)).append("@");
    out.append(uri.host.substr(0, 64));
}

void append_party(std::string& out, std::string_view label, std::string_view value) {
    const auto address = parse_name_addr(value);
    append_uri(out, label, address ? address->uri : Uri{});
}

}  // namespace

Echo make_echo(const Message& request, const Flow& flow) {
    Echo echo;
    echo.flow = response_flow(request.via, flow);
    echo.head.reserve(512);
    append_vias(echo.head, request, flow);
    for (const Header& header : request.headers) {
        switch (header.id) {
            case HeaderId::From:
                append_line(echo.head, "From", header.value);
                break;
            case HeaderId::CallId:
                append_line(echo.head, "Call-ID", header.value);
                break;
            case HeaderId::CSeq:
                append_line(echo.head, "CSeq", header.value);
                break;
            case HeaderId::To:
                echo.to = header.value;
                break;
            case HeaderId::RecordRoute:
                append_line(echo.record_routes, "Record-Route", header.value);
                break;
            case HeaderId::Via:
            case HeaderId::MaxForwards:
            case HeaderId::Contact:
            case HeaderId::Route:
            case HeaderId::ContentLength:
            case HeaderId::ContentType:
            case HeaderId::ContentEncoding:
            case HeaderId::Expires:
            case HeaderId::Require:
            case HeaderId::ProxyRequire:
            case HeaderId::Authorization:
            case HeaderId::PAssertedIdentity:
            case HeaderId::Reason:
            case HeaderId::RetryAfter:
            case HeaderId::Supported:
            case HeaderId::Accept:
            case HeaderId::Allow:
            case HeaderId::SessionExpires:
            case HeaderId::MinSe:
            case HeaderId::RSeq:
            case HeaderId::RAck:
            case HeaderId::ReferTo:
            case HeaderId::ReferredBy:
            case HeaderId::Replaces:
            case HeaderId::WwwAuthenticate:
            case HeaderId::ProxyAuthenticate:
            case HeaderId::MinExpires:
            case HeaderId::Diversion:
            case HeaderId::HistoryInfo:
            case HeaderId::Privacy:
            case HeaderId::Other:
                break;
        }
    }
    echo.has_to_tag = !request.to.tag().empty();
    return echo;
}

std::string write_response(const Echo& echo, const ResponseParts& parts) {
    std::string out;
    out.reserve(echo.head.size() + echo.to.size() + echo.record_routes.size() +
                parts.headers.size() + parts.body.size() + 192);
    out.append("SIP/2.0 ");
    append_number(out, static_cast<std::uint64_t>(parts.status));
    out.append(" ").append(parts.phrase.empty() ? usual_phrase(parts.status) : parts.phrase);
    out.append(kEnd).append(echo.head);
    if (!echo.to.empty()) {
        out.append("To: ").append(echo.to);
        if (!echo.has_to_tag && !parts.to_tag.empty()) out.append(";tag=").append(parts.to_tag);
        out.append(kEnd);
    }
    if (parts.makes_dialog) out.append(echo.record_routes);
    out.append(parts.headers);
    append_body(out, parts.body);
    return out;
}

std::string write_request(const RequestParts& parts) {
    std::string out;
    out.reserve(512 + parts.headers.size() + parts.body.size());
    out.append(parts.method).append(" ").append(parts.uri).append(" SIP/2.0\r\nVia: SIP/2.0/");
    out.append(name_of(parts.flow.transport)).append(" ").append(parts.via_host);
    out.append(";branch=").append(parts.branch).append(";rport\r\nMax-Forwards: 70\r\n");
    if (parts.routes != nullptr) {
        for (const std::string& route : *parts.routes) append_line(out, "Route", route);
    }
    append_line(out, "From", parts.from);
    append_line(out, "To", parts.to);
    append_line(out, "Call-ID", parts.call_id);
    out.append("CSeq: ");
    append_number(out, parts.cseq);
    out.append(" ").append(parts.method).append(kEnd).append(parts.headers);
    append_body(out, parts.body, parts.body_type);
    return out;
}

std::string derive_request(const Message& invite,
                           std::string_view method,
                           std::string_view to,
                           std::string_view headers) {
    std::string out;
    out.reserve(512);
    out.append(method).append(" ").append(invite.request_uri_text).append(" SIP/2.0\r\n");
    append_line(out, "Via", invite.via.whole);
    out.append("Max-Forwards: 70\r\n");
    for (const Header& header : invite.headers) {
        if (header.id == HeaderId::Route) append_line(out, "Route", header.value);
    }
    append_line(out, "From", invite.from.whole);
    append_line(out, "To", to.empty() ? invite.to.whole : to);
    append_line(out, "Call-ID", invite.call_id);
    out.append("CSeq: ");
    append_number(out, invite.cseq);
    out.append(" ").append(method).append(kEnd).append(headers);
    append_body(out, {});
    return out;
}

std::string repeat_invite(const Message& invite, const Again& again) {
    std::string out{"INVITE "};
    out.append(invite.request_uri_text).append(" SIP/2.0\r\n");
    for (const Header& header : invite.headers) {
        if (header.id == HeaderId::SessionExpires || header.id == HeaderId::MinSe) continue;
        std::string value{header.value};
        if (header.id == HeaderId::Via) {
            value.replace(value.find(invite.via.branch), invite.via.branch.size(), again.branch);
        } else if (header.id == HeaderId::CSeq) {
            value = std::to_string(again.cseq) + " INVITE";
        }
        append_line(out, header.name, value);
    }
    return out.append(again.session).append(kEnd).append(invite.body);
}

std::string repeat_authorised(const Message& request, const Authorised& again) {
    std::string out{request.method_text};
    out.append(" ").append(request.request_uri_text).append(" SIP/2.0\r\n");
    for (const Header& header : request.headers) {
        if (is_credential(header)) continue;
        std::string value{header.value};
        if (header.id == HeaderId::Via) {
            value.replace(value.find(request.via.branch), request.via.branch.size(), again.branch);
        } else if (header.id == HeaderId::CSeq) {
            value = std::to_string(again.cseq) + " " + std::string{request.method_text};
        }
        append_line(out, header.name, value);
    }
    return out.append(again.credentials).append(kEnd).append(request.body);
}

std::string credentials_of(const Message& request) {
    std::string out;
    for (const Header& header : request.headers) {
        if (is_credential(header)) append_line(out, header.name, header.value);
    }
    return out;
}

std::string capabilities() {
    return std::string{kAllow}.append(kAcceptSdp).append(kSupportedAtAll);
}

std::string_view usual_phrase(int status) {
    static constexpr std::array<std::pair<int, std::string_view>, 43> kPhrases{{
        {100, "Trying"},
        {180, "Ringing"},
        {181, "Call Is Being Forwarded"},
        {182, "Queued"},
        {183, "Session Progress"},
        {200, "OK"},
        {202, "Accepted"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Moved Temporarily"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {410, "Gone"},
        {413, "Request Entity Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Unsupported URI Scheme"},
        {420, "Bad Extension"},
        {422, "Session Interval Too Small"},
        {423, "Interval Too Brief"},
        {480, "Temporarily Unavailable"},
        {481, "Call/Transaction Does Not Exist"},
        {482, "Loop Detected"},
        {483, "Too Many Hops"},
        {484, "Address Incomplete"},
        {486, "Busy Here"},
        {487, "Request Terminated"},
        {488, "Not Acceptable Here"},
        {491, "Request Pending"},
        {500, "Server Internal Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Server Time-out"},
        {505, "Version Not Supported"},
        {513, "Message Too Large"},
        {600, "Busy Everywhere"},
        {603, "Decline"},
        {604, "Does Not Exist Anywhere"},
        {606, "Not Acceptable"},
    }};
    for (const auto& [known, phrase] : kPhrases) {
        if (known == status) return phrase;
    }
    return status < 200 ? "Progress" : status < 300 ? "OK" : "Failure";
}

std::string trace_line(const Message& message) {
    std::string out;
    out.reserve(160);
    if (message.is_request) {
        out.append(message.method_text.substr(0, 20));
        // The dialled number of a Request-URI is as personal as the one in To.
        append_uri(out, " ", message.request_uri);
    } else {
        append_number(out, static_cast<std::uint64_t>(message.status));
        out.append(" ").append(message.reason.substr(0, 40));
    }
    append_uri(out, " | from ", message.from.uri);
    append_uri(out, " to ", message.to.uri);
    out.append(" | cseq ");
    append_number(out, message.cseq);
    out.append(" ").append(message.method_text.substr(0, 20));
    out.append(" | call-id ").append(message.call_id.substr(0, 64));
    return out;
}

std::string trace_line(std::string_view own_message) {
    const std::string_view head = own_message.substr(0, own_message.find("\r\n\r\n"));
    std::string out;
    out.reserve(160);
    const std::string_view start = trim(head.substr(0, head.find('\n')));
    const std::size_t space = start.find(' ');
    if (start.substr(0, 8) == "SIP/2.0 ") {
        out.append(start.substr(8, 48));
    } else {
        out.append(start.substr(0, space));
        append_party(out, " ", start.substr(space + 1, start.rfind(' ') - space - 1));
    }
    append_party(out, " | from ", header_value(head, "\nFrom:"));
    append_party(out, " to ", header_value(head, "\nTo:"));
    out.append(" | cseq ").append(header_value(head, "\nCSeq:").substr(0, 32));
    out.append(" | call-id ").append(header_value(head, "\nCall-ID:").substr(0, 64));
    return out;
}

}  // namespace escucha::sip::detail
