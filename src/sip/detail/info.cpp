// Keys in INFO, as phones and gateways without RFC 4733 send them: "application/dtmf-relay" and
// "application/dtmf". No RFC lays them down (RFC 6086 regrets them); makers agree on this much.

#include <optional>
#include <string_view>

#include "sip/detail/impl.h"
#include "sip/detail/text.h"

namespace escucha::sip {

using namespace detail;

namespace {

constexpr std::string_view kAcceptKeys = "Accept: application/dtmf-relay, application/dtmf\r\n";

std::optional<char> key_named(std::string_view text) {
    constexpr std::string_view kKeys = "0123456789*#ABCD";
    if (text == "10") return '*';
    if (text == "11") return '#';
    if (text.size() != 1) return std::nullopt;
    const char key = text[0] >= 'a' && text[0] <= 'd' ? static_cast<char>(text[0] - 32) : text[0];
    return kKeys.find(key) == std::string_view::npos ? std::nullopt : std::optional{key};
}

/// The value of "Signal=5" among lines; spaces around both are common.
std::string_view signal_in(std::string_view body) {
    while (!body.empty()) {
        const std::string_view line = body.substr(0, body.find_first_of("\r\n"));
        body.remove_prefix(std::min(body.size(), line.size() + 1));
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        if (iequals(trim(line.substr(0, equals)), "Signal")) return trim(line.substr(equals + 1));
    }
    return {};
}

}  // namespace

void Stack::Impl::on_info(Leg& leg, const Flow& flow, const Message& request, Io& io) {
    // Nothing in it asks whether the call lives.
    if (request.body.empty()) return settle(flow, request, leg, {.status = 200}, io);
    const std::string_view type = request.find(HeaderId::ContentType);
    const std::string_view name = trim(type.substr(0, type.find(';')));
    const bool is_relay = iequals(name, "application/dtmf-relay");
    if (!is_relay && !iequals(name, "application/dtmf")) {
        return settle(flow, request, leg, {.status = 415, .headers = kAcceptKeys}, io);
    }
    const auto key = key_named(is_relay ? signal_in(request.body) : trim(request.body));
    if (!key) return settle(flow, request, leg, {.status = 400, .phrase = "Bad Signal"}, io);
    settle(flow, request, leg, {.status = 200}, io);
    if (std::holds_alternative<Established>(leg.state)) {
        io.effects.push_back(KeyPressed{.leg = leg.id, .key = *key});
    }
}

}  // namespace escucha::sip
