#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sip/detail/digest.h"
#include "sip/stack.h"

/// For tests and benchmarks: a Stack on a virtual clock, and a peer that writes text.
namespace escucha::sip::detail {

inline Settings test_settings() {
    Settings settings;
    for (std::size_t i = 0; i < settings.secret.size(); ++i) {
        settings.secret[i] = static_cast<std::uint8_t>(i * 7 + 1);
    }
    return settings;
}

inline Flow udp_flow(std::string_view remote, std::string_view local = "192.0.2.100:5060") {
    return {.transport = Transport::Udp,
            .remote = *Address::parse(remote),
            .local = *Address::parse(local)};
}

inline Credentials credentials(std::string username,
                               std::string_view password,
                               std::string realm = "escucha") {
    const std::string text = username + ":" + realm + ":" + std::string{password};
    return {.username = std::move(username),
            .realm = std::move(realm),
            .ha1_md5 = hash_hex(Algorithm::Md5, text),
            .ha1_sha256 = hash_hex(Algorithm::Sha256, text)};
}

inline const std::string kOffer =
    "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\n";
inline const std::string kAnswer =
    "v=0\r\no=- 9 1 IN IP4 192.0.2.100\r\ns=-\r\nc=IN IP4 192.0.2.100\r\nt=0 0\r\n"
    "m=audio 6000 RTP/AVP 0\r\n";

/// A request as a peer on UDP would write it. Tests change the public fields.
struct TestRequest {
    std::string method = "INVITE";
    std::string uri = "sip:100@192.0.2.100";
    std::string via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKone;rport";
    std::string from = "\"Ana\" <sip:+34600123456@198.51.100.7>;tag=caller";
    std::string to = "<sip:100@192.0.2.100>";
    std::string call_id = "call-1@198.51.100.7";
    unsigned cseq = 1;
    std::string contact = "<sip:ana@198.51.100.7:5060>";
    std::string extra;  ///< Whole lines.
    std::string body;

    [[nodiscard]] std::string text() const {
        std::string out = method + " " + uri + " SIP/2.0\r\nVia: " + via + "\r\n";
        if (extra.find("Max-Forwards") == std::string::npos) out += "Max-Forwards: 70\r\n";
        out += "From: " + from + "\r\nTo: " + to + "\r\nCall-ID: " + call_id + "\r\n";
        out += "CSeq: " + std::to_string(cseq) + " " + method + "\r\n";
        if (!contact.empty()) out += "Contact: " + contact + "\r\n";
        out += extra;
        if (!body.empty()) out += "Content-Type: application/sdp\r\n";
        return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
};

/// The caller's next request, inside the dialog that the To of our answer names.
inline TestRequest inside(std::string method, const std::string& to, unsigned cseq) {
    TestRequest request;
    request.method = std::move(method);
    request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK" + request.method +
                  std::to_string(cseq) + ";rport";
    request.to = to;
    request.cseq = cseq;
    return request;
}

inline std::string header(std::string_view message, std::string_view name) {
    const std::string mark = "\r\n" + std::string{name} + ": ";
    const std::size_t at = message.find(mark);
    if (at == std::string_view::npos) return {};
    const std::size_t start = at + mark.size();
    return std::string{message.substr(start, message.find("\r\n", start) - start)};
}

inline std::string first_line(std::string_view message) {
    return std::string{message.substr(0, message.find("\r\n"))};
}

/// The peer's answer to a request we sent.
inline std::string response_to(std::string_view request,
                               int status,
                               std::string_view to_tag,
                               std::string_view extra = {},
                               std::string_view body = {}) {
    std::string out = "SIP/2.0 " + std::to_string(status) + " X\r\nVia: " + header(request, "Via");
    out += "\r\nFrom: " + header(request, "From") + "\r\nTo: " + header(request, "To");
    if (!to_tag.empty() && header(request, "To").find(";tag=") == std::string::npos) {
        out += ";tag=" + std::string{to_tag};
    }
    out += "\r\nCall-ID: " + header(request, "Call-ID") + "\r\nCSeq: " + header(request, "CSeq");
    out += "\r\n" + std::string{extra};
    if (!body.empty()) out += "Content-Type: application/sdp\r\n";
    return out + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

class Harness {
public:
    explicit Harness(Settings settings = test_settings())
        : stack_settings{std::move(settings)}, stack{stack_settings, rng} {
        stack.set_trunks({{.id = trunk,
                           .sources = {*AddressRange::parse("198.51.100.0/24")},
                           .credentials = {},
                           .is_identity_trusted = true}});
    }

    void receive(std::string_view text) { receive(text, peer); }
    void receive(std::string_view text, const Flow& flow) {
        stack.receive(flow, as_bytes(text), now, effects);
    }
    /// Moves the clock in steps of the Stack's own wake-ups.
    void advance(Duration duration) {
        const Instant end = now.mono + duration;
        while (true) {
            const auto next = stack.next_wakeup();
            if (!next || *next > end) break;
            step_to(std::max(*next, now.mono));
            stack.wake(now, effects);
        }
        step_to(end);
        stack.wake(now, effects);
    }
    /// Takes out the effects of one kind, in order; the others stay.
    template <typename T>
    std::vector<T> take() {
        std::vector<T> taken;
        Effects rest;
        for (Effect& effect : effects) {
            if (auto* wanted = std::get_if<T>(&effect)) {
                taken.push_back(std::move(*wanted));
            } else {
                rest.push_back(std::move(effect));
            }
        }
        effects = std::move(rest);
        return taken;
    }
    /// The start lines sent since the last look.
    std::vector<std::string> sent_lines() {
        std::vector<std::string> lines;
        for (const Send& send : take<Send>()) lines.push_back(first_line(send.bytes));
        return lines;
    }
    /// A call from the trunk up to `Incoming`; its effects are consumed.
    Incoming incoming(TestRequest request = {}) {
        if (request.body.empty()) request.body = kOffer;
        receive(request.text());
        auto calls = take<Incoming>();
        effects.clear();
        return calls.empty() ? Incoming{} : calls.front();
    }

    Rng rng{42};
    Settings stack_settings;
    Stack stack;
    TrunkId trunk{Uuid{.high = 1, .low = 1}};
    Flow peer = udp_flow("198.51.100.7:5060");
    Now now{.mono = Instant{std::chrono::seconds{1000}},
            .wall = WallTime{std::chrono::seconds{1'800'000'000}}};
    Effects effects;

private:
    void step_to(Instant instant) {
        now.wall += instant - now.mono;
        now.mono = instant;
    }
};

}  // namespace escucha::sip::detail
