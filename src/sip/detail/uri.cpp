#include "sip/detail/message.h"
#include "sip/detail/text.h"

namespace escucha::sip::detail {

namespace {

constexpr std::size_t kMaxUriBytes = 1024;

bool is_uri_text(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7F || c == '<' || c == '>' || c == '"') return false;
    }
    return true;
}

bool is_host(std::string_view host) {
    if (host.empty()) return false;
    for (const char c : host) {
        const bool fits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
        if (!fits) return false;
    }
    return true;
}

bool is_ipv6(std::string_view host) {
    if (host.empty() || host.size() > 45) return false;
    return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

std::uint16_t effective_port(const Uri& uri) {
    if (uri.port) return *uri.port;
    return iequals(uri.scheme, "sips") ? 5061 : 5060;
}

std::string_view transport_of(const Uri& uri) {
    const auto found = find_param(uri.params, "transport");
    return found ? *found : std::string_view{"udp"};
}

}  // namespace

/// "host", "host:5060", "[::1]:5060". Shared by URIs and Via.
bool parse_host_port(std::string_view text,
                     std::string_view& host,
                     std::optional<std::uint16_t>& port) {
    std::string_view rest;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return false;
        host = text.substr(1, close - 1);
        if (!is_ipv6(host)) return false;
        rest = trim(text.substr(close + 1));
    } else {
        const std::size_t colon = text.find(':');
        host = trim(text.substr(0, colon));
        if (!is_host(host)) return false;
        rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    }
    if (rest.empty()) return true;
    if (rest.front() != ':') return false;
    const auto number = parse_number(trim(rest.substr(1)), 65535);
    if (!number) return false;
    port = static_cast<std::uint16_t>(*number);
    return true;
}

bool Uri::is_sip() const { return iequals(scheme, "sip") || iequals(scheme, "sips"); }

std::optional<Uri> parse_uri(std::string_view text) {
    if (text.size() > kMaxUriBytes || !is_uri_text(text)) return std::nullopt;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
    Uri uri;
    uri.text = text;
    uri.scheme = text.substr(0, colon);
    if (!is_token(uri.scheme)) return std::nullopt;
    std::string_view rest = text.substr(colon + 1);
    if (!uri.is_sip()) {
        // tel:+34911234567;phone-context=... and whatever else; the number serves as the user.
        uri.user = rest.substr(0, rest.find_first_of(";?"));
        return uri;
    }
    // '@' cannot stand unescaped in the user part, but ';' and '?' can: look for it first.
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        const std::string_view user_info = rest.substr(0, at);
        uri.user = user_info.substr(0, user_info.find(':'));
        if (uri.user.empty()) return std::nullopt;
        rest.remove_prefix(at + 1);
    }
    if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
        uri.headers = rest.substr(question + 1);
        rest = rest.substr(0, question);
    }
    if (const std::size_t semicolon = rest.find(';'); semicolon != std::string_view::npos) {
        uri.params = rest.substr(semicolon + 1);
        rest = rest.substr(0, semicolon);
    }
    if (!parse_host_port(rest, uri.host, uri.port)) return std::nullopt;
    return uri;
}

bool same_uri(const Uri& a, const Uri& b) {
    return iequals(a.scheme, b.scheme) && unescape_user(a.user) == unescape_user(b.user) &&
           iequals(a.host, b.host) && effective_port(a) == effective_port(b) &&
           iequals(transport_of(a), transport_of(b));
}

std::string_view NameAddr::tag() const {
    return find_param(params, "tag").value_or(std::string_view{});
}

std::optional<NameAddr> parse_name_addr(std::string_view text) {
    NameAddr address;
    address.whole = text = trim(text);
    std::size_t open = 0;
    if (!text.empty() && text.front() == '"') {
        std::size_t close = 1;
        while (close < text.size() && text[close] != '"') close += text[close] == '\\' ? 2 : 1;
        if (close >= text.size()) return std::nullopt;
        open = text.find_first_not_of(" \t", close + 1);
        if (open == std::string_view::npos || text[open] != '<') return std::nullopt;
    } else {
        open = text.find('<');
    }
    std::string_view uri_text;
    if (open == std::string_view::npos) {
        // addr-spec: parameters after ';' belong to the header (RFC 3261 §20).
        const std::size_t semicolon = text.find(';');
        uri_text = trim(text.substr(0, semicolon));
        if (semicolon != std::string_view::npos) address.params = text.substr(semicolon + 1);
        if (uri_text.find_first_of("?,") != std::string_view::npos) return std::nullopt;
    } else {
        const std::size_t close = text.find('>', open);
        if (close == std::string_view::npos) return std::nullopt;
        address.display = trim(text.substr(0, open));
        uri_text = trim(text.substr(open + 1, close - open - 1));
        const std::string_view rest = trim(text.substr(close + 1));
        if (!rest.empty() && rest.front() != ';') return std::nullopt;
        if (!rest.empty()) address.params = rest.substr(1);
    }
    const auto uri = parse_uri(uri_text);
    if (!uri) return std::nullopt;
    address.uri = *uri;
    return address;
}

std::optional<Via> parse_via(std::string_view text) {
    Via via;
    via.whole = text = trim(text);
    // "SIP / 2.0 / UDP host": white space is allowed around the slashes.
    const std::size_t first = text.find('/');
    const std::size_t second = first == std::string_view::npos ? first : text.find('/', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (!iequals(trim(text.substr(0, first)), "SIP")) return std::nullopt;
    if (trim(text.substr(first + 1, second - first - 1)) != "2.0") return std::nullopt;
    text = trim(text.substr(second + 1));
    const std::size_t space = text.find_first_of(" \t");
    if (space == std::string_view::npos) return std::nullopt;
    via.transport = text.substr(0, space);
    if (!is_token(via.transport)) return std::nullopt;
    text = trim(text.substr(space));
    const std::size_t semicolon = text.find(';');
    if (semicolon != std::string_view::npos) via.params = text.substr(semicolon + 1);
    if (!parse_host_port(trim(text.substr(0, semicolon)), via.host, via.port)) return std::nullopt;
    via.branch = find_param(via.params, "branch").value_or(std::string_view{});
    via.has_rport = find_param(via.params, "rport").has_value();
    return via;
}

}  // namespace escucha::sip::detail
