#include <algorithm>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::size_t kMaxReasonBytes = 64;

bool is_loose(std::string_view route) {
    const auto address = parse_name_addr(route);
    return address && find_param(address->uri.params, "lr").has_value();
}

}  // namespace

std::string Stack::Impl::write_in_dialog(const Dialog& dialog, const RequestParts& parts) const {
    RequestParts whole = parts;
    const bool is_new = dialog.remote_tag.empty() && dialog.routes.empty();
    whole.flow = is_new ? dialog.flow : next_hop(dialog);
    const std::string host = own_host(whole.flow);
    whole.via_host = host;
    whole.from = dialog.local;
    whole.to = dialog.remote;
    whole.call_id = dialog.call_id;
    whole.uri = dialog.remote_target;
    whole.routes = &dialog.routes;
    if (dialog.routes.empty() || is_loose(dialog.routes.front())) return write_request(whole);
    // A strict router first (RFC 3261 §12.2.1.1): it goes into the Request-URI, and the real target
    // to the end of the routes.
    std::vector<std::string> routes{dialog.routes.begin() + 1, dialog.routes.end()};
    routes.push_back("<" + dialog.remote_target + ">");
    const auto first = parse_name_addr(dialog.routes.front());
    if (first) whole.uri = first->uri.text;
    whole.routes = &routes;
    return write_request(whole);
}

std::string Stack::Impl::own_host(const Flow& flow) const { return own_host_of(settings_, flow); }

std::string Stack::Impl::contact_line(const Flow& flow) const {
    std::string line = "Contact: <sip:" + own_host(flow);
    line.append(transport_param(flow.transport)).append(">\r\n");
    return line;
}

// The second number of "o=- 123 4 IN IP4 ...".
void Stack::Impl::remember_version(Leg& leg, std::string_view sdp) const {
    const std::size_t at = sdp.find("o=");
    if (at == std::string_view::npos) return;
    std::string_view line = sdp.substr(at, sdp.find_first_of("\r\n", at) - at);
    for (int field = 0; field < 2; ++field) {
        const std::size_t space = line.find(' ');
        if (space == std::string_view::npos) return;
        line.remove_prefix(space + 1);
    }
    leg.sdp_version = parse_number(line.substr(0, line.find(' ')), UINT64_MAX);
}

namespace detail {

std::optional<std::string> sdp_of(const Message& message) {
    if (message.body.empty()) return std::nullopt;
    const std::string_view type = message.find(HeaderId::ContentType);
    const std::string_view name = trim(type.substr(0, type.find(';')));
    if (type.empty() || iequals(name, "application/sdp")) return std::string{message.body};
    if (!iequals(name.substr(0, 10), "multipart/")) return std::nullopt;
    const auto boundary = find_param(type, "boundary");
    if (!boundary || boundary->empty()) return std::nullopt;
    const std::string mark = "--" + unquote(*boundary);
    std::size_t at = message.body.find(mark);
    while (at != std::string_view::npos) {
        const std::size_t start = at + mark.size();
        const std::size_t next = message.body.find(mark, start);
        if (next == std::string_view::npos) return std::nullopt;
        std::string_view part = message.body.substr(start, next - start);
        const std::size_t end = part.find("\r\n\r\n");
        if (end != std::string_view::npos) {
            std::string head{part.substr(0, end)};
            std::transform(head.begin(), head.end(), head.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            });
            part.remove_prefix(end + 4);
            if (head.find("application/sdp") != std::string::npos) {
                return std::string{trim(part)} + "\r\n";
            }
        }
        at = next;
    }
    return std::nullopt;
}

bool has_strange_body(const Message& message) {
    if (message.body.empty()) return false;
    const std::string_view encoding = message.find(HeaderId::ContentEncoding);
    if (!encoding.empty() && !iequals(encoding, "identity")) return true;
    return !sdp_of(message);
}

bool takes_sdp(const Message& message) {
    for (const Header& header : message.headers) {
        if (header.id != HeaderId::Accept) continue;
        std::string_view rest = header.value;
        std::string_view range;
        while (next_element(rest, range)) {
            const std::string_view type = trim(range.substr(0, range.find(';')));
            if (type == "*/*" || iequals(type, "application/*") ||
                iequals(type, "application/sdp")) {
                return true;
            }
        }
    }
    return !message.has(HeaderId::Accept);
}

std::string reason_of(const Message& message) {
    const std::string_view value = message.find(HeaderId::Reason);
    if (const auto text = find_param(value, "text")) return unquote(*text);
    if (!value.empty()) return std::string{value.substr(0, kMaxReasonBytes)};
    return std::string{message.reason.substr(0, kMaxReasonBytes)};
}

std::string reason_header(std::string_view text) {
    if (text.empty()) return {};
    return "Reason: Q.850;cause=16;text=" + quote(text.substr(0, kMaxReasonBytes)) + "\r\n";
}

std::string retry_after(Rng& rng) {
    constexpr std::uint64_t kMaxSeconds = 10;
    return "Retry-After: " + std::to_string(rng.below(kMaxSeconds + 1)) + "\r\n";
}

void confirm_dialog(Dialog& dialog, const Message& response) {
    constexpr std::size_t kMaxRoutes = 16;
    dialog.remote = response.to.whole;
    dialog.remote_tag = response.to.tag();
    refresh_target(dialog, response);
    dialog.routes.clear();
    for (const Header& header : response.headers) {
        if (header.id != HeaderId::RecordRoute) continue;
        std::string_view rest = header.value;
        std::string_view element;
        while (dialog.routes.size() < kMaxRoutes && next_element(rest, element)) {
            dialog.routes.emplace_back(element);
        }
    }
    std::reverse(dialog.routes.begin(), dialog.routes.end());
}

void refresh_target(Dialog& dialog, const Message& message) {
    std::string_view contacts = message.find(HeaderId::Contact);
    std::string_view first;
    next_element(contacts, first);
    const auto contact = parse_name_addr(first);
    if (contact && contact->uri.is_sip()) dialog.remote_target = contact->uri.text;
}

Flow next_hop(const Dialog& dialog) {
    const Flow& flow = dialog.flow;
    if (dialog.is_phone && flow.transport == Transport::Udp) return flow;
    if (is_stream(flow.transport) && flow.connection != 0) return flow;
    std::optional<Uri> uri;
    if (!dialog.routes.empty()) {
        const auto route = parse_name_addr(dialog.routes.front());
        if (route) uri = route->uri;
    } else {
        uri = parse_uri(dialog.remote_target);
    }
    if (!uri) return flow;
    const auto named =
        Address::parse_host(uri->host, uri->port.value_or(default_port(flow.transport)));
    // A name would need DNS, and the flow is known to work. A private address named by a public
    // peer is behind a NAT.
    if (!named || named->is_unusable() || named->family != flow.remote.family) return flow;
    if (named->is_private() && !flow.remote.is_private()) return flow;
    Flow direct = flow;
    direct.remote = *named;
    return direct;
}

}  // namespace detail

}  // namespace escucha::sip
