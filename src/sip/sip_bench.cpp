// CPU of whole calls through the Stack on a virtual clock: INVITE, 100, 180, 200, ACK, BYE, 200,
// with the peer's messages ready-made, the transactions' 32 s included.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "sip/detail/harness.h"
#include "sip/detail/message.h"

using namespace escucha;
using namespace escucha::sip;
using namespace escucha::sip::detail;

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void incoming_calls(int count, int calls_per_second, bool is_tracing) {
    Settings settings = test_settings();
    settings.is_tracing = is_tracing;
    Harness h{settings};
    std::size_t most = 0;
    const double start = cpu_seconds();
    for (int i = 0; i < count; ++i) {
        TestRequest request;
        const std::string number = std::to_string(i);
        request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK" + number + ";rport";
        request.call_id = number + "@198.51.100.7";
        request.body = kOffer;
        h.receive(request.text());
        LegId leg;
        for (const Effect& effect : h.effects) {
            if (const auto* call = std::get_if<Incoming>(&effect)) leg = call->leg;
        }
        h.effects.clear();
        static_cast<void>(h.stack.ring(leg, 180, std::nullopt, h.now, h.effects));
        h.effects.clear();
        static_cast<void>(h.stack.answer(leg, kAnswer, h.now, h.effects));
        request.to = header(std::get<Send>(h.effects.back()).bytes, "To");
        request.method = "ACK";
        request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa" + number + ";rport";
        request.body.clear();
        h.receive(request.text());
        request.method = "BYE";
        request.cseq = 2;
        request.via = "SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKb" + number + ";rport";
        h.receive(request.text());
        h.effects.clear();
        most = std::max(most, h.stack.gauges().transactions);
        h.advance(Duration{1'000'000 / calls_per_second});
        h.effects.clear();
    }
    const double spent = cpu_seconds() - start;
    std::printf(
        "incoming calls: %d at %d/s, tracing %s: %.1f us CPU a call (peer's text included), "
        "%zu transactions at most, %zu timers\n",
        count,
        calls_per_second,
        is_tracing ? "on" : "off",
        spent * 1e6 / count,
        most,
        h.stack.gauges().timers);
}

void parses(int count) {
    TestRequest request;
    request.body = kOffer;
    const std::string text = request.text();
    std::string buffer;
    Message message;
    const Limits limits;
    const double start = cpu_seconds();
    for (int i = 0; i < count; ++i) {
        buffer = text;
        if (parse(buffer, limits, message).kind != Verdict::Ok) std::abort();
    }
    std::printf("parse of an INVITE of %zu bytes: %.2f us\n",
                text.size(),
                (cpu_seconds() - start) * 1e6 / count);
}

}  // namespace

int main() {
    parses(200'000);
    incoming_calls(50'000, 1000, false);
    incoming_calls(50'000, 1000, true);
    incoming_calls(200'000, 4000, false);
    return 0;
}
