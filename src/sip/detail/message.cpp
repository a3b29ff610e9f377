#include "sip/detail/message.h"

#include <array>
#include <utility>

#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::uint64_t kMaxCSeq = 0x7FFF'FFFF;  // RFC 3261 §8.1.1.5: less than 2**31.

constexpr Verdict kGarbage{.kind = Verdict::Garbage, .status = 0, .phrase = ""};

Verdict refuse(int status, std::string_view phrase) {
    return {.kind = Verdict::Refuse, .status = status, .phrase = phrase};
}

// Headers that must not be repeated; a bit per HeaderId.
constexpr bool is_single(HeaderId id) {
    switch (id) {
        case HeaderId::From:
        case HeaderId::To:
        case HeaderId::CallId:
        case HeaderId::CSeq:
        case HeaderId::MaxForwards:
        case HeaderId::ContentLength:
        case HeaderId::ContentType:
        case HeaderId::Expires:
        case HeaderId::SessionExpires:
        case HeaderId::MinSe:
        case HeaderId::RSeq:
        case HeaderId::RAck:
        case HeaderId::ReferTo:
        case HeaderId::ReferredBy:
        case HeaderId::Replaces:
        case HeaderId::MinExpires:
            return true;
        case HeaderId::Via:
        case HeaderId::Contact:
        case HeaderId::Route:
        case HeaderId::RecordRoute:
        case HeaderId::ContentEncoding:
        case HeaderId::Require:
        case HeaderId::ProxyRequire:
        case HeaderId::Authorization:
        case HeaderId::PAssertedIdentity:
        case HeaderId::Reason:
        case HeaderId::RetryAfter:
        case HeaderId::Supported:
        case HeaderId::Allow:
        case HeaderId::WwwAuthenticate:
        case HeaderId::ProxyAuthenticate:
        case HeaderId::Accept:
        case HeaderId::Diversion:
        case HeaderId::HistoryInfo:
        case HeaderId::Privacy:
        case HeaderId::Other:
            return false;
    }
    return false;
}

/// One pass over the lines; unfolds in place. Returns the offset of the body, or nullopt.
class HeaderReader {
public:
    HeaderReader(std::string& buffer, const Limits& limits, Message& message)
        : buffer_{buffer}, limits_{limits}, message_{message} {}

    /// False when there is not even a start line. `at` is where the body begins.
    bool read(std::string_view& start_line, std::size_t& at) {
        unfold();
        at = 0;
        // RFC 3261 §7.5: CRLF before the start line is ignored.
        while (at < buffer_.size() && (buffer_[at] == '\r' || buffer_[at] == '\n')) ++at;
        if (!next_line(at, start_line) || start_line.empty()) return false;
        std::string_view line;
        while (next_line(at, line)) {
            if (line.empty()) return true;
            if (!add(line)) return true;
        }
        is_complete_ = false;
        return true;
    }

    [[nodiscard]] bool is_complete() const { return is_complete_; }
    [[nodiscard]] bool has_bad_line() const { return has_bad_line_; }
    [[nodiscard]] bool has_duplicate() const { return has_duplicate_; }
    [[nodiscard]] bool is_too_many() const { return is_too_many_; }

private:
    void unfold() {
        std::size_t from = 0;
        while (true) {
            const std::size_t newline = buffer_.find('\n', from);
            if (newline == std::string::npos || newline + 1 >= buffer_.size()) return;
            const char next = buffer_[newline + 1];
            if (next == '\n' ||
                (next == '\r' && newline + 2 < buffer_.size() && buffer_[newline + 2] == '\n')) {
                return;  // The empty line: the body is not ours to touch.
            }
            if (next == ' ' || next == '\t') {
                buffer_[newline] = ' ';
                if (newline > 0 && buffer_[newline - 1] == '\r') buffer_[newline - 1] = ' ';
            }
            from = newline + 1;
        }
    }

    bool next_line(std::size_t& at, std::string_view& line) const {
        const std::size_t newline = buffer_.find('\n', at);
        if (newline == std::string::npos) return false;
        std::size_t end = newline;
        if (end > at && buffer_[end - 1] == '\r') --end;
        line = std::string_view{buffer_}.substr(at, end - at);
        at = newline + 1;
        return true;
    }

    bool add(std::string_view line) {
        if (message_.headers.size() >= limits_.header_count) {
            is_too_many_ = true;
            is_complete_ = false;
            return false;
        }
        const std::size_t colon = line.find(':');
        const std::string_view name = trim(line.substr(0, colon));
        if (colon == std::string_view::npos || !is_token(name) || !is_line(line)) {
            has_bad_line_ = true;
            return true;
        }
        const HeaderId id = header_id(name);
        const auto bit = std::uint64_t{1} << static_cast<unsigned>(id);
        if (is_single(id) && (seen_ & bit) != 0) has_duplicate_ = true;
        seen_ |= bit;
        message_.headers.push_back({.id = id, .name = name, .value = trim(line.substr(colon + 1))});
        return true;
    }

    std::string& buffer_;
    const Limits& limits_;
    Message& message_;
    std::uint64_t seen_ = 0;
    bool is_complete_ = true;
    bool has_bad_line_ = false;
    bool has_duplicate_ = false;
    bool is_too_many_ = false;
};

enum class StartLine { Good, BadUri, BadVersion, BadSpacing, Garbage };

StartLine read_response_line(std::string_view line, Message& message) {
    if (line.size() < 12 || line[7] != ' ') return StartLine::Garbage;
    const auto status = parse_number(line.substr(8, 3), 699);
    if (!status || *status < 100 || (line.size() > 11 && line[11] != ' '))
        return StartLine::Garbage;
    message.status = static_cast<int>(*status);
    message.reason = trim(line.substr(11));
    return StartLine::Good;
}

StartLine read_start_line(std::string_view line, Message& message) {
    if (line.size() > 8 && iequals(line.substr(0, 7), "SIP/2.0") && line[7] == ' ') {
        return read_response_line(line, message);
    }
    message.is_request = true;
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return StartLine::Garbage;
    message.method_text = line.substr(0, first);
    if (!is_token(message.method_text)) return StartLine::Garbage;
    message.method = method_of(message.method_text);
    const std::string_view version = line.substr(last + 1);
    if (version.empty()) return StartLine::BadSpacing;
    if (version.size() < 5 || !iequals(version.substr(0, 4), "SIP/")) return StartLine::Garbage;
    if (!iequals(version, "SIP/2.0")) return StartLine::BadVersion;
    message.request_uri_text = line.substr(first + 1, last - first - 1);
    const auto uri = parse_uri(message.request_uri_text);
    if (!uri) return StartLine::BadUri;
    message.request_uri = *uri;
    return StartLine::Good;
}

struct CSeq {
    std::uint32_t number = 0;
    std::string_view method;
};

std::optional<CSeq> parse_cseq(std::string_view value) {
    const std::size_t space = value.find_first_of(" \t");
    if (space == std::string_view::npos) return std::nullopt;
    const auto number = parse_number(value.substr(0, space), kMaxCSeq);
    const std::string_view method = trim(value.substr(space));
    if (!number || !is_token(method)) return std::nullopt;
    return CSeq{.number = static_cast<std::uint32_t>(*number), .method = method};
}

/// The five headers every answer echoes. An empty phrase means they are all good; nullopt that the
/// message cannot even be answered.
std::optional<std::string_view> read_core_headers(Message& message) {
    const std::string_view via_value = message.find(HeaderId::Via);
    std::string_view rest = via_value;
    std::string_view first_via;
    if (!next_element(rest, first_via)) return std::nullopt;
    const auto via = parse_via(first_via);
    if (!via) return std::nullopt;
    message.via = *via;

    std::string_view phrase;
    if (has_stray_separator(via_value)) phrase = "Bad Via";
    message.call_id = message.find(HeaderId::CallId);
    if (message.call_id.empty()) phrase = "Missing Call-ID";
    if (message.call_id.find_first_of(" \t") != std::string_view::npos) phrase = "Bad Call-ID";
    if (const auto from = parse_name_addr(message.find(HeaderId::From))) {
        message.from = *from;
    } else {
        phrase = message.has(HeaderId::From) ? "Bad From" : "Missing From";
    }
    if (const auto to = parse_name_addr(message.find(HeaderId::To))) {
        message.to = *to;
    } else {
        phrase = message.has(HeaderId::To) ? "Bad To" : "Missing To";
    }
    const auto cseq = parse_cseq(message.find(HeaderId::CSeq));
    if (!cseq) return message.has(HeaderId::CSeq) ? "Bad CSeq" : "Missing CSeq";
    message.cseq = cseq->number;
    if (!message.is_request) {
        message.method_text = cseq->method;
        message.method = method_of(cseq->method);
    } else if (cseq->method != message.method_text) {
        phrase = "CSeq method does not match";
    }
    return phrase;
}

/// Cuts the body to Content-Length; empty phrase when good.
std::string_view read_body(Message& message, std::string_view rest) {
    message.body = rest;
    if (!message.has(HeaderId::ContentLength)) return {};
    const auto length = parse_number(message.find(HeaderId::ContentLength), 0xFFFF'FFFF);
    if (!length) return "Bad Content-Length";
    if (*length > rest.size()) return "Body shorter than Content-Length";
    message.body = rest.substr(0, static_cast<std::size_t>(*length));
    return {};
}

Verdict judge_request(Message& message,
                      const Limits& limits,
                      const HeaderReader& reader,
                      StartLine start) {
    if (reader.is_too_many()) return refuse(513, "Too Many Headers");
    switch (start) {
        case StartLine::Good:
            break;
        case StartLine::BadVersion:
            return refuse(505, "Version Not Supported");
        case StartLine::BadUri:
            return refuse(400, "Bad Request-URI");
        case StartLine::BadSpacing:
            return refuse(400, "Bad Request Line");
        case StartLine::Garbage:
            return kGarbage;
    }
    if (reader.has_duplicate()) return refuse(400, "Repeated Header");
    if (message.has(HeaderId::MaxForwards)) {
        const auto hops = parse_number(message.find(HeaderId::MaxForwards), 255);
        if (!hops) return refuse(400, "Bad Max-Forwards");
        message.max_forwards = static_cast<unsigned>(*hops);
    }
    if (message.body.size() > limits.body_bytes) return refuse(413, "Request Entity Too Large");
    if (!message.request_uri.is_sip() && !iequals(message.request_uri.scheme, "tel")) {
        return refuse(416, "Unsupported URI Scheme");
    }
    return {};
}

}  // namespace

std::string_view Message::find(HeaderId id) const {
    for (const Header& header : headers) {
        if (header.id == id) return header.value;
    }
    return {};
}

bool Message::has(HeaderId id) const {
    for (const Header& header : headers) {
        if (header.id == id) return true;
    }
    return false;
}

void Message::clear() {
    std::vector<Header> kept = std::move(headers);
    kept.clear();
    *this = Message{};
    headers = std::move(kept);
}

Verdict parse(std::string& buffer, const Limits& limits, Message& message) {
    message.clear();
    HeaderReader reader{buffer, limits, message};
    std::string_view start_line;
    std::size_t body_at = 0;
    if (!reader.read(start_line, body_at)) return kGarbage;
    const StartLine start = read_start_line(start_line, message);
    if (start == StartLine::Garbage) return kGarbage;
    const auto phrase = read_core_headers(message);
    if (!phrase) return kGarbage;
    if (!message.is_request) {
        if (!phrase->empty() || reader.has_duplicate() || !reader.is_complete()) return kGarbage;
        if (message.cseq == 0 && message.method_text.empty()) return kGarbage;
        return read_body(message, std::string_view{buffer}.substr(body_at)).empty() ? Verdict{}
                                                                                    : kGarbage;
    }
    if (!phrase->empty()) return refuse(400, *phrase);
    if (body_at > limits.header_bytes) return refuse(513, "Message Too Large");
    if (!reader.is_complete() && !reader.is_too_many()) return refuse(400, "Headers Do Not End");
    const std::string_view body_error =
        read_body(message, std::string_view{buffer}.substr(body_at));
    if (!body_error.empty()) return refuse(400, body_error);
    if (reader.has_bad_line()) return refuse(400, "Bad Header");
    return judge_request(message, limits, reader, start);
}

Counters::Method method_of(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, Counters::Method>, 14> kMethods{{
        {"INVITE", Counters::Invite},
        {"ACK", Counters::Ack},
        {"BYE", Counters::Bye},
        {"CANCEL", Counters::Cancel},
        {"OPTIONS", Counters::Options},
        {"REGISTER", Counters::Register},
        {"MESSAGE", Counters::Message},
        {"SUBSCRIBE", Counters::Subscribe},
        {"NOTIFY", Counters::Notify},
        {"REFER", Counters::Refer},
        {"UPDATE", Counters::Update},
        {"INFO", Counters::Info},
        {"PRACK", Counters::Prack},
        {"PUBLISH", Counters::Publish},
    }};
    // Methods are case-sensitive (RFC 3261 §7.1): "invite" is an unknown one.
    for (const auto& [name, method] : kMethods) {
        if (name == text) return method;
    }
    return Counters::Other;
}

HeaderId header_id(std::string_view name) {
    // RFC 3261 §7.3.3 and the extensions we speak.
    static constexpr std::array<std::pair<std::string_view, HeaderId>, 12> kCompact{{
        {"v", HeaderId::Via},
        {"f", HeaderId::From},
        {"t", HeaderId::To},
        {"i", HeaderId::CallId},
        {"m", HeaderId::Contact},
        {"l", HeaderId::ContentLength},
        {"c", HeaderId::ContentType},
        {"e", HeaderId::ContentEncoding},
        {"k", HeaderId::Supported},
        {"x", HeaderId::SessionExpires},
        {"r", HeaderId::ReferTo},
        {"b", HeaderId::ReferredBy},
    }};
    static constexpr std::array<std::pair<std::string_view, HeaderId>, 35> kNames{{
        {"Via", HeaderId::Via},
        {"From", HeaderId::From},
        {"To", HeaderId::To},
        {"Call-ID", HeaderId::CallId},
        {"CSeq", HeaderId::CSeq},
        {"Max-Forwards", HeaderId::MaxForwards},
        {"Contact", HeaderId::Contact},
        {"Route", HeaderId::Route},
        {"Record-Route", HeaderId::RecordRoute},
        {"Content-Length", HeaderId::ContentLength},
        {"Content-Type", HeaderId::ContentType},
        {"Content-Encoding", HeaderId::ContentEncoding},
        {"Expires", HeaderId::Expires},
        {"Require", HeaderId::Require},
        {"Proxy-Require", HeaderId::ProxyRequire},
        {"Authorization", HeaderId::Authorization},
        {"P-Asserted-Identity", HeaderId::PAssertedIdentity},
        {"Reason", HeaderId::Reason},
        {"Retry-After", HeaderId::RetryAfter},
        {"Supported", HeaderId::Supported},
        {"Allow", HeaderId::Allow},
        {"Session-Expires", HeaderId::SessionExpires},
        {"Min-SE", HeaderId::MinSe},
        {"RSeq", HeaderId::RSeq},
        {"RAck", HeaderId::RAck},
        {"Refer-To", HeaderId::ReferTo},
        {"Referred-By", HeaderId::ReferredBy},
        {"Replaces", HeaderId::Replaces},
        {"WWW-Authenticate", HeaderId::WwwAuthenticate},
        {"Proxy-Authenticate", HeaderId::ProxyAuthenticate},
        {"Min-Expires", HeaderId::MinExpires},
        {"Accept", HeaderId::Accept},
        {"Diversion", HeaderId::Diversion},
        {"History-Info", HeaderId::HistoryInfo},
        {"Privacy", HeaderId::Privacy},
    }};
    if (name.size() == 1) {
        for (const auto& [text, id] : kCompact) {
            if (iequals(text, name)) return id;
        }
        return HeaderId::Other;
    }
    for (const auto& [text, id] : kNames) {
        if (iequals(text, name)) return id;
    }
    return HeaderId::Other;
}

}  // namespace escucha::sip::detail
